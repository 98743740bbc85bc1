import type { Mesh } from "../../adapters/provider/mesh/mesh";

/** Changes that come within so many milliseconds are told at once. */
const quietMs = 250;

interface OpenRow {
  readonly mesh: Mesh;
  /** What of the mesh the row shows. */
  shown: string;
  /** Present while its nodes are asked from time to time. */
  stop: (() => void) | undefined;
}

/** The rows whose meshes' nodes are asked from time to time: those that are open, while somebody looks. */
export class MeshWatch {
  readonly #rows = new Map<string, OpenRow>();
  #looking = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #changed: (id: string) => void;

  /** `changed` is told the id of a row that shows something else now and is to be drawn again. */
  constructor(changed: (id: string) => void) {
    this.#changed = changed;
  }

  isOpen(id: string): boolean {
    return this.#rows.has(id);
  }

  /** A row shows a mesh as it stands now. */
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

  /** Closes all other rows: they are gone. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.close(id);
  }

  /** Somebody looks at the rows, or nobody does any more. */
  look(looking: boolean): void {
    this.#looking = looking;
    for (const [id, row] of this.#rows) {
      if (looking) {
        // Being drawn again opens it again.
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
        // A check that found nothing new must not replace rows under somebody's pointer.
        const now = summaryOf(row.mesh);
        if (row.stop === undefined || now === row.shown) continue;
        row.shown = now;
        this.#changed(id);
      }
    }, quietMs);
  }
}

/** What the rows of a mesh show of it, without what changes at every check. */
function summaryOf(mesh: Mesh): string {
  const { nodes, queued } = mesh.snapshot();
  return JSON.stringify([
    nodes.map(({ state, busy, failures, models }) => [state, busy, failures.at(-1)?.message, models]),
    queued,
  ]);
}
