import { createHash, hash } from "node:crypto";
import { damaged } from "../../engine/event/codec";
import type { OrketError } from "../../engine/error/orket-error";
import type { FileSystem, Handle } from "../files/file-system";
import { journalStart, notedLines } from "./journal-reader";
import type { JournalPosition } from "./journal-reader";
import { lineFeed, wholeLines } from "./journal-scan";

/** Bytes that are checked at once: few, since the thread is held meanwhile. */
const chunkBytes = 512 << 10;
/** `,"prev":"`, a digest, `"}`. */
const linkLength = 75;

/** A stretch of a journal whose chain was checked; it begins where the one before it ends. */
export interface CheckedPart {
  /** Where it ends in the journal: after a line. */
  readonly end: number;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
}

/** What walking along the chain from one position to another has found. */
interface Walk {
  readonly position: JournalPosition;
  /** Where the last line starts. */
  readonly lastLine: number;
  /** Where each line starts whose number, from 0, is a multiple of `notedLines`. */
  readonly offsets: readonly number[];
  /** SHA-256 of the bytes between both positions. */
  readonly sha256: string;
  readonly digestAtMark: string | undefined;
  /** The line after the position has another link. */
  readonly broken: boolean;
}

/**
 * Walks along the chain of an open journal, line by line, without parsing: each line's link to the line before it. A
 * fraction of a reading's work, in constant memory.
 * @param until where to stop: after this many lines of the journal, or at this byte.
 * @param mark number of a line, from 1, whose digest is requested.
 */
export async function walkChain(
  fs: FileSystem,
  handle: Handle,
  from: JournalPosition,
  until: { readonly lines?: number; readonly offset?: number },
  mark?: number,
): Promise<Walk> {
  let { lines, offset, prev } = from;
  let lastLine = offset;
  let digestAtMark: string | undefined;
  const offsets: number[] = [];
  const digest = createHash("sha256");
  const most = until.lines ?? Infinity;
  const found = (broken: boolean): Walk => {
    const position = { lines, offset, prev };
    return { position, lastLine, offsets, sha256: digest.digest("hex"), digestAtMark, broken };
  };
  if (lines >= most) return found(false);
  const options = { chunkBytes, ahead: true };
  for await (const { data, at } of wholeLines(fs, handle, offset, until.offset ?? Infinity, options)) {
    let start = 0;
    for (let end = data.indexOf(lineFeed); end >= 0 && lines < most; end = data.indexOf(lineFeed, start)) {
      if (data.toString("latin1", Math.max(start, end - linkLength), end) !== `,"prev":"${prev}"}`)
        return found(true);
      prev = hash("sha256", data.subarray(start, end), "hex");
      if (lines % notedLines === 0) offsets.push(at + start);
      lastLine = at + start;
      lines += 1;
      if (lines === mark) digestAtMark = prev;
      start = end + 1;
    }
    digest.update(data.subarray(0, start));
    offset = at + start;
    if (lines >= most) break;
  }
  return found(false);
}

/**
 * Checks the chain of an open journal up to a position that a reading reached: each line's link, and that the last one is the
 * line that the reading reached, which covers them all.
 * @param mark number of a line, from 1, whose digest is requested.
 */
export async function checkChain(
  fs: FileSystem,
  handle: Handle,
  upTo: JournalPosition,
  mark?: number,
): Promise<{
  readonly damage: OrketError | undefined;
  readonly digestAtMark: string | undefined;
  readonly part: CheckedPart;
}> {
  const walk = await walkChain(fs, handle, journalStart, { offset: upTo.offset }, mark);
  const { position, digestAtMark, broken, sha256 } = walk;
  const part = { end: upTo.offset, sha256 };
  const result = (what: string) => ({ damage: damaged(position.lines + 1, what), digestAtMark, part });
  if (broken) return result("its prev is not the hash of the line before it");
  if (position.lines !== upTo.lines || position.prev !== upTo.prev)
    return result("the journal was changed while it was read");
  return { damage: undefined, digestAtMark, part };
}

/** Whether an open journal holds the bytes that were checked, in whole lines. */
export async function holdsParts(
  fs: FileSystem,
  handle: Handle,
  parts: readonly CheckedPart[],
): Promise<boolean> {
  let at = 0;
  for (const { end, sha256 } of parts) {
    const digest = createHash("sha256");
    let length = 0;
    for await (const { data } of wholeLines(fs, handle, at, end, { chunkBytes, ahead: true })) {
      digest.update(data);
      length += data.length;
    }
    if (at + length !== end || digest.digest("hex") !== sha256) return false;
    at = end;
  }
  return true;
}

/** SHA-256 of a journal's line, by its number from 1; undefined where there is none. @param from where a line before it starts. */
export async function digestOfLine(
  fs: FileSystem,
  handle: Handle,
  from: Pick<JournalPosition, "lines" | "offset">,
  wanted: number,
): Promise<string | undefined> {
  let { lines } = from;
  for await (const { data } of wholeLines(fs, handle, from.offset, Infinity, { chunkBytes, ahead: false })) {
    let start = 0;
    for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
      lines += 1;
      if (lines === wanted) return hash("sha256", data.subarray(start, end), "hex");
      start = end + 1;
    }
  }
  return undefined;
}
