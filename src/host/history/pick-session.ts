import path from "node:path";
import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import { SessionItem, statusWords, timeText } from "../session/sessions-tree";

/** What a session is called for people. */
export function nameOf({ title, flow }: ListedSession): string {
  return title ?? flow;
}

/** The folder that the session's project lies in. */
export function workDomainOf(session: ListedSession): string {
  return path.dirname(path.dirname(path.dirname(session.path)));
}

/** The session that was meant: the tree's row, or the one that a person picks. */
export async function pickSession(
  sessions: SessionRegistry,
  target: unknown,
  question: string,
  fits: (session: ListedSession) => boolean = ({ openable }) => openable,
): Promise<ListedSession | undefined> {
  if (target instanceof SessionItem) return target.session;
  const listed = (await sessions.list()).filter(fits);
  if (listed.length === 0) {
    throw new OrketError("session_not_found", "There is no session for that.", { mend: "Run a Flow first." });
  }
  const current = sessions.current?.directory;
  const items = listed.map((session) => ({
    label: nameOf(session),
    description: [timeText(session.startedAt), statusWords[session.status]].join(" · "),
    detail: session.path === current ? `${session.id}, shown in the conductor view` : session.id,
    session,
  }));
  items.sort((a, b) => Number(b.session.path === current) - Number(a.session.path === current));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Orket",
    placeHolder: question,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.session;
}
