import { constants } from "node:fs";
import path from "node:path";
import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { definitionFormat } from "../../engine/model/definition-format";
import type { Definition } from "../../engine/model/definition";
import { initialState } from "../../engine/state/state";
import { diskError, makeDirs, replace, syncDir, writeNew } from "../files/durable";
import { isDiskCode, unlessMissing } from "../files/file-system";
import { definitionMaxBytes } from "../files/orket-gate";
import type { FileSystem } from "../files/file-system";
import { Breath } from "../system/breath";
import { sha256Bytes } from "../system/sha256";
import { BlobReader } from "./blob-store";
import { cutBytesOf, headProblem, isSealed, readHead } from "./head";
import type { Head } from "./head";
import { checkedIndex, foldJournal, loadIndex } from "./journal-index";
import type { JournalIndex } from "./journal-index";
import { journalStart, readJournal } from "./journal-reader";
import type { JournalPart } from "./journal-reader";
import { parseDefinition } from "./parse-definition";
import { JsonlSessionStore } from "./jsonl-session-store";
import type { SessionEnvironment } from "./jsonl-session-store";
import { newSessionId, orketDir, sessionPaths, sessionsDir } from "./layout";
import type { SessionPaths } from "./layout";
import type { SessionLock } from "./lock";
import { acquireWriter } from "./prune-lock";
import { sessionEnd } from "./torn-contents";
import type { TornLine } from "./torn-contents";
import { clearTmp } from "./workspace";

const { O_CREAT, O_RDONLY, O_RDWR } = constants;

/** A new session: nothing recorded yet, its definition on the disk. */
export interface CreatedSession {
  readonly store: JsonlSessionStore;
  readonly paths: SessionPaths;
  /** What `session_start` names. */
  readonly definitionRef: BlobRef;
}

/** A session as its files describe it. */
export interface SessionRecord {
  readonly paths: SessionPaths;
  readonly definition: Definition;
  readonly definitionRef: BlobRef;
  /** Empty when the session was created but never started. */
  readonly events: readonly SessionEvent[];
  /** Bytes of a torn last line: cut off when opened for writing, ignored when opened for reading. */
  readonly cutBytes: number;
}
export interface OpenedSession extends SessionRecord {
  readonly store: JsonlSessionStore;
}
/** A session to continue: its state instead of its events. */
export interface ResumedSession extends Omit<OpenedSession, "events"> {
  /** The state that the whole journal gives, with what may be stored beside it. */
  readonly index: JournalIndex;
  /** Events that the stored index covered. */
  readonly indexedEvents: number;
}
export interface ReadSession extends SessionRecord {
  readonly blobs: BlobReader;
  /** Why the events end where they do, or that the definition has changed. */
  readonly damage: OrketError | undefined;
  /** The journal ends where it ended when the session was last closed: nothing is missing. */
  readonly sealed: boolean;
}

/** Creates `.orket/` with its contents. @throws {Error} from the file system. */
export async function ensureOrketDir(environment: SessionEnvironment, workDomain: string): Promise<void> {
  const { fs } = environment;
  const orket = orketDir(workDomain);
  await makeDirs(fs, workDomain, orket);
  const ignore = path.join(orket, ".gitignore");
  if ((await unlessMissing(fs.lstat(ignore), undefined)) === undefined) {
    await writeIgnore(fs, orket, ignore);
  }
  await makeDirs(fs, orket, sessionsDir(workDomain));
}

/** Any process may be creating it, or have died doing so: the temporary name is shared by all, and only the result counts. */
async function writeIgnore(fs: FileSystem, orket: string, ignore: string): Promise<void> {
  const aside = `${ignore}.new`;
  try {
    await unlessMissing(fs.unlink(aside), undefined);
    await writeNew(fs, aside, Buffer.from("*\n"));
    await replace(fs, aside, ignore);
  } catch (error) {
    const lost = isDiskCode(error, "EEXIST", "ENOENT");
    if (!lost || (await unlessMissing(fs.lstat(ignore), undefined)) === undefined) throw error;
  }
  await syncDir(fs, orket);
}

