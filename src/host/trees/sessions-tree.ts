import * as vscode from "vscode";
import { openSnapshot } from "../../app/session/snapshot";
import { provenOfSnapshot } from "../../app/session/proven";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { sessionSize } from "../../app/session/housekeeping";
import { sessionWords } from "../../engine/view/session-label";
import { sizeText } from "../history/size-text";
import { commandIds } from "../ids";
import { RowGuard } from "./row-guard";
import type { ListedSession, SessionRegistry } from "../session/session-registry";

const icons: Readonly<Record<ListedSession["status"], readonly [icon: string, color: string | undefined]>> = {
  not_started: ["circle-large-outline", undefined],
  running: ["sync~spin", undefined],
  waiting: ["bell-dot", "notificationsWarningIcon.foreground"],
  interrupted: ["debug-disconnect", "notificationsWarningIcon.foreground"],
  paused: ["debug-pause", undefined],
  failed: ["error", "notificationsErrorIcon.foreground"],
  completed: ["pass-filled", "testing.iconPassed"],
  stopped: ["circle-slash", undefined],
  unreadable: ["warning", "notificationsErrorIcon.foreground"],
};

/** A session, as a row. */
export class SessionItem extends vscode.TreeItem {
  constructor(
    readonly session: ListedSession,
    shown: boolean,
  ) {
    super(session.title ?? session.flow, vscode.TreeItemCollapsibleState.None);
    const { status, startedAt, openable, foreign } = session;
    const [icon, color] = icons[status];
    this.id = session.path;
    this.description = `${timeText(startedAt)} · ${sessionWords[status]}${foreign === true ? " · from elsewhere" : ""}${shown ? " · shown" : ""}`;
    this.iconPath = new vscode.ThemeIcon(
      icon,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
    this.contextValue = `session ${status}`;
    // Without it, a screen reader would read the tooltip.
    this.accessibilityInformation = { label: `${session.title ?? session.flow}, ${this.description}` };
    if (openable)
      this.command = { command: commandIds.openSession, title: "Open Session", arguments: [this] };
  }
}

export function timeText(iso: string): string {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? time : `${date.toLocaleDateString()} ${time}`;
}

/** Identifies a row, with what its actions mean: they depend on the session's status. */
function rowOf({ session: { path, status } }: SessionItem): string {
  return `${path} ${status}`;
}

/** The sessions of the open folders, newest first. */
export class SessionsTree implements vscode.TreeDataProvider<SessionItem> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  #seen = "";
  readonly #guard = new RowGuard();
  readonly #sessions: SessionRegistry;

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
    sessions.onDidChange((changed) => {
      // A running session's events change nothing here; its status does.
      const seen = `${sessions.current?.directory ?? ""} ${sessions.open.map(({ label, holder, directory }) => `${directory} ${label} ${holder}`).join()}`;
      if (changed !== undefined && seen === this.#seen) return;
      this.#seen = seen;
      this.#changed.fire();
    });
  }

  getTreeItem(item: SessionItem): vscode.TreeItem {
    return item;
  }

  /** Reads from the disk only when the pointer is on the row. */
  async resolveTreeItem(item: vscode.TreeItem): Promise<vscode.TreeItem> {
    if (!(item instanceof SessionItem)) return item;
    const { path, id, title, status, events, problem } = item.session;
    const size = await sessionSize(nodeEnvironment, path).catch(() => undefined);
    const proven =
      status === "running"
        ? []
        : await openSnapshot(path)
            .then(provenOfSnapshot)
            .catch(() => []);
    item.tooltip = [
      ...(title === undefined ? [] : [title]),
      id,
      `${sessionWords[status]}, ${events} events`,
      ...(size === undefined
        ? []
        : [`${sizeText(size.ownBytes + size.blobBytes)} on the disk, shared contents included`]),
      ...proven,
      ...(problem === undefined ? [] : [problem]),
    ].join("\n");
    return item;
  }

  async getChildren(item?: SessionItem): Promise<SessionItem[]> {
    if (item !== undefined) return [];
    const { current } = this.#sessions;
    const items = (await this.#sessions.list()).map(
      (session) => new SessionItem(session, session.path === current?.directory),
    );
    this.#guard.shows(items.map(rowOf));
    return items;
  }

  /** Whether a press on the row now counts. */
  takes(item: SessionItem): boolean {
    return this.#guard.takes(rowOf(item));
  }
}
