import * as vscode from "vscode";
import { readSession } from "../../app/session/open";
import type { SeenSession } from "../../app/session/session";
import { compareSessions } from "../../engine/history/compare";
import type { StepComparison } from "../../engine/history/compare";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import { nameOf, pickSession } from "./pick-session";
import type { Reports } from "./reports";
import { stepText } from "./session-text";

interface Side {
  readonly id: string;
  readonly name: string;
  readonly seen: SeenSession;
}

/** Two sessions that are compared. */
export interface SessionPair {
  readonly left: Side;
  readonly right: Side;
  readonly rows: readonly StepComparison[];
  /** Which of them was read only as far as it is whole; empty: both are. */
  readonly damage: string;
}

/** Asks for another session, and reads both. @returns undefined when the user cancelled, or there is no other. */
export async function pickPair(
  sessions: SessionRegistry,
  first: ListedSession,
): Promise<SessionPair | undefined> {
  const others = {
    fits: ({ openable, path: place }: ListedSession) => openable && place !== first.path,
    none: `There is no other session to compare ${nameOf(first)} with: fork it, repeat it, or run a Flow again.`,
  };
  const question = `Compare ${nameOf(first)} with which session?`;
  const second = await pickSession(sessions, undefined, question, others);
  if (second === undefined) return undefined;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Comparing" },
    async () => {
      const [left, right] = await Promise.all([sideOf(first), sideOf(second)]);
      const rows = compareSessions(left.seen.events, right.seen.events);
      const damaged = [left, right].filter(({ seen }) => seen.problem !== undefined);
      const names = damaged.map(({ name }) => name).join(", ");
      return { left, right, rows, damage: names === "" ? "" : `Read as far as it is whole: ${names}. ` };
    },
  );
}

async function sideOf(session: ListedSession): Promise<Side> {
  return { id: session.id, name: nameOf(session), seen: await readSession(session.path) };
}

/** Opens steps of both sessions side by side. */
export async function showPair(
  reports: Reports,
  { left, right, rows }: SessionPair,
  chosen: readonly StepComparison[],
): Promise<void> {
  const text = async ({ seen }: Side, which: "left" | "right"): Promise<string> => {
    const texts = await Promise.all(
      chosen.map((row) =>
        stepText(row.key, row[which], seen.events, (content) =>
          seen.readText(content).catch((error: unknown) => `[${String(error)}]`),
        ),
      ),
    );
    return texts.join("\n");
  };
  const what = chosen.length === rows.length ? "all steps" : chosen.map(({ key }) => key).join(", ");
  await reports.diff(
    `${left.name} ↔ ${right.name} (${what})`,
    { name: `${left.id}.md`, text: await text(left, "left") },
    { name: `${right.id}.md`, text: await text(right, "right") },
  );
}