async function newFolder(
  environment: SessionEnvironment,
  workDomain: string,
  flow: string,
): Promise<SessionPaths> {
  const { fs, clock, random } = environment;
  for (;;) {
    const paths = sessionPaths(path.join(sessionsDir(workDomain), newSessionId(clock.nowMs(), flow, random)));
    try {
      await fs.makeDir(paths.dir);
      return paths;
    } catch (error) {
      if (!isDiskCode(error, "EEXIST")) throw error;
    }
  }
}

/**
 * Creates a session's folder. When it resolves, the definition is on the disk and the journal is empty.
 * @throws {OrketError} definition_invalid when it is longer than `definitionMaxBytes`.
 */
export async function createSession(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
): Promise<CreatedSession> {
  const { fs } = environment;
  const bytes = Buffer.from(`${JSON.stringify(definition, null, 2)}\n`, "utf8");
  if (bytes.length > definitionMaxBytes) throw tooLong(bytes.length);
  let lock: SessionLock | undefined;
  try {
    await ensureOrketDir(environment, workDomain);
    const paths = await newFolder(environment, workDomain, definition.flow.name);
    // The disk is waited for where something depends on it: the folder's name must be there when this resolves.
    const named = syncDir(fs, path.dirname(paths.dir));
    named.catch(() => undefined);
    lock = await acquireWriter(environment, paths);
    await clearTmp(fs, paths.tmp);
    const aside = path.join(paths.tmp, "definition.json");
    await Promise.all([writeNew(fs, aside, bytes), fs.makeDir(paths.workspace)]);
    await replace(fs, aside, paths.definition);
    const journal = await fs.open(paths.journal, O_RDWR | O_CREAT);
    const contents = await fs.open(paths.contents, O_RDWR | O_CREAT);
    await Promise.all([named, syncDir(fs, paths.dir)]);
    const files = { journal, contents, contentsSize: 0 };
    const store = new JsonlSessionStore(environment, paths, files, lock, journalStart);
    return { store, paths, definitionRef: { sha256: sha256Bytes(bytes), bytes: bytes.length } };
  } catch (error) {
    await lock?.release().catch(() => undefined);
    throw diskError(error, "the session's folder");
  }
}

function tooLong(bytes: number): OrketError {
  return new OrketError(
    "definition_invalid",
    `The Flow with its Band and its Score takes ${bytes} bytes; a session can hold ${definitionMaxBytes}.`,
    { hint: "Split the Flow, or move long texts into files that its steps read.", details: { bytes } },
  );
}

function neverStarted(id: string): OrketError {
  return new OrketError(
    "session_not_found",
    `The session ${id} was never started: its folder holds no definition.`,
    {
      hint: "Run the Flow again; the folder can be removed.",
      details: { id },
    },
  );
}

/** JSON that is parsed in a millisecond, about: it cannot be parsed in pieces. */
const parsedBytesPerMs = 150_000;

/** A definition as it was read and checked, and the file's bytes that it is. */
export interface ReadDefinition {
  readonly definition: Definition;
  readonly definitionRef: BlobRef;
}

/**
 * @param before what was read before: not checked again where the file holds the same bytes.
 * @throws {OrketError} session_not_found, journal_damaged, format_unsupported.
 */
export async function readDefinition(
  environment: SessionEnvironment,
  paths: SessionPaths,
  before?: ReadDefinition,
): Promise<ReadDefinition> {
  const bytes = await unlessMissing(environment.fs.readFile(paths.definition), undefined);
  if (bytes === undefined) throw neverStarted(paths.id);
  const breath = new Breath();
  const definitionRef = { sha256: sha256Bytes(bytes), bytes: bytes.length };
  if (before?.definitionRef.sha256 === definitionRef.sha256) return before;
  await breath.pause(bytes.length / parsedBytesPerMs);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw definitionError(paths.id, "is not JSON", error);
  }
  await breath.pause();
  const format = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  if (typeof format === "number" && format > definitionFormat) {
    throw new OrketError(
      "format_unsupported",
      `The definition of the session ${paths.id} has format ${format}.`,
      {
        hint: "A newer Orket wrote this session: update Orket to open it.",
      },
    );
  }
  const parsed = await parseDefinition(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw definitionError(paths.id, `is not valid (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})`);
  }
  return { definition: parsed.data, definitionRef };
}

