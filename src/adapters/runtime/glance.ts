import { constants } from "node:fs";
import { type BlobRef, type Content } from "../../engine/event/content";
import { decodeLine } from "../../engine/event/codec";
import { type SessionEvent } from "../../engine/event/event";
import { type OrketError } from "../../engine/error/orket-error";
import { initialState, type SessionState } from "../../engine/state/state";
import { type SessionView, viewSession } from "../../engine/view/session-view";
import { diskError } from "../files/durable";
import { type FileSystem, type Handle, unlessMissing } from "../files/file-system";
import { BlobReader } from "../session/blob-store";
import { checkChain } from "../session/chain-check";
import { headProblem, readHead } from "../session/head";
import {
  foldJournal,
  loadIndex,
  nearest,
  nearestOffset,
  staleAfterEvents,
  storeIndex,
} from "../session/journal-index";
import { type SessionEnvironment } from "../session/jsonl-session-store";
import { type SessionPaths, sessionPaths } from "../session/layout";
import { otherDefinition, readDefinition } from "../session/sessions";
import { nodeEnvironment } from "./session-runtime";

/** How many events a first screen shows. */
const firstScreenEvents = 200;

/** A session at first sight: what a screen shows at once, without its events in memory. */
export interface Glance {
  readonly id: string;
  readonly state: SessionState;
  readonly view: SessionView;
  /** Events in the journal. */
  readonly total: number;
  /** The last of them. */
  readonly last: readonly SessionEvent[];
  /** Why the events end where they do. */
  readonly problem?: OrketError;
  /** Whether an index spared reading the whole journal. */
  readonly indexed: boolean;
  /** Settles when an index that was missing or old is stored. Never fails. */
  readonly indexing: Promise<void>;
  /** Events by their numbers, from 0; fewer where the journal ends. @throws {OrketError} journal_damaged, disk_failed. */
  readEvents(from: number, count: number): Promise<SessionEvent[]>;
  /** Checks the whole chain, and the journal's end against what it was closed with; what is wrong, if anything is. */
  verifyChain(): Promise<OrketError | undefined>;
  readText(content: Content): Promise<string>;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
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

/**
 * Opens a session to look at it, whoever writes it: in a moment where an index stands beside the journal, whose chain is
 * then checked by `verifyChain` only; otherwise the journal is read once, and the index made.
 * @throws {OrketError} session_not_found, journal_damaged (the definition), format_unsupported, disk_failed.
 */
export async function openForView(
  directory: string,
  environment: SessionEnvironment = nodeEnvironment,
  lastEvents = firstScreenEvents,
): Promise<Glance> {
  const { fs } = environment;
  const paths = sessionPaths(directory);
  const { definition, definitionRef } = await readDefinition(environment, paths);
  const fresh = initialState(definition);
  const head = await readHead(fs, paths.head);
  const seen = await withJournal(fs, paths, undefined, async (journal) => {
    const stored = await loadIndex(fs, paths, journal, definition, definitionRef);
    const { part, index, first } = await foldJournal(fs, journal, stored, fresh, head?.events);
    // What an index covers is of this definition, or it would not have been loaded.
    const other = stored === undefined && first ? otherDefinition(paths, definitionRef, [first]) : undefined;
    const covered = stored !== undefined && head !== undefined && head.events < stored.position.lines;
    const problem = part.damage ?? (covered ? undefined : headProblem(head, part)) ?? other;
    const { lines } = index.position;
    const from = Math.max(0, lines - lastEvents);
    const last = await eventsFrom(fs, journal, nearest(index.offsets, from), from, lines - from);
    return { stored, index, problem, last };
  });
  const index = seen?.index;
  const total = index?.position.lines ?? 0;
  const isStale = total - (seen?.stored?.position.lines ?? 0) >= staleAfterEvents;
  const indexing =
    index !== undefined && isStale && seen?.problem === undefined
      ? storeIndex(environment, paths, index, definitionRef)
      : Promise.resolve();
  const blobs = new BlobReader(fs, paths.blobs);
  const state = index?.state ?? fresh;
  return {
    id: paths.id,
    state,
    view: viewSession(state),
    total,
    last: seen?.last ?? [],
    ...(seen?.problem === undefined ? {} : { problem: seen.problem }),
    indexed: seen?.stored !== undefined,
    indexing,
    readEvents: (from, count) =>
      withJournal(fs, paths, [], (journal) =>
        eventsFrom(fs, journal, nearest(index?.offsets ?? [], from), from, count),
      ),
    verifyChain: () =>
      withJournal(fs, paths, undefined, async (journal) => {
        if (index === undefined) return undefined;
        const { damage, digestAtMark } = await checkChain(fs, journal, index.position, head?.events);
        return damage ?? headProblem(head, { position: index.position, damage, digestAtMark });
      }),
    readText: (content) => blobs.getText(content),
    readBytes: (ref) => blobs.getBytes(ref),
  };
}

/**
 * Some events of a session, by their numbers, from 0, without reading what stands before them where there is an index.
 * @throws {OrketError} journal_damaged, disk_failed.
 */
export function readEvents(
  directory: string,
  from: number,
  count: number,
  { fs }: Pick<SessionEnvironment, "fs"> = nodeEnvironment,
): Promise<SessionEvent[]> {
  const paths = sessionPaths(directory);
  return withJournal(fs, paths, [], async (journal) =>
    eventsFrom(fs, journal, await nearestOffset(fs, paths, journal, from), from, count),
  );
}

const chunkBytes = 256 << 10;

async function eventsFrom(
  fs: FileSystem,
  journal: Handle,
  start: { readonly line: number; readonly offset: number },
  from: number,
  count: number,
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  let { line } = start;
  let rest: Buffer = Buffer.alloc(0);
  for (let at = start.offset; events.length < count;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = await fs.read(journal, chunk, at);
    if (length === 0) break;
    at += length;
    const data =
      rest.length === 0 ? chunk.subarray(0, length) : Buffer.concat([rest, chunk.subarray(0, length)]);
    let begin = 0;
    for (let end = data.indexOf(0x0a); end >= 0 && events.length < count; end = data.indexOf(0x0a, begin)) {
      if (line >= from) events.push(decodeLine(data.toString("utf8", begin, end), line + 1).event);
      line += 1;
      begin = end + 1;
    }
    rest = data.subarray(begin);
  }
  return events;
}
