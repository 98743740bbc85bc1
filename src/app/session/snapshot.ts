import { constants } from "node:fs";
import type { BlobRef, Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { OrketError } from "../../engine/error/orket-error";
import { apply } from "../../engine/state/apply";
import type { Definition } from "../../engine/model/definition";
import { initialState } from "../../engine/state/state";
import type { SessionState } from "../../engine/state/state";
import { diskError } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem, Handle } from "../../adapters/files/file-system";
import { BlobReader } from "../../adapters/journal/blob-store";
import { cutBytesOf, headProblem, isSealed, readHead } from "../../adapters/journal/head";
import {
  checkedIndex,
  foldJournal,
  loadIndex,
  staleAfterEvents,
  storeIndex,
} from "../../adapters/journal/journal-index";
import { JournalLines } from "../../adapters/journal/journal-lines";
import { journalStart } from "../../adapters/journal/journal-reader";
import type { JournalPosition } from "../../adapters/journal/journal-reader";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../adapters/journal/layout";
import type { SessionPaths } from "../../adapters/journal/layout";
import { otherDefinition, readDefinition, seenTorn } from "../../adapters/journal/session-folder";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { defined } from "../../engine/model/defined";

/** A session for display, whoever writes it: the state that its events give, and the events themselves on request. */
export interface Snapshot {
  readonly id: string;
  /** The session's folder. */
  readonly directory: string;
  /** As resolved when the session began. */
  readonly definition: Definition;
  /** What its file holds now. */
  readonly definitionRef: BlobRef;
  /** The state after its events; `state.events` is their number. */
  readonly state: SessionState;
  /** How far the journal was read: `state.events` lines, and more only where an interrupted write left lines without their contents. */
  readonly position: JournalPosition;
  /** The journal ends where it ended when the session was last closed: nothing is missing. */
  readonly sealed: boolean;
  /** Bytes of a last line that was not written to its end. */
  readonly cutBytes: number;
  /** Changes when the journal's file is written to; of nothing: "". */
  readonly stamp: string;
  /** Why the events end where they do. */
  readonly problem?: OrketError;
  /** Whether an index saved reading the whole journal, whose chain is then unchecked. */
  readonly indexed: boolean;
  /** Settles when a missing or old index is stored. Never fails. */
  readonly indexing: Promise<void>;
  /**
   * Events by their numbers, from 0, including those added since; fewer where the journal ends.
   * @throws {OrketError} journal_damaged, disk_failed.
   */
  readEvents(from: number, count: number): Promise<SessionEvent[]>;
  /**
   * The session with the whole chain of its journal checked, and its end compared with the last closing: this snapshot
   * when all is well, else one from a whole reading, which reports the damage and shows what precedes it.
   * @throws {OrketError} disk_failed.
   */
  checked(): Promise<Snapshot>;
  readText(content: Content): Promise<string>;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}

function stampOf({ size, mtimeNs }: { readonly size: bigint; readonly mtimeNs: bigint }): string {
  return `${size} ${mtimeNs}`;
}

/** The stamp that a snapshot of the session would have now. */
export async function stampNow(fs: FileSystem, directory: string): Promise<string> {
  const facts = await unlessMissing(fs.stat(sessionPaths(directory).journal), undefined);
  return facts === undefined ? "" : stampOf(facts);
}

async function withJournal<T>(
  fs: FileSystem,
  paths: SessionPaths,
  otherwise: T,
  work: (journal: Handle) => Promise<T>,
): Promise<T> {
  try {
    const journal = await unlessMissing(fs.open(paths.journal, constants.O_RDONLY), undefined);
    if (journal === undefined) return otherwise;
    try {
      return await work(journal);
    } finally {
      await fs.close(journal);
    }
  } catch (error) {
    throw diskError(error, `the session ${paths.id}`);
  }
}

/** Lines of a journal that are in memory at a time. */
const pieceLines = 2000;

