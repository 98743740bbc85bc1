import { constants } from "node:fs";
import path from "node:path";
import { inlineContentMaxBytes } from "../../engine/event/content";
import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { definitionSchema } from "../../engine/model/definition-schema";
import type { Definition } from "../../engine/model/definition";
import { blobsIn } from "../../engine/history/difference";
import { replay } from "../../engine/history/replay";
import type { Divergence } from "../../engine/history/difference";
import type { ReplayPorts, TakenAsRecorded } from "../../engine/history/replay";
import { versionsOf } from "../../engine/event/versions";
import { artifactsOf } from "../../engine/state/scope";
import type { SessionState } from "../../engine/state/state";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { recordProof } from "./proof";
import { eventPieces, eventsOf } from "./event-pieces";
import { openSnapshot } from "./snapshot";
import type { Snapshot } from "./snapshot";
import { lineFeed, wholeLines } from "../../adapters/journal/journal-scan";
import { sessionPaths } from "../../adapters/journal/layout";
import { sha256, sha256Bytes } from "../../adapters/system/sha256";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { defined } from "../../engine/model/defined";

/** Something that differs from what was written. */
export interface Finding {
  /** Line of the journal, from 1, where it concerns one. */
  readonly line?: number;
  readonly message: string;
}

export interface Verification {
  /** Everything in the session's folder is as it was written. */
  readonly ok: boolean;
  /** The session has ended. One that has not may lack its last lines undetectably. */
  readonly finished: boolean;
  /**
   * The journal ends where it did when the session was last closed. Otherwise it was not closed since (it runs, or it
   * was killed): nothing vouches for its last line, and lines after it may have been cut off.
   */
  readonly sealed: boolean;
  readonly events: number;
  readonly blobs: number;
  readonly findings: readonly Finding[];
}

/**
 * Checks the chain of the journal's lines, the definition's digest, every content that an event names, and the
 * Workspace against the events. Works on a copied folder, without a network.
 * @throws {OrketError} session_not_found, format_unsupported.
 */
export async function verifySession(
  directory: string,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<Verification> {
  const record = await openWhole(directory, environment);
  const { state } = record;
  const findings: Finding[] = [];
  if (record.problem !== undefined) {
    const line = record.problem.details["line"];
    findings.push({ message: record.problem.message, ...(typeof line === "number" ? { line } : {}) });
  }
  if (record.cutBytes > 0) {
    findings.push({
      line: state.events + 1,
      message: `The last line was not written to its end (${record.cutBytes} bytes).`,
    });
  }
  const blobs = await checkBlobs(record, findings);
  if (record.problem === undefined) {
    for (const problem of await workspaceProblems(record, state, environment))
      findings.push({ message: problem });
  }
  return {
    ok: findings.length === 0,
    finished: state.status === "ended",
    sealed: record.sealed,
    events: state.events,
    blobs,
    findings,
  };
}

/** A session whose whole journal is read and checked; nothing is written beside it, and its events are not held. */
function openWhole(directory: string, environment: SessionEnvironment): Promise<Snapshot> {
  return openSnapshot(directory, environment, { byIndex: false, keepIndex: false });
}

async function checkBlobs(record: Snapshot, findings: Finding[]): Promise<number> {
  const checked = new Set<string>();
  for await (const piece of eventPieces(eventsOf(record))) {
    for (const event of piece) {
      for (const { ref, field } of blobsIn(event.data)) {
        const id = `${ref.sha256} ${ref.bytes}`;
        if (checked.has(id)) continue;
        checked.add(id);
        try {
          await record.readBytes(ref);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          findings.push({ line: event.seq + 1, message: `${event.type}, ${field}: ${why}` });
        }
      }
    }
  }
  return checked.size;
}

/** Everything below a folder that is not a folder, relative to it; links are listed and not followed. */
async function filesBelow(fs: FileSystem, root: string, below = ""): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await unlessMissing(fs.readDir(path.join(root, below)), [])) {
    const name = path.join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await filesBelow(fs, root, name)));
    else files.push(name);
  }
  return files;
}

/** Whether the file has this content; a file that Orket does not open counts as different. */
async function holds(fs: FileSystem, file: string, content: BlobRef): Promise<boolean> {
  try {
    if ((await fs.stat(file)).size !== BigInt(content.bytes)) return false;
    return sha256Bytes(await fs.readFile(file)) === content.sha256;
  } catch (error) {
    if (OrketError.is(error, "folder_unsafe")) return false;
    throw error;
  }
}

