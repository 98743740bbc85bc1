import { constants } from "node:fs";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { labelOfPause } from "../../engine/view/session-label";
import type { SessionLabel } from "../../engine/view/session-label";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem, Handle } from "../../adapters/files/file-system";
import { endOfWriting } from "../../adapters/journal/journal-end";
import { inParallel } from "../in-parallel";
import { readTitle } from "./label";
import { parseSessionId, sessionPaths, sessionsDir } from "../../adapters/journal/layout";
import { lineDigest } from "../../adapters/journal/session-marks";
import type { SessionMarks } from "../../adapters/journal/session-marks";
import { lockState } from "../../adapters/journal/lock";
import { defined } from "../../engine/model/defined";
import type { SessionWideType } from "../../engine/state/apply-run";

/** The information in a journal's first and last lines, without reading all of it. */
export type SessionStatus = SessionLabel;

export interface SessionSummary {
  readonly id: string;
  readonly flow: string;
  /** The user's title, for display; the id stays. */
  readonly title?: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  readonly status: SessionStatus;
  /** The session's folder. */
  readonly path: string;
  /** It was not written on this machine by this user: it does not resume by itself, and was not interrupted here. */
  readonly foreign?: true;
  /** Events recorded, as far as can be seen. */
  readonly events: number;
  /** Whether there is a definition, without which it cannot be opened. */
  readonly openable: boolean;
  /** A sentence on what is wrong with it. */
  readonly problem?: string;
}

const parallel = 16;
const firstTailBytes = 8 << 10;
const lastTailBytes = 1 << 20;

interface LineHead {
  readonly type: string;
  readonly seq: number;
  readonly at: string;
  /** The step that it concerns; null: none. */
  readonly step: unknown;
  readonly data: Record<string, unknown>;
}

function head(text: string): LineHead | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value !== "object" || value === null) return undefined;
    const { type, seq, at, step, data } = value as Record<string, unknown>;
    if (typeof type !== "string" || typeof seq !== "number" || typeof at !== "string") return undefined;
    return { type, seq, at, step, data: typeof data === "object" && data !== null ? { ...data } : {} };
  } catch {
    return undefined;
  }
}

async function readAt(fs: FileSystem, handle: Handle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const count = await fs.read(handle, buffer, offset);
  return buffer.subarray(0, count);
}

/** The journal's last whole lines, newest first: as many as the tail of this size holds before any zeros. */
function tailLines(tail: Buffer, wholeFile: boolean): string[] {
  const zero = tail.indexOf(0);
  const end = tail.lastIndexOf(0x0a, zero < 0 ? undefined : zero);
  if (end < 0) return [];
  const lines = tail.toString("utf8", 0, end).split("\n");
  // The first one may have begun before the tail.
  if (!wholeFile) lines.shift();
  return lines.reverse();
}

/** Events that do not concern a step: whether they can follow the end of a session, and so do not show whether it runs. */
const canFollowEnd: Readonly<Record<SessionWideType, boolean>> = {
  session_start: false,
  plan_resolved: false,
  session_paused: false,
  session_resumed: false,
  session_end: false,
  venue_changed: false,
  limit_reached: false,
  adjustment: false,
  failover: false,
  artifact_accepted: true,
  artifact_rejected: true,
  acceptance_reverted: true,
  suggestion: true,
  suggestion_resolved: true,
};
const afterTheEnd: ReadonlySet<string> = new Set(
  Object.entries(canFollowEnd).flatMap(([type, follows]) => (follows ? [type] : [])),
);

async function statusOf(
  fs: FileSystem,
  lock: string,
  lines: readonly string[],
): Promise<SessionStatus | undefined> {
  for (const text of lines) {
    const line = head(text);
    if (!line) return "unreadable";
    if (afterTheEnd.has(line.type)) continue;
    if (line.type === "session_end") return line.data.outcome === "stopped" ? "stopped" : "completed";
    if (line.type === "session_paused") return labelOfPause(String(line.data.reason));
    const state = await lockState(fs, lock);
    if (state?.alive !== true) return "interrupted";
    return hasOpenQuestion(lines) ? "waiting" : "running";
  }
  return undefined;
}

const mayTellOfQuestion = /"(?:approval_re|question_a|step_(?:end|failed|skipped)")/;
const endsOfStep: ReadonlySet<string> = new Set(["step_end", "step_failed", "step_skipped"]);

/** Whether these lines, newest first, contain an approval or a question that is still open. */
function hasOpenQuestion(lines: readonly string[]): boolean {
  const answered = new Set<unknown>();
  const over = new Set<unknown>();
  for (const text of lines) {
    // Most lines are neither, and long ones cost time to read.
    if (!mayTellOfQuestion.test(text)) continue;
    const line = head(text);
    if (line?.type === "question_answered") answered.add(line.data.id);
    // Decided files have no answer of their own: the end of the step closes the question.
    else if (line !== undefined && endsOfStep.has(line.type)) over.add(line.step);
    else if (line?.type === "question_asked" && !answered.has(line.data.id) && !over.has(line.step))
      return true;
    if (line?.type === "approval_resolved") answered.add(line.data.id);
    if (line?.type === "approval_requested" && !answered.has(line.data.id)) return true;
  }
  return false;
}

/** Another user's session is at rest, whatever its last line: it was not interrupted here. */
async function ofStranger(
  seen: SessionSummary,
  fs: FileSystem,
  journal: Handle,
  marks: SessionMarks | undefined,
): Promise<SessionSummary> {
  if (marks === undefined || seen.status === "not_started" || seen.status === "unreadable") return seen;
  const first = await lineDigest(fs, journal, 1);
  if (first !== undefined && (await marks.find(first)) !== undefined) return seen;
  return { ...seen, status: seen.status === "interrupted" ? "paused" : seen.status, foreign: true };
}

