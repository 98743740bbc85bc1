import * as vscode from "vscode";
import type { Mesh, MeshNodeView, MeshView } from "../../adapters/provider/mesh/mesh";
import type { MeshPool } from "../../adapters/provider/mesh/mesh-pool";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { VenueFile } from "../../engine/model/venue";
import { MeshWatch } from "./mesh-watch";

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

/** A row for the calls that wait for a node. */
function queueItem({ queued }: MeshView, parent: string): vscode.TreeItem[] {
  if (queued.length === 0) return [];
  const item = new vscode.TreeItem(`${queued.length} waiting for a node`);
  item.id = `${parent} queue`;
  item.iconPath = new vscode.ThemeIcon("watch");
  item.tooltip = queued.map(({ step, model, session }) => `${step} on ${model} (${session})`).join("\n");
  return [item];
}

/** The meshes that the Library shows; their nodes are polled only while the view is visible. */
export class MeshRows implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<string>();
  readonly #watch = new MeshWatch((id) => this.#changed.fire(id));
  /** Fires with the id of a row whose children have changed. */
  readonly onDidChange = this.#changed.event;
  readonly #pool: MeshPool;
  readonly #deps: Pick<ProviderDeps, "resolveSecret" | "fetch">;

  constructor(pool: MeshPool, deps: Pick<ProviderDeps, "resolveSecret" | "fetch">) {
    this.#pool = pool;
    this.#deps = deps;
  }

  /** The rows below a Venue, by the row's id. Its nodes are asked with their keys, so it must be a saved one. */
  rows(id: string, { nodes = [] }: VenueFile): vscode.TreeItem[] {
    const mesh = this.#pool.mesh(nodes, this.#deps);
    if (vscode.workspace.isTrusted) this.#watch.open(id, mesh);
    const view = mesh.snapshot();
    return [...view.nodes.map((node) => new MeshNodeItem(mesh, node, id)), ...queueItem(view, id)];
  }

  setVisible(visible: boolean): void {
    this.#watch.look(visible);
  }

  /** The row was opened: if it was open before, it still has its old, outdated rows. */
  opened(id: string): void {
    if (!this.#watch.isOpen(id)) this.#changed.fire(id);
  }

  /** The row was closed. */
  closed(id: string): void {
    this.#watch.close(id);
  }

  /** Closes all other rows: they were removed, or no longer have a mesh. */
  keep(ids: ReadonlySet<string>): void {
    this.#watch.keep(ids);
  }

  dispose(): void {
    this.#watch.dispose();
    this.#changed.dispose();
  }
}
