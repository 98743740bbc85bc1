import { blobsIn } from "../../engine/history/difference";
import { unlessMissing } from "../files/file-system";
import type { FileSystem, Handle } from "../files/file-system";
import { sha256Bytes } from "../system/sha256";
import { blobFile } from "./blob-store";
import { contentsEnd, ContentsReader } from "./contents";
import type { ContentsEnd } from "./contents";
import { endOfWriting } from "./journal-end";
import { JournalLines } from "./journal-lines";
import type { JournalPosition } from "./journal-reader";
import type { SessionPaths } from "./layout";

/** Most bytes of lines that one write can have left without their contents; anything earlier is damage. */
const mostTornBytes = 256 << 10;
/** No write has more lines. */
const mostTornLines = 4096;

/** A journal and the contents beside it, open. */
interface OpenJournal {
  readonly journal: Handle;
  readonly contents: Handle;
}

/** What was read of the journal: its end, and where its lines begin. */
interface ReadLines {
  readonly position: JournalPosition;
  readonly offsets: readonly number[];
}

/** The number of whole lines before the torn one, and where it begins in the journal. */
export interface TornLine {
  readonly lines: number;
  readonly offset: number;
}

/**
 * How a session ends on the disk after a writer died: where its contents end, and the torn line.
 * @param closed whether it was closed, or is damaged: then no line counts as torn.
 * @param closedBytes of the contents when the session was closed, if nothing was added since: then they need not be searched.
 */
export async function sessionEnd(
  fs: FileSystem,
  paths: SessionPaths,
  open: OpenJournal,
  read: ReadLines,
  closed: boolean,
  closedBytes?: number,
): Promise<{ readonly end: ContentsEnd; readonly torn: TornLine | undefined }> {
  const { end: length } = await endOfWriting(fs, open.contents);
  if (closed && closedBytes === length) return { end: { size: length, after: 0 }, torn: undefined };
  const end = await contentsEnd(fs, open.contents, length);
  return { end, torn: closed ? undefined : await tornLine(fs, paths, open, read, end) };
}

/**
 * The first line at a journal's end that lacks its contents because a power loss cut short the write of both: lines and
 * contents reach the disk in any order. Nothing had followed from it. Only for a session that was not closed.
 * @param end where the contents end, and how many journal lines were certainly on the disk: if these lack contents, it is damage.
 * @returns the number of whole lines before it and where it begins; undefined where nothing is torn.
 */
async function tornLine(
  fs: FileSystem,
  paths: SessionPaths,
  { journal, contents: handle }: OpenJournal,
  { position, offsets }: ReadLines,
  { size, after }: ContentsEnd,
): Promise<TornLine | undefined> {
  const from = Math.max(after, position.lines - mostTornLines);
  const placed = await new JournalLines(fs, offsets).readPlaced(journal, from, position.lines - from);
  const contents = new ContentsReader(fs, handle, size);
  for (const { event, offset } of placed) {
    for (const { ref } of blobsIn(event.data)) {
      // A record of the last write can be torn with whole ones after it: only records that match their digests exist.
      const bytes = await contents.read(ref);
      if (bytes !== undefined && sha256Bytes(bytes) === ref.sha256) continue;
      const shared = fs.lstat(blobFile(paths.blobs, ref.sha256));
      if ((await unlessMissing(shared, undefined)) !== undefined) continue;
      return position.offset - offset <= mostTornBytes ? { lines: event.seq, offset } : undefined;
    }
  }
  return undefined;
}