/** Files of the Workspace that differ from the events. */
async function workspaceProblems(
  { directory }: Snapshot,
  state: SessionState,
  { fs }: SessionEnvironment,
): Promise<string[]> {
  const root = sessionPaths(directory).workspace;
  const found = new Set(await filesBelow(fs, root));
  const problems: string[] = [];
  for (const { path: file, content } of artifactsOf(state.score.scope)) {
    const name = file.split("/").join(path.sep);
    const isThere = found.delete(name);
    if (content === null) {
      if (isThere) problems.push(`The Workspace's ${file} was deleted by the team, but it exists.`);
      continue;
    }
    if (!isThere) problems.push(`The Workspace's ${file} is missing.`);
    else if (!(await holds(fs, path.join(root, name), content)))
      problems.push(`The Workspace's ${file} was changed.`);
  }
  for (const name of found) problems.push(`The Workspace's ${name} was not written by the team.`);
  return problems;
}

export interface ReplayOutcome {
  readonly identical: boolean;
  readonly events: number;
  readonly modelCalls: number;
  /** What another version of Orket made differently, and the replay took as recorded; absent: nothing. */
  readonly asRecorded?: readonly TakenAsRecorded[];
  readonly divergence?: Divergence;
  /** The journal's first damaged line, from 1: lines from there on were not replayed. */
  readonly damagedLine?: number;
  /** The session has ended; one that has not is replayed as far as it got. */
  readonly finished: boolean;
}

/**
 * Replays a session from its own files, without a network, and compares all results.
 * @throws {OrketError} session_not_found, format_unsupported.
 */
export async function replaySession(
  directory: string,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<ReplayOutcome> {
  const record = await openWhole(directory, environment);
  const { definition, definitionRef, problem: damage } = record;
  const total = record.state.events;
  const [start] = await record.readEvents(0, 1);
  const definitionChanged =
    start?.type === "session_start" && start.data.definition.sha256 !== definitionRef.sha256;
  let from = 0;
  let modelCalls = 0;
  const asRecorded = new Set<TakenAsRecorded>();
  const damagedLine = damage?.details["line"];
  const outcome = (divergence: Divergence | undefined, last: SessionState | undefined): ReplayOutcome => ({
    identical: divergence === undefined,
    events: total,
    modelCalls,
    ...(asRecorded.size === 0 ? {} : { asRecorded: [...asRecorded] }),
    ...defined({ divergence }),
    ...(typeof damagedLine === "number" ? { damagedLine } : {}),
    finished: last?.status === "ended",
  });
  const origins = start?.type === "session_start" ? (start.data.forked_from ?? []) : [];
  for (const origin of origins) {
    const before = await definitionFrom(record, origin.definition);
    const report = await replay(
      before,
      eventPieces({ ...eventsOf(record), count: Math.min(origin.events, total) }),
      portsOf(record, false),
      Math.max(1, from),
      versionsOf(origin),
    );
    modelCalls += report.modelCalls;
    for (const what of report.asRecorded) asRecorded.add(what);
    if (report.divergence !== undefined) return outcome(report.divergence, report.state);
    from = origin.events;
  }
  const report = await replay(
    definition,
    eventPieces(eventsOf(record)),
    portsOf(record, definitionChanged),
    from,
  );
  modelCalls += report.modelCalls;
  for (const what of report.asRecorded) asRecorded.add(what);
  if (report.divergence !== undefined) return outcome(report.divergence, report.state);
  const last = (await record.readEvents(total - 1, 1))[0];
  if (damage !== undefined) {
    const divergence = await damageAsDivergence(
      record,
      damage,
      start ?? last,
      definitionChanged,
      environment,
    );
    return outcome(divergence, report.state);
  }
  const [problem] = await workspaceProblems(record, report.state, environment);
  return outcome(
    problem === undefined || last === undefined ? undefined : atEvent(last, "file", problem),
    report.state,
  );
}

/**
 * Replays a session and, when it is identical, stores a proof of it beside the journal.
 * @param engine the version that replays.
 */
export async function replayAndProve(
  directory: string,
  engine: string,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<ReplayOutcome> {
  const outcome = await replaySession(directory, environment);
  if (outcome.identical) {
    const at = new Date(environment.clock.nowMs()).toISOString();
    // An unwritable folder is no reason to hide the result.
    await recordProof(environment, directory, {
      replayed: {
        at,
        engine,
        ...(outcome.asRecorded === undefined ? {} : { as_recorded: [...outcome.asRecorded] }),
      },
    }).catch(() => false);
  }
  return outcome;
}

function atEvent(event: SessionEvent, cause: Divergence["cause"], message: string): Divergence {
  const { seq, step, type, data } = event;
  return { seq, step, type, cause, message, recorded: JSON.stringify(data) };
}

/** The journal's first damaged line, attributed to its step. */
async function damageAsDivergence(
  { directory }: Snapshot,
  damage: OrketError,
  known: SessionEvent | undefined,
  definitionChanged: boolean,
  { fs }: SessionEnvironment,
): Promise<Divergence> {
  const line = damage.details["line"];
  if (typeof line !== "number" || definitionChanged) {
    if (known === undefined) throw damage;
    return atEvent(known, "definition", damage.message);
  }
  const text = await lineAt(fs, sessionPaths(directory).journal, line);
  const step = /"step":(?:"([^"]*)"|null)/.exec(text)?.[1] ?? null;
  const type = /"type":"([a-z_]+)"/.exec(text)?.[1] as SessionEvent["type"] | undefined;
  return {
    seq: line - 1,
    step,
    type: type ?? known?.type ?? "session_start",
    cause: causeOfLine(type),
    message: damage.message,
    recorded: text.slice(0, 2000),
  };
}

/** As much of a line as is searched for its step and type, and shown. */
const shownBytes = 64 << 10;

/** The beginning of the journal's line of this number, from 1; "" where there is none. */
async function lineAt(fs: FileSystem, file: string, line: number): Promise<string> {
  const handle = await fs.open(file, constants.O_RDONLY);
  try {
    let left = line - 1;
    const options = { chunkBytes: 1 << 20, ahead: false };
    for await (const { data } of wholeLines(fs, handle, 0, Infinity, options)) {
      let start = 0;
      for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
        if (left === 0) return data.toString("utf8", start, Math.min(end, start + shownBytes));
        left -= 1;
        start = end + 1;
      }
    }
    return "";
  } finally {
    await fs.close(handle);
  }
}