function definitionError(id: string, what: string, cause?: unknown): OrketError {
  return new OrketError("journal_damaged", `The definition.json of the session ${id} ${what}.`, {
    hint: "Restore the file from a backup; the journal beside it is not touched.",
    details: { id },
    cause,
  });
}

/** Reports that the definition is not the one that the session was started with. */
export function otherDefinition(
  paths: SessionPaths,
  definitionRef: BlobRef,
  events: readonly SessionEvent[],
): OrketError | undefined {
  const [start] = events;
  if (start?.type !== "session_start" || start.data.definition.sha256 === definitionRef.sha256)
    return undefined;
  return definitionError(paths.id, "is not the one that the session was started with");
}

/**
 * Opens a session to continue it. A torn last line is cut off; a session that was created but never started has no
 * events.
 * @throws {OrketError} session_not_found, session_locked, journal_damaged, format_unsupported, disk_full, disk_failed.
 */
export async function openSession(environment: SessionEnvironment, dir: string): Promise<OpenedSession> {
  const { index: _, indexedEvents: _indexed, ...opened } = await open(environment, dir, false);
  return opened;
}

/**
 * Opens a session to continue it, its events checked and folded but not kept in memory: of what a stored index covers only
 * the chain is checked, the rest is read.
 * @param before the definition, where the caller has read it.
 * @throws {OrketError} as `openSession`.
 */
export async function resumeSession(
  environment: SessionEnvironment,
  dir: string,
  before?: ReadDefinition,
): Promise<ResumedSession> {
  const { events: _, ...resumed } = await open(environment, dir, true, before);
  return resumed;
}

async function open(
  environment: SessionEnvironment,
  dir: string,
  byIndex: boolean,
  before?: ReadDefinition,
): Promise<OpenedSession & ResumedSession> {
  const { fs } = environment;
  const paths = sessionPaths(dir);
  if ((await unlessMissing(fs.lstat(paths.definition), undefined)) === undefined)
    throw neverStarted(paths.id);
  let lock: SessionLock | undefined;
  let journal: number | undefined;
  let contents: number | undefined;
  try {
    lock = await acquireWriter(environment, paths);
    const { definition, definitionRef } = await readDefinition(environment, paths, before);
    await clearTmp(fs, paths.tmp);
    await fs.makeDir(paths.workspace).catch((error: unknown) => {
      if (!isDiskCode(error, "EEXIST")) throw error;
    });
    journal = await fs.open(paths.journal, O_RDWR | O_CREAT);
    contents = await fs.open(paths.contents, O_RDWR | O_CREAT);
    const head = await readHead(fs, paths.head);
    const read = (keep: SessionEvent[] | undefined): Promise<FoldedJournal> =>
      readAndFold(environment, paths, journal ?? 0, { definition, definitionRef, head }, keep);
    const events: SessionEvent[] = [];
    let { part, index, first, digestAtMark, indexedEvents } = await read(byIndex ? undefined : events);
    const sealed = part.damage === undefined && isSealed(head, part);
    const closed = part.damage !== undefined || sealed;
    const closedBytes = sealed ? head?.contents : undefined;
    const { end, torn } = await sessionEnd(fs, paths, { journal, contents }, index, closed, closedBytes);
    let cutBytes = part.tornBytes;
    if (torn !== undefined) {
      cutBytes += part.position.offset - torn.offset;
      await fs.truncate(journal, torn.offset);
      events.length = 0;
      ({ part, index, first, digestAtMark, indexedEvents } = await read(byIndex ? undefined : events));
    }
    const damage =
      part.damage ??
      headProblem(head, { ...part, digestAtMark }) ??
      (first === undefined ? undefined : otherDefinition(paths, definitionRef, [first]));
    if (damage) throw damage;
    if (part.tornBytes + part.spareBytes > 0) await fs.truncate(journal, part.position.offset);
    // What was read may be in memory only, if the last writer failed before it could confirm that it was on the disk.
    await fs.sync(journal);
    await fs.truncate(contents, end.size);
    await fs.sync(contents);
    await syncDir(fs, paths.dir);
    const files = { journal, contents, contentsSize: end.size };
    const store = new JsonlSessionStore(environment, paths, files, lock, part.position);
    return {
      paths,
      definition,
      definitionRef,
      events,
      cutBytes,
      store,
      index,
      indexedEvents,
    };
  } catch (error) {
    if (journal !== undefined) await fs.close(journal).catch(() => undefined);
    if (contents !== undefined) await fs.close(contents).catch(() => undefined);
    await lock?.release().catch(() => undefined);
    throw diskError(error, `the session ${paths.id}`);
  }
}

