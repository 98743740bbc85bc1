import path from "node:path";
import * as vscode from "vscode";
import type { ReviewRow } from "../../app/artifact/review-rows";
import type { ArtifactView } from "../../engine/view/session-view";
import { commandIds } from "../ids";
import type { SessionController } from "../../app/session/controller";
import type { ArtifactChoice } from "../artifacts/artifact-choice";
import type { ReviewModel } from "../artifacts/review-model";
import type { SessionRegistry } from "../session/session-registry";
import { grouped } from "../../engine/model/grouped";

const changeIcons = {
  added: ["diff-added", "gitDecoration.addedResourceForeground"],
  changed: ["diff-modified", "gitDecoration.modifiedResourceForeground"],
  deleted: ["diff-removed", "gitDecoration.deletedResourceForeground"],
  renamed: ["diff-renamed", "gitDecoration.renamedResourceForeground"],
} as const;
const stateIcons: Readonly<Record<string, readonly [string, string]>> = {
  accepted: ["check", "testing.iconPassed"],
  partly: ["circle-large-filled", "charts.yellow"],
  rejected: ["close", "disabledForeground"],
  conflict: ["warning", "list.warningForeground"],
  unchecked: ["question", "list.warningForeground"],
};

/** How the rows are grouped. */
export const groupings = ["none", "folder", "step", "role"] as const;
export type Grouping = (typeof groupings)[number];

/** A file that the team proposes, as a row. */
export class ArtifactItem extends vscode.TreeItem {
  constructor(
    readonly choice: ArtifactChoice,
    row: ReviewRow | undefined,
    isInFolder: boolean,
    isOwn = false,
  ) {
    const { path: file, change, decision, step, content, open, reason, renamedFrom } = choice.artifact;
    const name = renamedFrom === undefined ? file : `${renamedFrom} → ${file}`;
    super(isInFolder && renamedFrom === undefined ? path.posix.basename(file) : name);
    const state = row?.state ?? (decision === "pending" ? "proposed" : decision);
    const special = state === "proposed" || state === decision ? "" : state;
    const counts =
      row === undefined ? "" : row.text === undefined ? "binary" : `+${row.added} −${row.removed}`;
    const words = [
      decision === "pending" ? change : `${change}, ${decision}`,
      special,
      row?.makesExecutable === true ? "executable" : "",
      isOwn ? "your version" : "",
      counts,
    ];
    this.id = `${choice.controller.directory} ${file}`;
    this.description = words.filter((word) => word !== "").join(" · ");
    const [icon, color] = stateIcons[state] ?? changeIcons[change];
    this.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
    const isOpen = decision === "pending" || open === true;
    this.contextValue = `artifact ${state === "conflict" ? "conflict" : decision === "partly" ? (isOpen ? "partly open" : "partly") : decision}`;
    const size = content === null ? "" : `, ${grouped(content.bytes)} bytes`;
    const about = [
      name,
      `${change} by ${step}${row === undefined || row.role === "" ? "" : ` (${row.role})`}${size}`,
      row?.renamedFrom === undefined || renamedFrom !== undefined
        ? ""
        : `like ${row.renamedFrom}, which is deleted`,
      explain(state, isOpen),
      row?.isUnchecked === true && state !== "unchecked" ? "Written after the last check that passed." : "",
      row?.makesExecutable === true ? "The file may be executed once you accept this." : "",
      isOwn ? "You have a version of your own; accepting takes that." : "",
      reason === undefined ? "" : `Reason: ${reason}`,
      row?.denied?.message ?? "",
    ];
    this.tooltip = about.filter((line) => line !== "").join("\n");
    const lines =
      row === undefined || row.text === undefined ? "" : `, ${row.added} lines added, ${row.removed} removed`;
    this.accessibilityInformation = {
      label: `${renamedFrom === undefined ? file : `${renamedFrom} to ${file}`}, ${change}, ${decision}${special === "" ? "" : `, ${special}`}${row?.makesExecutable === true ? ", executable" : ""}${isOwn ? ", your version" : ""}${lines}`,
    };
    this.command = { command: commandIds.reviewArtifacts, title: "Open Changes", arguments: [this] };
  }
}

function explain(state: string, isOpen: boolean): string {
  switch (state) {
    case "stale":
      return "The project has changed since; both changes can be merged.";
    case "conflict":
      return "The project has changed at the same lines: solve the conflict, or reject it.";
    case "unchecked":
      return "Written after the last check that passed.";
    case "partly":
      return isOpen ? "Some of it is decided; the rest waits for you." : "Some of it is in the project.";
    case "proposed":
      return "waits for your decision";
    default:
      return state;
  }
}

