import path from "node:path";
import { inlineContentMaxBytes } from "../../engine/event/content";
import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { definitionSchema } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { blobsIn } from "../../engine/history/difference";
import { replay } from "../../engine/history/replay";
import type { Divergence } from "../../engine/history/difference";
import type { ReplayPorts, TakenAsRecorded } from "../../engine/history/replay";
import { versionsOf } from "../../engine/event/versions";
import { fold } from "../../engine/state/apply";
import { artifactsOf } from "../../engine/state/scope";
import { initialState } from "../../engine/state/state";
import type { SessionState } from "../../engine/state/state";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { recordProof } from "./proof";
import { readSession } from "../../adapters/journal/session-folder";
import type { ReadSession } from "../../adapters/journal/session-folder";
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
  const record = await readSession(environment, directory);
  const findings: Finding[] = [];
  if (record.damage !== undefined) {
    const line = record.damage.details["line"];
    findings.push({ message: record.damage.message, ...(typeof line === "number" ? { line } : {}) });
  }
  if (record.cutBytes > 0) {
    findings.push({
      line: record.events.length + 1,
      message: `The last line was not written to its end (${record.cutBytes} bytes).`,
    });
  }
  const blobs = await checkBlobs(record, findings);
  const state = fold(initialState(record.definition), record.events);
  if (record.damage === undefined) {
    for (const problem of await workspaceProblems(record, state, environment))
      findings.push({ message: problem });
  }
  return {
    ok: findings.length === 0,
    finished: state.status === "ended",
    sealed: record.sealed,
    events: record.events.length,
    blobs,
    findings,
  };
}

async function checkBlobs(record: ReadSession, findings: Finding[]): Promise<number> {
  const checked = new Set<string>();
  for (const event of record.events) {
    for (const { ref, field } of blobsIn(event.data)) {
      const id = `${ref.sha256} ${ref.bytes}`;
      if (checked.has(id)) continue;
      checked.add(id);
      try {
        await record.blobs.getBytes(ref);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        findings.push({ line: event.seq + 1, message: `${event.type}, ${field}: ${why}` });
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
  record: ReadSession,
  state: SessionState,
  { fs }: SessionEnvironment,
): Promise<string[]> {
  const root = record.paths.workspace;
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
  const record = await readSession(environment, directory);
  const { definition, definitionRef, events } = record;
  const [start] = events;
  const definitionChanged =
    start?.type === "session_start" && start.data.definition.sha256 !== definitionRef.sha256;
  let from = 0;
  let modelCalls = 0;
  const asRecorded = new Set<TakenAsRecorded>();
  const damagedLine = record.damage?.details["line"];
  const outcome = (divergence: Divergence | undefined, last: SessionState | undefined): ReplayOutcome => ({
    identical: divergence === undefined,
    events: events.length,
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
      events.slice(0, origin.events),
      portsOf(record, false),
      Math.max(1, from),
      versionsOf(origin),
    );
    modelCalls += report.modelCalls;
    for (const what of report.asRecorded) asRecorded.add(what);
    if (report.divergence !== undefined) return outcome(report.divergence, report.state);
    from = origin.events;
  }
  const report = await replay(definition, events, portsOf(record, definitionChanged), from);
  modelCalls += report.modelCalls;
  for (const what of report.asRecorded) asRecorded.add(what);
  if (report.divergence !== undefined) return outcome(report.divergence, report.state);
  if (record.damage !== undefined) {
    return outcome(
      await damageAsDivergence(record, record.damage, definitionChanged, environment),
      report.state,
    );
  }
  const [problem] = await workspaceProblems(record, report.state, environment);
  const last = events.at(-1);
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
  record: ReadSession,
  damage: OrketError,
  definitionChanged: boolean,
  { fs }: SessionEnvironment,
): Promise<Divergence> {
  const { events, paths } = record;
  const last = events.at(-1);
  const line = damage.details["line"];
  if (typeof line !== "number" || definitionChanged) {
    const fallback = events[0] ?? last;
    if (fallback === undefined) throw damage;
    return atEvent(fallback, "definition", damage.message);
  }
  const text = (await fs.readFile(paths.journal)).toString("utf8").split("\n")[line - 1] ?? "";
  const step = /"step":(?:"([^"]*)"|null)/.exec(text)?.[1] ?? null;
  const type = /"type":"([a-z_]+)"/.exec(text)?.[1] as SessionEvent["type"] | undefined;
  return {
    seq: line - 1,
    step,
    type: type ?? last?.type ?? "session_start",
    cause: causeOfLine(type),
    message: damage.message,
    recorded: text.slice(0, 2000),
  };
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

/** Reads from the session's blobs; the replay's contents are held in memory, and nothing is written. */
function portsOf(record: ReadSession, definitionChanged: boolean): ReplayPorts {
  const made = new Map<string, Uint8Array>();
  const refBytes = (bytes: Uint8Array): BlobRef => {
    const ref = { sha256: sha256Bytes(bytes), bytes: bytes.length };
    made.set(ref.sha256, bytes);
    return ref;
  };
  const getBytes = (ref: BlobRef): Promise<Uint8Array> => record.blobs.getBytes(ref);
  return {
    definitionChanged,
    sha256,
    utf8: nodeUtf8,
    getBytes,
    getText: async (content) => {
      if ("text" in content) return content.text;
      const own = made.get(content.sha256);
      return Buffer.from(own ?? (await getBytes(content))).toString("utf8");
    },
    refText: (text) => {
      const bytes = Buffer.from(text, "utf8");
      return bytes.length <= inlineContentMaxBytes ? { text: bytes.toString("utf8") } : refBytes(bytes);
    },
    refBytes,
  };
}

async function definitionFrom(record: ReadSession, ref: BlobRef): Promise<Definition> {
  const bytes = await record.blobs.getBytes(ref);
  return definitionSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
}