interface FoldedJournal extends Awaited<ReturnType<typeof foldJournal>> {
  readonly digestAtMark: string | undefined;
  /** Events that the stored index covered. */
  readonly indexedEvents: number;
}

/** The state that the journal gives. @param keep takes the events; without it a stored index saves reading them. */
async function readAndFold(
  environment: SessionEnvironment,
  paths: SessionPaths,
  journal: number,
  facts: { definition: Definition; definitionRef: BlobRef; head: Head | undefined },
  keep: SessionEvent[] | undefined,
): Promise<FoldedJournal> {
  const { fs } = environment;
  const { definition, definitionRef, head } = facts;
  const mark = head?.events;
  const found = keep ? undefined : await loadIndex(environment, paths, journal, definition, definitionRef);
  // Where the journal is not what the index covers, a reading must find the damage.
  const stored = found === undefined ? undefined : await checkedIndex(fs, journal, found, mark);
  const folded = await foldJournal(fs, journal, stored?.index, initialState(definition), mark, keep);
  const digestAtMark = folded.part.digestAtMark ?? stored?.digestAtMark;
  return { ...folded, digestAtMark, indexedEvents: stored?.index.position.lines ?? 0 };
}

/** Opens a session for reading, whoever writes to it; nothing is changed, and damage is reported beside the events. */
export async function readSession(environment: SessionEnvironment, dir: string): Promise<ReadSession> {
  const { fs } = environment;
  const paths = sessionPaths(dir);
  const nothing: JournalPart = {
    events: [],
    position: journalStart,
    tornBytes: 0,
    spareBytes: 0,
    damage: undefined,
    digestAtMark: undefined,
    offsets: [],
    lastLine: 0,
  };
  try {
    const { definition, definitionRef } = await readDefinition(environment, paths);
    // First its end, then its contents: a writer may add to it meanwhile, and never removes anything.
    const head = await readHead(fs, paths.head);
    const part = await unlessMissing(readJournal(fs, paths.journal, { mark: head?.events }), nothing);
    const blobs = new BlobReader(fs, paths);
    const damage =
      part.damage ?? headProblem(head, part) ?? otherDefinition(paths, definitionRef, part.events);
    const sealed = isSealed(head, part);
    const torn = damage !== undefined || sealed ? undefined : await seenTorn(fs, paths, part);
    const events = torn === undefined ? part.events : part.events.slice(0, torn.lines);
    const cutBytes = cutBytesOf(head, part) + (torn === undefined ? 0 : part.position.offset - torn.offset);
    return { paths, definition, definitionRef, events, cutBytes, blobs, damage, sealed };
  } catch (error) {
    throw diskError(error, `the session ${paths.id}`);
  }
}

/**
 * The torn line of a session that is opened for reading only.
 * @param read what was read of a journal that is neither closed nor damaged.
 */
export async function seenTorn(
  fs: FileSystem,
  paths: SessionPaths,
  read: Pick<JournalPart, "position" | "offsets">,
): Promise<TornLine | undefined> {
  const journal = await unlessMissing(fs.open(paths.journal, O_RDONLY), undefined);
  const contents = await unlessMissing(fs.open(paths.contents, O_RDONLY), undefined);
  try {
    if (journal === undefined || contents === undefined) return undefined;
    return (await sessionEnd(fs, paths, { journal, contents }, read, false)).torn;
  } finally {
    if (journal !== undefined) await fs.close(journal);
    if (contents !== undefined) await fs.close(contents);
  }
}