/** A group of files, as a row above them. */
export class GroupItem extends vscode.TreeItem {
  constructor(
    readonly name: string,
    readonly choices: readonly ArtifactChoice[],
    grouping: Grouping,
  ) {
    super(name, vscode.TreeItemCollapsibleState.Expanded);
    this.id = `group ${grouping} ${name}`;
    const open = choices.filter(
      ({ artifact }) => artifact.decision === "pending" || artifact.open === true,
    ).length;
    this.description = open === 0 ? "decided" : `${open} to review`;
    this.iconPath = new vscode.ThemeIcon(
      { folder: "folder", step: "list-ordered", role: "person", none: "files" }[grouping],
    );
    this.contextValue = `group ${open === 0 ? "decided" : "open"}`;
    this.accessibilityInformation = { label: `${grouping} ${name}, ${this.description}` };
  }
}

type Node = ArtifactItem | GroupItem;

/** How long a row stays in place after a decision, in milliseconds. */
const holdMs = 3000;
const groupingKey = "orket.artifacts.grouping";

/** The artifacts of the current session: those that wait for a decision come first. */
export class ArtifactsTree implements vscode.TreeDataProvider<Node> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #memory: vscode.Memento;
  #shown = "";
  #order: { of: string; paths: readonly string[]; until: number } = { of: "", paths: [], until: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(sessions: SessionRegistry, model: ReviewModel, memory: vscode.Memento) {
    this.#sessions = sessions;
    this.#model = model;
    this.#memory = memory;
    sessions.onDidChange(() => {
      const now = keyOf(sessions.current);
      if (now === this.#shown) return;
      this.#shown = now;
      this.#hold();
      this.#changed.fire();
    });
    model.onDidChange(() => this.#changed.fire());
  }

  get grouping(): Grouping {
    return this.#memory.get<Grouping>(groupingKey, "none");
  }

  async pickGrouping(): Promise<void> {
    const names: Record<Grouping, string> = {
      none: "No groups",
      folder: "By folder",
      step: "By step",
      role: "By role",
    };
    const items = groupings.map((grouping) => ({
      label: names[grouping],
      description: grouping === this.grouping ? "now" : "",
      grouping,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: "How are the artifacts grouped?",
    });
    if (picked === undefined) return;
    await this.#memory.update(groupingKey, picked.grouping);
    this.#changed.fire();
  }

  /** A decided row stays in place for a moment, so that a second click does not hit its neighbour. */
  #hold(): void {
    this.#order = { ...this.#order, until: Date.now() + holdMs };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), holdMs);
  }

  getTreeItem(item: Node): vscode.TreeItem {
    return item;
  }

  getChildren(item?: Node): Node[] {
    const { current } = this.#sessions;
    if (current === undefined || item instanceof ArtifactItem) return [];
    const { grouping } = this;
    if (item !== undefined) return item.choices.map((choice) => this.#item(choice, grouping === "folder"));
    this.#shown = keyOf(current);
    const choices = this.#ordered(current).map((artifact) => this.#choice(current, artifact));
    if (grouping === "none") return choices.map((choice) => this.#item(choice, false));
    const groups = new Map<string, ArtifactChoice[]>();
    for (const choice of choices) {
      const name = this.#groupOf(choice, grouping);
      groups.set(name, [...(groups.get(name) ?? []), choice]);
    }
    return [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, members]) => new GroupItem(name, members, grouping));
  }

  #item(choice: ArtifactChoice, isInFolder: boolean): ArtifactItem {
    const { controller, artifact } = choice;
    const row = this.#model.rowOf(controller, artifact.path);
    return new ArtifactItem(choice, row, isInFolder, this.#model.hasVersion(controller, artifact.path));
  }

  #choice(controller: SessionController, artifact: ArtifactView): ArtifactChoice {
    const row = this.#model.rowOf(controller, artifact.path);
    return { controller, artifact, ...(row?.open === true ? { shown: row.offer.shown } : {}) };
  }

  #groupOf({ artifact, controller }: ArtifactChoice, grouping: Grouping): string {
    if (grouping === "folder") return path.posix.dirname(artifact.path);
    if (grouping === "step") return artifact.step;
    const role = this.#model.rowOf(controller, artifact.path)?.role;
    return role === undefined || role === "" ? "?" : role;
  }

  #ordered(current: SessionController): ArtifactView[] {
    const { artifacts } = current.view;
    const known = new Map(artifacts.map((artifact) => [artifact.path, artifact]));
    const { of, paths, until } = this.#order;
    const isSame =
      of === current.directory && paths.length === known.size && paths.every((one) => known.has(one));
    if (!isSame || Date.now() >= until) {
      const rank = ({ decision, open }: ArtifactView): number =>
        decision === "pending" || open === true ? 0 : 1;
      const sorted = [...artifacts].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
      this.#order = { of: current.directory, paths: sorted.map((artifact) => artifact.path), until };
    }
    return this.#order.paths.flatMap((one) => known.get(one) ?? []);
  }
}

function keyOf(controller: SessionController | undefined): string {
  return controller === undefined
    ? ""
    : `${controller.directory} ${JSON.stringify(controller.view.artifacts)}`;
}