async function lookInto(
  fs: FileSystem,
  dir: string,
  marks: SessionMarks | undefined,
): Promise<SessionSummary> {
  const paths = sessionPaths(dir);
  const named = parseSessionId(paths.id);
  const openable = (await unlessMissing(fs.stat(paths.definition), undefined)) !== undefined;
  const title = await readTitle(fs, dir);
  const about = {
    id: paths.id,
    flow: named?.flow ?? "",
    ...defined({ title }),
    startedAt: named?.startedAt ?? "",
    path: dir,
    openable,
  };
  const handle = await unlessMissing(fs.open(paths.journal, constants.O_RDONLY), undefined);
  if (handle === undefined) return { ...about, status: "not_started", events: 0 };
  try {
    const { end: size } = await endOfWriting(fs, handle);
    const start = await readAt(fs, handle, 0, firstTailBytes);
    const firstEnd = start.indexOf(0x0a);
    if (firstEnd < 0 && size <= start.length) return { ...about, status: "not_started", events: 0 };
    const first = head(start.toString("utf8", 0, firstEnd));
    if (first?.type !== "session_start") {
      return { ...about, status: "unreadable", events: 0, problem: "The journal's first line is damaged." };
    }
    const flow = typeof first.data.flow === "string" ? first.data.flow : about.flow;
    const known = { ...about, flow, startedAt: first.at };
    for (let length = firstTailBytes; ; length *= 8) {
      const offset = Math.max(0, size - length);
      const lines = tailLines(await readAt(fs, handle, offset, size - offset), offset === 0);
      const status = await statusOf(fs, paths.lock, lines);
      const events = (head(lines[0] ?? "")?.seq ?? 0) + 1;
      if (status === "unreadable") {
        return { ...known, status, events: 0, problem: "The journal's last line is damaged." };
      }
      if (status !== undefined) return await ofStranger({ ...known, status, events }, fs, handle, marks);
      if (offset === 0 || length >= lastTailBytes)
        return await ofStranger({ ...known, status: "interrupted", events }, fs, handle, marks);
    }
  } finally {
    await fs.close(handle);
  }
}

async function summary(
  fs: FileSystem,
  dir: string,
  marks: SessionMarks | undefined,
): Promise<SessionSummary> {
  try {
    return await lookInto(fs, dir, marks);
  } catch (error) {
    const id = path.basename(dir);
    const named = parseSessionId(id);
    const reason = error instanceof Error ? error.message : String(error);
    return {
      id,
      flow: named?.flow ?? "",
      startedAt: named?.startedAt ?? "",
      status: "unreadable",
      path: dir,
      events: 0,
      openable: false,
      problem: `It cannot be read: ${reason}`,
    };
  }
}

function byNewest(a: SessionSummary, b: SessionSummary): number {
  const time = a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0;
  return time !== 0 ? time : a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/** The WorkDomain's sessions, newest first. An error in one is reported in its summary and hides no other. */
export async function listSessions(
  fs: FileSystem,
  workDomain: string,
  marks?: SessionMarks,
): Promise<readonly SessionSummary[]> {
  const root = sessionsDir(workDomain);
  const entries = await unlessMissing(fs.readDir(root), []);
  const dirs = entries.filter((one) => one.isDirectory()).map((one) => path.join(root, one.name));
  const found: SessionSummary[] = [];
  await inParallel(dirs, parallel, async (dir) => {
    found.push(await summary(fs, dir, marks));
  });
  return found.sort(byNewest);
}

function listed(sessions: readonly SessionSummary[]): string {
  const shown = sessions.slice(0, 10).map((one) => one.id);
  return sessions.length > shown.length
    ? `${shown.join(", ")} and ${sessions.length - shown.length} more`
    : shown.join(", ");
}

/** The session of the WorkDomain that `which` names, as `sessionNamed` reads it. @throws {OrketError} as it does. */
export async function findSession(
  fs: FileSystem,
  workDomain: string,
  which: string,
): Promise<SessionSummary> {
  return sessionNamed(await listSessions(fs, workDomain), which);
}

/**
 * The session that `which` names: its id, a unique part of it, or `last` for the newest that can be opened.
 * @param sessions newest first
 * @throws {OrketError} session_not_found or session_ambiguous, both with the candidates in `details.candidates`.
 */
export function sessionNamed<S extends SessionSummary>(sessions: readonly S[], which: string): S {
  const exact = sessions.find((one) => one.id === which);
  if (exact) return exact;
  const matching =
    which === "last"
      ? sessions.filter((one) => one.openable).slice(0, 1)
      : which === ""
        ? []
        : sessions.filter((one) => one.id.includes(which));
  const [only] = matching;
  if (only && matching.length === 1) return only;
  if (matching.length > 1) {
    throw new OrketError(
      "session_ambiguous",
      `${matching.length} sessions have "${which}" in their id: ${listed(matching)}.`,
      {
        hint: "Give more of the id.",
        details: { candidates: matching.map((one) => one.id) },
      },
    );
  }
  const none = sessions.length === 0;
  throw new OrketError(
    "session_not_found",
    none ? "This project has no session yet." : `No session has "${which}" in its id.`,
    {
      hint: none ? "Run a Flow first." : `There are: ${listed(sessions)}.`,
      details: { candidates: sessions.map((one) => one.id) },
    },
  );
}
