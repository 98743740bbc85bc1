import path from "node:path";
import * as vscode from "vscode";
import type { Waiting } from "../../app/session/waiting";
import type { UnseenEnd } from "../../app/session/unseen-ends";
import { internalIds } from "../ids";
import { RowGuard } from "../trees/row-guard";
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

/** What a row is about: something that waits, or an end that nobody saw. */
export type InboxRow = InboxEntry | UnseenEnd;

/** Identifies a row, with what a click on it shows. */
function rowOf(row: InboxRow): string {
  return "waiting" in row
    ? `${row.controller.directory} ${row.waiting.about}`
    : `${row.directory} ${row.word}`;
}

/** The view "Needs you". A click shows the question but answers nothing. */
export class InboxTree implements vscode.TreeDataProvider<InboxRow> {
  readonly onDidChangeTreeData: vscode.Event<void>;
  readonly #inbox: Inbox;
  readonly #guard = new RowGuard();

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
    this.onDidChangeTreeData = inbox.onDidChange;
  }

  getTreeItem(row: InboxRow): vscode.TreeItem {
    const item = "waiting" in row ? waitingItem(row) : endItem(row);
    item.id = rowOf(row);
    item.command = { command: internalIds.showWaiting, title: "Show", arguments: [row] };
    return item;
  }

  /** Whether a press on the row now counts. */
  takes(row: InboxRow): boolean {
    return this.#guard.takes(rowOf(row));
  }

  getChildren(row?: InboxRow): InboxRow[] {
    if (row !== undefined) return [];
    const rows = [...this.#inbox.entries, ...this.#inbox.ends];
    this.#guard.shows(rows.map(rowOf));
    return rows;
  }
}

function waitingItem({ waiting, controller, name, since }: InboxEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  const [icon, color] = icons[waiting.kind];
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
  return item;
}

/** A session that ended while nobody looked; a look at it removes the row. */
function endItem({ flow, word, sentence, directory }: UnseenEnd): vscode.TreeItem {
  const item = new vscode.TreeItem(flow, vscode.TreeItemCollapsibleState.None);
  item.description = word;
  item.iconPath = new vscode.ThemeIcon("bell");
  item.contextValue = "ended";
  item.tooltip = [sentence, path.basename(directory)].join("\n");
  item.accessibilityInformation = { label: sentence };
  return item;
}
