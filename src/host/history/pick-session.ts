import path from "node:path";
import * as vscode from "vscode";
import { commandIds } from "../ids";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import { sessionWords } from "../../engine/view/session-label";
import { SessionItem, timeText } from "../trees/sessions-tree";

/** A session's display name. */
export function nameOf({ title, flow }: ListedSession): string {
  return title ?? flow;
}

/** The folder that contains the session's project. */
export function workDomainOf(session: ListedSession): string {
  return path.dirname(path.dirname(path.dirname(session.path)));
}

/** Which sessions to offer, and what to say when there are none. */
export interface Wanted {
  readonly fits: (session: ListedSession) => boolean;
  readonly none: string;
}

const openable: Wanted = {
  fits: (session) => session.openable,
  none: "There is no session yet: every run of a Flow makes one.",
};

/** All sessions, including unreadable ones. */
export const anySession: Wanted = { ...openable, fits: () => true };

/**
 * The given session: the tree's row, or the one that the user picks.
 * @returns undefined when the user cancelled, or when there is none, which is reported.
 */
export async function pickSession(
  sessions: SessionRegistry,
  target: unknown,
  question: string,
  { fits, none }: Wanted = openable,
): Promise<ListedSession | undefined> {
  if (target instanceof SessionItem) return target.session;
  const listed = (await sessions.list()).filter(fits);
  if (listed.length === 0) {
    const run = "Run Flow";
    const answer = await vscode.window.showInformationMessage(none, run);
    if (answer === run) await vscode.commands.executeCommand(commandIds.runFlow);
    return undefined;
  }
  const current = sessions.current?.directory;
  const items = listed.map((session) => ({
    label: nameOf(session),
    description: [timeText(session.startedAt), sessionWords[session.status]].join(" · "),
    detail: session.path === current ? `${session.id}, shown in the conductor view` : session.id,
    session,
  }));
  items.sort((a, b) => Number(b.session.path === current) - Number(a.session.path === current));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Orket",
    placeHolder: question,
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.session;
}
