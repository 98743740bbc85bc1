import * as vscode from "vscode";
import type { Mesh, MeshNodeView, MeshView } from "../../adapters/provider/mesh/mesh";
import type { MeshPool } from "../../adapters/provider/mesh/mesh-pool";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { VenueFile } from "../../engine/model/venue";

const icons: Readonly<Record<MeshNodeView["state"], readonly [icon: string, color?: string]>> = {
  up: ["vm-active", "testing.iconPassed"],
  down: ["vm-outline", "list.errorForeground"],
  draining: ["vm-connect", "list.warningForeground"],
  unknown: ["vm"],
};

const stateWords: Readonly<Record<MeshNodeView["state"], string>> = {
  up: "up",
  down: "down",
  draining: "drained",
  unknown: "not asked yet",
};

/** A machine of a mesh, as a row below its Venue. */
export class MeshNodeItem extends vscode.TreeItem {
  constructor(
    readonly mesh: Mesh,
    readonly node: MeshNodeView,
    parent: string,
  ) {
    super(node.name, vscode.TreeItemCollapsibleState.None);
    const { state, busy, slots, failures } = node;
    const [icon, color] = icons[state];
    const last = failures.at(-1);
    this.id = `${parent} ${node.name}`;
    this.iconPath = new vscode.ThemeIcon(
      icon,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
    this.description = [
      stateWords[state],
      `${busy.length} of ${slots} busy`,
      ...busy.map(({ step, model }) => `${step} on ${model}`),
      ...(state === "down" && last !== undefined ? [last.message] : []),
    ].join(" · ");
    this.contextValue = state === "draining" ? "meshNode drained" : "meshNode";
    this.tooltip = tooltipOf(node);
    this.accessibilityInformation = { label: `${node.name}, node, ${this.description}` };
  }
}

function tooltipOf(node: MeshNodeView): string {
  const { state, provider, endpoint, runtime, latencyMs, models, busy, failures, nextCheckMs } = node;
  const time = (ms: number): string => new Date(ms).toLocaleTimeString();
  return [
    `${node.name}: ${stateWords[state]}`,
    `${provider} at ${endpoint}`,
    ...(runtime === undefined ? [] : [runtime]),
    ...(latencyMs === undefined ? [] : [`answers in ${Math.max(1, Math.round(latencyMs))} ms`]),
    ...(models.length === 0
      ? []
      : [
          `models: ${models.map(({ name, loaded }) => (loaded === true ? `${name} (loaded)` : name)).join(", ")}`,
        ]),
    ...busy.map(
      ({ session, step, model, sinceMs }) => `since ${time(sinceMs)}: ${step} on ${model} (${session})`,
    ),
    ...failures.slice(-3).map(({ atMs, message }) => `${time(atMs)}: ${message}`),
    ...(nextCheckMs === undefined ? [] : [`asked again at ${time(nextCheckMs)}`]),
  ].join("\n");
}

/** Calls that wait for a node, as a row. */
function queueItem({ queued }: MeshView, parent: string): vscode.TreeItem[] {
  if (queued.length === 0) return [];
  const item = new vscode.TreeItem(`${queued.length} waiting for a node`);
  item.id = `${parent} queue`;
  item.iconPath = new vscode.ThemeIcon("watch");
  item.tooltip = queued.map(({ step, model, session }) => `${step} on ${model} (${session})`).join("\n");
  return [item];
}

/** The meshes that the Library shows; their nodes are asked from time to time only while somebody looks. */
export class MeshRows implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watching = new Map<string, { readonly mesh: Mesh; readonly stop: () => void }>();
  #visible = false;
  #shown = "";
  #timer: NodeJS.Timeout | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly pool: MeshPool,
    private readonly deps: Pick<ProviderDeps, "resolveSecret" | "fetch">,
  ) {}

  /** The rows below a Venue, by the row's id. */
  rows(id: string, { nodes = [] }: VenueFile): vscode.TreeItem[] {
    const mesh = this.pool.mesh(nodes, this.deps);
    this.#watch(id, mesh);
    const view = mesh.snapshot();
    return [...view.nodes.map((node) => new MeshNodeItem(mesh, node, id)), ...queueItem(view, id)];
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    if (!visible) this.#stop();
    // Asking for the rows again begins to watch again.
    else this.#changed.fire();
  }

  /** The row was closed. */
  closed(id: string): void {
    this.#watching.get(id)?.stop();
    this.#watching.delete(id);
  }

  dispose(): void {
    this.#stop();
    clearTimeout(this.#timer);
    this.#changed.dispose();
  }

  #watch(id: string, mesh: Mesh): void {
    if (this.#watching.get(id)?.mesh === mesh || !this.#visible || !vscode.workspace.isTrusted) return;
    this.closed(id);
    this.#watching.set(id, { mesh, stop: mesh.watch(() => this.#soon()) });
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A check that found nothing new must not replace rows under somebody's pointer.
      const shown = this.#signature();
      if (this.#visible && shown !== this.#shown) this.#changed.fire();
      this.#shown = shown;
    }, 250);
  }

  #signature(): string {
    const views = [...this.#watching.values()].map(({ mesh }) => mesh.snapshot());
    return JSON.stringify(
      views.map(({ nodes, queued }) => [
        nodes.map(({ state, busy, failures, models }) => [state, busy, failures.at(-1)?.message, models]),
        queued,
      ]),
    );
  }

  #stop(): void {
    for (const { stop } of this.#watching.values()) stop();
    this.#watching.clear();
  }
}
