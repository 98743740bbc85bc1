import path from "node:path";
import { randomName } from "../system/random";
import type { RandomBytes } from "../system/random";

/** Where Orket keeps everything that it manages in a WorkDomain. */
export function orketDir(workDomain: string): string {
  return path.join(workDomain, ".orket");
}

export function sessionsDir(workDomain: string): string {
  return path.join(orketDir(workDomain), "sessions");
}

/** The WorkDomain of a session, by its folder. */
export function workDomainOf(session: string): string {
  return path.dirname(path.dirname(path.dirname(session)));
}

/** The paths of one session. */
export interface SessionPaths {
  readonly id: string;
  readonly dir: string;
  readonly definition: string;
  readonly journal: string;
  /** The longer contents that the journal names. */
  readonly contents: string;
  /** Where the journal ended when the session was last closed. */
  readonly head: string;
  /** What makes a long journal fast to open; it can be built again from the journal. */
  readonly index: string;
  /** What its panel shows first; it can be made again from the journal. */
  readonly firstScreen: string;
  readonly workspace: string;
  readonly lock: string;
  /** Files being written, before they get their names; only the writer's, who clears it. */
  readonly tmp: string;
  /** `.orket/blobs/sha256`: contents of sessions that an older Orket wrote, one file each, shared by all sessions. */
  readonly blobs: string;
  /** `.orket`. */
  readonly orket: string;
}

export function sessionPaths(dir: string): SessionPaths {
  const orket = path.dirname(path.dirname(dir));
  return {
    id: path.basename(dir),
    dir,
    definition: path.join(dir, "definition.json"),
    journal: path.join(dir, "journal.jsonl"),
    contents: path.join(dir, "contents"),
    head: path.join(dir, "head.json"),
    index: path.join(dir, "journal.idx"),
    firstScreen: path.join(dir, "first-screen.json"),
    workspace: path.join(dir, "workspace"),
    lock: path.join(dir, "lock"),
    tmp: path.join(dir, "tmp"),
    blobs: path.join(orket, "blobs", "sha256"),
    orket,
  };
}

/** UTC start time, flow name, 4 characters: `2026-11-22T10-15-03Z-shapes-k3f9`. */
export function newSessionId(nowMs: number, flow: string, random: RandomBytes): string {
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-");
  return `${time}Z-${flow}-${randomName(random, 4)}`;
}

const idPattern = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z-(.+)-([a-z0-9]{4})$/;

/** The parts of a session's id, or undefined when the folder's name is not one. */
export function parseSessionId(id: string): { startedAt: string; flow: string } | undefined {
  const parts = idPattern.exec(id);
  if (!parts) return undefined;
  const [, day = "", hour = "", minute = "", second = "", flow = ""] = parts;
  return { startedAt: `${day}T${hour}:${minute}:${second}.000Z`, flow };
}