function causeOfLine(type: SessionEvent["type"] | undefined): Divergence["cause"] {
  switch (type) {
    case "prompt_built":
      return "prompt";
    case "model_call_end":
    case "step_end":
      return "reply";
    case "tool_call":
      return "tool_call";
    case "tool_result":
      return "tool_result";
    case "tool_denied":
      return "policy";
    case "artifact_written":
    case "artifact_deleted":
      return "file";
    case "session_start":
      return "definition";
    default:
      return "engine";
  }
}

/** Bytes of contents that a replay holds, twice: an event's own are never among those that it drops. */
const heldBytes = 8 << 20;

/**
 * Reads from the session's contents. What the replay makes is held in memory for as long as it can differ from what was
 * recorded; nothing is written.
 */
function portsOf(record: Snapshot, definitionChanged: boolean): ReplayPorts {
  let made = new Map<string, Uint8Array>();
  let earlier = made;
  let held = 0;
  const refBytes = (bytes: Uint8Array): BlobRef => {
    const ref = { sha256: sha256Bytes(bytes), bytes: bytes.length };
    if (held > heldBytes) {
      earlier = made;
      made = new Map();
      held = 0;
    }
    made.set(ref.sha256, bytes);
    held += bytes.length;
    return ref;
  };
  const getBytes = (ref: BlobRef): Promise<Uint8Array> => record.readBytes(ref);
  return {
    definitionChanged,
    sha256,
    utf8: nodeUtf8,
    getBytes,
    getText: async (content) => {
      if ("text" in content) return content.text;
      const own = made.get(content.sha256) ?? earlier.get(content.sha256);
      return Buffer.from(own ?? (await getBytes(content))).toString("utf8");
    },
    refText: (text) => {
      const bytes = Buffer.from(text, "utf8");
      return bytes.length <= inlineContentMaxBytes ? { text: bytes.toString("utf8") } : refBytes(bytes);
    },
    refBytes,
  };
}

async function definitionFrom(record: Snapshot, ref: BlobRef): Promise<Definition> {
  const bytes = await record.readBytes(ref);
  return definitionSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
}