/** The state after the first lines of a journal. */
async function stateBefore(
  lines: number,
  fs: FileSystem,
  journal: Handle,
  offsets: readonly number[],
  fresh: SessionState,
): Promise<SessionState> {
  const reader = new JournalLines(fs, offsets);
  let state = fresh;
  for (let from = 0; from < lines; from += pieceLines) {
    const piece = await reader.read(journal, from, Math.min(pieceLines, lines - from));
    for (const event of piece) state = apply(state, event);
  }
  return state;
}

/**
 * Opens a session for reading, whoever writes it, without holding its events: fast where an index exists beside
 * the journal, whose chain only `checked` checks; otherwise the journal is read once, and the index built.
 * @param options.byIndex false: reads the whole journal, even where an index exists.
 * @param options.keepIndex false: writes no index.
 * @throws {OrketError} session_not_found, journal_damaged (the definition), format_unsupported, disk_failed.
 */
export async function openSnapshot(
  directory: string,
  environment: SessionEnvironment = nodeEnvironment,
  { byIndex = true, keepIndex = true }: { readonly byIndex?: boolean; readonly keepIndex?: boolean } = {},
): Promise<Snapshot> {
  const { fs } = environment;
  const paths = sessionPaths(directory);
  const { definition, definitionRef } = await readDefinition(environment, paths);
  const fresh = initialState(definition);
  const head = await readHead(fs, paths.head);
  const seen = await withJournal(fs, paths, undefined, async (journal) => {
    const stamp = stampOf(await fs.statHandle(journal));
    const stored = byIndex
      ? await loadIndex(environment, paths, journal, definition, definitionRef)
      : undefined;
    const { part, index, first } = await foldJournal(fs, journal, stored, fresh, head?.events);
    // The index covers this definition, or it would not have been loaded.
    const other = stored === undefined && first ? otherDefinition(paths, definitionRef, [first]) : undefined;
    const covered = stored !== undefined && head !== undefined && head.events < stored.position.lines;
    const problem = part.damage ?? (covered ? undefined : headProblem(head, part)) ?? other;
    const sealed = isSealed(head, part);
    const torn = problem === undefined && !sealed ? await seenTorn(fs, paths, index) : undefined;
    const state =
      torn === undefined ? index.state : await stateBefore(torn.lines, fs, journal, index.offsets, fresh);
    const cutBytes = cutBytesOf(head, part) + (torn === undefined ? 0 : part.position.offset - torn.offset);
    return { stamp, stored, index, problem, state, cutBytes, sealed };
  });
  const { index, stored, problem } = seen ?? {};
  const position = index?.position ?? journalStart;
  const isStale = keepIndex && position.lines - (stored?.position.lines ?? 0) >= staleAfterEvents;
  const indexing =
    index !== undefined && isStale && problem === undefined && seen?.state === index.state
      ? storeIndex(environment, paths, index, definitionRef)
      : Promise.resolve();
  const blobs = new BlobReader(fs, paths);
  const lines = new JournalLines(fs, index?.offsets ?? []);
  const check = async (): Promise<Snapshot> => {
    if (stored === undefined || index === undefined) return snapshot;
    const whole = await withJournal(fs, paths, false, async (journal) => {
      const found = await checkedIndex(fs, journal, index, head?.events);
      if (found === undefined) return false;
      const { digestAtMark } = found;
      return headProblem(head, { position, damage: undefined, digestAtMark }) === undefined;
    });
    return whole ? snapshot : openSnapshot(directory, environment, { byIndex: false });
  };
  let checked: Promise<Snapshot> | undefined;
  const snapshot: Snapshot = {
    id: paths.id,
    directory,
    definition,
    definitionRef,
    state: seen?.state ?? fresh,
    position,
    cutBytes: seen?.cutBytes ?? 0,
    sealed: seen?.sealed ?? false,
    stamp: seen?.stamp ?? "",
    ...defined({ problem }),
    indexed: stored !== undefined,
    indexing,
    readEvents: (from, count) => withJournal(fs, paths, [], (journal) => lines.read(journal, from, count)),
    checked: () =>
      (checked ??= check().catch((error: unknown) => {
        checked = undefined;
        throw error;
      })),
    readText: (content) => blobs.getText(content),
    readBytes: (ref) => blobs.getBytes(ref),
  };
  return snapshot;
}
