import { OrketError } from "../error/orket-error";
import { eventData, eventTypes } from "./event";
import { journalFormat } from "./format";
import type { EventType, SessionEvent } from "./event";
import { quickCheck } from "./quick-check";
import type { QuickCheck } from "./quick-check";

/** `prev` of the first line: there is no line before it. */
export const firstPrev = "0".repeat(64);

/** A decoded line: the event, and the hash that it gives for the line before it. */
export interface JournalLine {
  readonly event: SessionEvent;
  readonly prev: string;
}

/**
 * The journal's line for an event, without the line feed. `prev` is the SHA-256 of the line before it, over its UTF-8
 * bytes without the line feed; for the first line: `firstPrev`.
 */
export function encodeEvent(event: SessionEvent, prev: string): string {
  const { seq, at, type, step, data } = event;
  return JSON.stringify({ seq, at, type, step, data, prev });
}

/** The error for a journal that differs from what was written, with the number of the line, from 1. */
export function damaged(line: number, what: string, cause?: unknown): OrketError {
  return new OrketError("journal_damaged", `The journal is damaged at line ${line}: ${what}.`, {
    hint: "What stands before that line can still be read, exported and forked. Restore the file from a backup to go on.",
    details: { line },
    cause,
  });
}

function unsupported(line: number, what: string): OrketError {
  return new OrketError(
    "format_unsupported",
    `Line ${line} of the journal ${what}, which this Orket does not know.`,
    {
      hint: "A newer Orket wrote this session: update Orket to open it.",
      details: { line },
    },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const known: ReadonlySet<string> = new Set(eventTypes);

const quick = new Map<EventType, QuickCheck>();

/** Built for the types that occur. */
function quickCheckOf(type: EventType): QuickCheck {
  let check = quick.get(type);
  if (check === undefined) quick.set(type, (check = quickCheck(eventData[type])));
  return check;
}

function isEventType(type: string): type is EventType {
  return known.has(type);
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const digest = /^[0-9a-f]{64}$/;

function checkData(type: EventType, data: unknown, line: number): void {
  if (quickCheckOf(type)(data)) return;
  if (
    type === "session_start" &&
    isRecord(data) &&
    typeof data.format === "number" &&
    data.format > journalFormat
  ) {
    throw unsupported(line, `has format ${data.format}`);
  }
  const result = eventData[type].safeParse(data);
  if (result.success) return;
  const [issue] = result.error.issues;
  if (issue && result.error.issues.every((one) => one.code === "unrecognized_keys")) {
    const keys = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : "";
    throw unsupported(line, `has the field ${keys} in ${type}`);
  }
  const place = ["data", ...(issue?.path ?? [])].map(String).join(".");
  throw damaged(line, `${place} of ${type} is not as it should be (${issue?.message ?? "invalid"})`);
}

/**
 * Reads one line, strictly; `line` is its number, from 1. The caller checks `prev` against the line before.
 * @throws {OrketError} journal_damaged, or format_unsupported for what only a newer engine can have written.
 */
export function decodeLine(text: string, line: number): JournalLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(line, "it is not JSON", error);
  }
  if (!isRecord(value)) throw damaged(line, "it is not a JSON object");
  const { seq, at, type, step, data, prev } = value;
  if (seq !== line - 1) throw damaged(line, `its seq is ${JSON.stringify(seq)} and should be ${line - 1}`);
  if (typeof at !== "string" || !instant.test(at)) throw damaged(line, "its time (at) is not one");
  if (typeof type !== "string") throw damaged(line, "it has no type");
  if (step !== null && typeof step !== "string") throw damaged(line, "its step is neither a text nor null");
  if (typeof prev !== "string" || !digest.test(prev)) throw damaged(line, "its prev is not a SHA-256");
  if (!isEventType(type)) throw unsupported(line, `has the type ${type}`);
  for (const key in value) {
    if (!lineKeys.has(key)) throw unsupported(line, `has the field ${key}`);
  }
  checkData(type, data, line);
  // `data` was checked against the schema of `type`; the compiler cannot follow a pair that is chosen by a value.
  return { event: { seq, at, type, step, data } as SessionEvent, prev };
}

const lineKeys: ReadonlySet<string> = new Set(["seq", "at", "type", "step", "data", "prev"]);
