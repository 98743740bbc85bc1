import type { Mesh } from "../../adapters/provider/mesh/mesh";

/** Changes within this many milliseconds are reported together. */
const quietMs = 250;

interface OpenRow {
  readonly mesh: Mesh;
  /** The part of the mesh that the row shows. */
  shown: string;
  /** Present while its nodes are polled. */
  stop: (() => void) | undefined;
}

/** The rows whose mesh nodes are polled: those that are open, while the view is visible. */
export class MeshWatch {
  readonly #rows = new Map<string, OpenRow>();
  #looking = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #changed: (id: string) => void;

  /** `changed` receives the id of a row whose content has changed and must be redrawn. */
  constructor(changed: (id: string) => void) {
    this.#changed = changed;
  }

  isOpen(id: string): boolean {
    return this.#rows.has(id);
  }

  /** Records that a row shows the current state of a mesh. */
  open(id: string, mesh: Mesh): void {
    const known = this.#rows.get(id);
    if (known?.mesh !== mesh) this.close(id);
    const row = this.#rows.get(id) ?? { mesh, shown: "", stop: undefined };
    this.#rows.set(id, row);
    if (this.#looking) row.stop ??= mesh.watch(() => this.#soon());
    row.shown = summaryOf(mesh);
  }

  close(id: string): void {
    this.#rows.get(id)?.stop?.();
    this.#rows.delete(id);
  }

  /** Closes all other rows, which no longer exist. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.close(id);
  }

  /** Records whether the rows are visible. */
  look(looking: boolean): void {
    this.#looking = looking;
    for (const [id, row] of this.#rows) {
      if (looking) {
        // Redrawing opens it again.
        this.#changed(id);
      } else {
        row.stop?.();
        row.stop = undefined;
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.keep(new Set());
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const [id, row] of this.#rows) {
        // A check that found nothing new must not replace rows under the pointer.
        const now = summaryOf(row.mesh);
        if (row.stop === undefined || now === row.shown) continue;
        row.shown = now;
        this.#changed(id);
      }
    }, quietMs);
  }
}

/** What the rows of a mesh show, without the parts that change at every check. */
function summaryOf(mesh: Mesh): string {
  const { nodes, queued } = mesh.snapshot();
  return JSON.stringify([
    nodes.map(({ state, busy, failures, models }) => [state, busy, failures.at(-1)?.message, models]),
    queued,
  ]);
}
