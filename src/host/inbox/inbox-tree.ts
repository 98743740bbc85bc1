import path from "node:path";
import * as vscode from "vscode";
import type { Waiting } from "../../app/session/waiting";
import { internalIds } from "../ids";
import { timeText } from "../trees/sessions-tree";
import type { Inbox, InboxEntry } from "./inbox";

const icons: Readonly<Record<Waiting["kind"], readonly [icon: string, color: string]>> = {
  question: ["bell-dot", "notificationsWarningIcon.foreground"],
  failure: ["error", "notificationsErrorIcon.foreground"],
  suggestion: ["lightbulb", "notificationsInfoIcon.foreground"],
  limit: ["warning", "notificationsWarningIcon.foreground"],
  drift: ["pulse", "notificationsWarningIcon.foreground"],
  interrupted: ["debug-disconnect", "notificationsWarningIcon.foreground"],
};

/** The view "Needs you". A click shows the question but answers nothing. */
export class InboxTree implements vscode.TreeDataProvider<InboxEntry> {
  readonly onDidChangeTreeData: vscode.Event<void>;
  readonly #inbox: Inbox;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
    this.onDidChangeTreeData = inbox.onDidChange;
  }

  getTreeItem(entry: InboxEntry): vscode.TreeItem {
    const { waiting, controller, name, since } = entry;
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
    const [icon, color] = icons[waiting.kind];
    item.id = `${controller.directory} ${waiting.about}`;
    item.description = `${waiting.text} · since ${timeText(since)}`;
    item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
    item.contextValue = `waiting ${waiting.kind}`;
    item.tooltip = [
      name,
      waiting.text,
      `Waiting since ${timeText(since)}`,
      controller.id,
      path.basename(controller.workDomain),
    ].join("\n");
    item.accessibilityInformation = { label: `${name}: ${item.description}` };
    item.command = { command: internalIds.showWaiting, title: "Show", arguments: [entry] };
    return item;
  }

  getChildren(entry?: InboxEntry): InboxEntry[] {
    return entry === undefined ? [...this.#inbox.entries] : [];
  }
}
