import * as vscode from "vscode";
import type { ArtifactView } from "../../engine/view/session-view";
import { commandIds } from "../ids";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";

const changeIcons = {
  added: ["diff-added", "gitDecoration.addedResourceForeground"],
  changed: ["diff-modified", "gitDecoration.modifiedResourceForeground"],
  deleted: ["diff-removed", "gitDecoration.deletedResourceForeground"],
} as const;
const decisionIcons = {
  pending: undefined,
  accepted: ["check", "testing.iconPassed"],
  partly: ["pass-filled", "charts.yellow"],
  rejected: ["close", "disabledForeground"],
} as const;

/** A file that the team proposes, as a row. */
export class ArtifactItem extends vscode.TreeItem {
  constructor(readonly choice: { readonly controller: SessionController; readonly artifact: ArtifactView }) {
    const { path, change, decision, step, content } = choice.artifact;
    super(path, vscode.TreeItemCollapsibleState.None);
    this.id = `${choice.controller.directory} ${path}`;
    this.description = decision === "pending" ? change : `${change}, ${decision}`;
    const [icon, color] = decisionIcons[decision] ?? changeIcons[change];
    this.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
    this.contextValue = `artifact ${decision}`;
    const size = content === null ? "" : `, ${content.bytes.toLocaleString("en")} bytes`;
    this.tooltip = `${path}\n${change} by ${step}${size}\n${decision === "pending" ? "waits for your decision" : decision}`;
    this.accessibilityInformation = { label: `${path}, ${change}, ${decision}` };
    this.command = { command: commandIds.reviewArtifacts, title: "Open Changes", arguments: [this] };
  }
}

/** The artifacts of the session shown: those that wait for a decision first. */
export class ArtifactsTree implements vscode.TreeDataProvider<ArtifactItem> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  #shown: readonly ArtifactView[] = [];
  readonly #sessions: SessionRegistry;

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
    sessions.onDidChange(() => {
      const artifacts = sessions.current?.view.artifacts ?? [];
      if (JSON.stringify(artifacts) === JSON.stringify(this.#shown)) return;
      this.#shown = artifacts;
      this.#changed.fire();
    });
  }

  getTreeItem(item: ArtifactItem): vscode.TreeItem {
    return item;
  }

  getChildren(item?: ArtifactItem): ArtifactItem[] {
    const { current } = this.#sessions;
    if (item !== undefined || current === undefined) return [];
    const { artifacts } = current.view;
    this.#shown = artifacts;
    const rank = ({ decision }: ArtifactView): number => (decision === "pending" ? 0 : 1);
    return [...artifacts]
      .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1))
      .map((artifact) => new ArtifactItem({ controller: current, artifact }));
  }
}
