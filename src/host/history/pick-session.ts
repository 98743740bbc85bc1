import path from "node:path";
import * as vscode from "vscode";
import { commandIds } from "../ids";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import { sessionWords } from "../../engine/view/session-label";
import { SessionItem, timeText } from "../trees/sessions-tree";

/** What a session is called for people. */
export function nameOf({ title, flow }: ListedSession): string {
  return title ?? flow;
}

/** The folder that the session's project lies in. */
export function workDomainOf(session: ListedSession): string {
  return path.dirname(path.dirname(path.dirname(session.path)));
}

/** Which sessions are asked about, and what is said when there is none. */
export interface Wanted {
  readonly fits: (session: ListedSession) => boolean;
  readonly none: string;
}

const openable: Wanted = {
  fits: (session) => session.openable,
  none: "There is no session yet: every run of a Flow makes one.",
};

/** All of them, those too that cannot be read. */
export const anySession: Wanted = { ...openable, fits: () => true };

/**
 * The session that was meant: the tree's row, or the one that a person picks.
 * @returns undefined when the person turned back, or there is none, which is said.
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
