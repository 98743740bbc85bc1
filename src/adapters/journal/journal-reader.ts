import { hash } from "node:crypto";
import { constants } from "node:fs";
import { damaged, decodeLine, firstPrev } from "../../engine/event/codec";
import type { JournalLine } from "../../engine/event/codec";
import type { SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { FileSystem, Handle } from "../files/file-system";
import { endOfWriting, lacksSectors, mostSpareBytes } from "./journal-end";
import { lineFeed, wholeLines } from "./journal-scan";

/** Lines between two recorded offsets. */
export const notedLines = 256;
/** Bytes that are read at once: few, since the thread is held meanwhile. */
const chunkBytes = 256 << 10;

/** How far a journal has been read: whole lines only. */
export interface JournalPosition {
  /** Whole lines read. */
  readonly lines: number;
  /** Where the next line starts. */
  readonly offset: number;
  /** SHA-256 of the last whole line. */
  readonly prev: string;
}

export const journalStart: JournalPosition = { lines: 0, offset: 0, prev: firstPrev };

/** What a journal holds from a position on. */
export interface JournalPart {
  readonly events: readonly SessionEvent[];
  /** After the last event. */
  readonly position: JournalPosition;
  /** Bytes of incompletely written lines at the end, without the zeros that a writer keeps ready there. */
  readonly tornBytes: number;
  /** Those zeros. */
  readonly spareBytes: number;
  /** Why reading stopped before the end; the events are those before the damaged line. */
  readonly damage: OrketError | undefined;
  /** SHA-256 of the line that the caller asked about; undefined when it was not read. */
  readonly digestAtMark: string | undefined;
  /** Where the lines start that are read here and whose number, from 0, is a multiple of `notedLines`. */
  readonly offsets: readonly number[];
  /** Where the last whole line starts. */
  readonly lastLine: number;
}

/** What a caller wants from a reading besides its result. */
export interface ReadOptions {
  /** Number of a line, from 1, whose digest is requested. */
  readonly mark?: number | undefined;
  /** Takes the events as they come, so that they are not kept in memory; the result then has none. */
  readonly take?: (events: readonly SessionEvent[]) => void;
  /** Takes the bytes of the lines that were read and checked, up to a damaged one. */
  readonly takeBytes?: (bytes: Uint8Array) => void;
}

/** Reads line after line, checks each and the chain between them, and stops at the first damaged one. */
class JournalParser {
  readonly events: SessionEvent[] = [];
  damage: OrketError | undefined;
  digestAtMark: string | undefined;
  readonly offsets: number[] = [];
  lastLine: number;
  #lines: number;
  #offset: number;
  #prev: string;
  /** A line that broke the chain waits for the next one, which shows which of the two is damaged. */
  #broken: { line: JournalLine; hash: string } | undefined;
  /** A line that only a newer engine can have written, unless the next one shows that it is damaged. */
  #unknown: { error: OrketError; hash: string } | undefined;
  /** A line with missing sectors: torn when it is at the end, damaged otherwise. */
  #zeroLine: OrketError | undefined;
  readonly #mark: number | undefined;

  constructor(
    from: JournalPosition,
    /** Number of the line whose digest is requested, from 1. */
    mark: number | undefined,
  ) {
    this.#mark = mark;
    ({ lines: this.#lines, offset: this.#offset, prev: this.#prev } = from);
    this.lastLine = this.#offset;
  }

  get position(): JournalPosition {
    return { lines: this.#lines, offset: this.#offset, prev: this.#prev };
  }

  /** Takes whole lines. */
  take(data: Buffer): void {
    let start = 0;
    while (this.damage === undefined) {
      const end = data.indexOf(lineFeed, start);
      if (end < 0) break;
      this.#line(data.subarray(start, end));
      start = end + 1;
    }
  }

  #line(bytes: Buffer): void {
    const text = bytes.toString("utf8");
    if (this.#zeroLine) {
      this.damage = this.#zeroLine;
      return;
    }
    if (this.#broken || this.#unknown) {
      this.#settle(text);
      return;
    }
    let line: JournalLine;
    try {
      line = decodeLine(text, this.#lines + 1);
      if (this.#lines === 0 && line.event.type !== "session_start") {
        throw damaged(1, `the first event is ${line.event.type} and not session_start`);
      }
    } catch (error) {
      if (!OrketError.is(error)) throw error;
      if (error.code === "format_unsupported") this.#unknown = { error, hash: hash("sha256", bytes, "hex") };
      else if (lacksSectors(bytes, this.#offset)) this.#zeroLine = error;
      else this.damage = error;
      return;
    }
    const own = hash("sha256", bytes, "hex");
    if (line.prev !== this.#prev) {
      this.#broken = { line, hash: own };
      return;
    }
    this.events.push(line.event);
    if (this.#lines % notedLines === 0) this.offsets.push(this.#offset);
    this.lastLine = this.#offset;
    this.#lines += 1;
    this.#offset += bytes.length + 1;
    this.#prev = own;
    if (this.#lines === this.#mark) this.digestAtMark = own;
  }

  /** The line after the doubtful one: when it has the doubtful one's hash, that one is as it was written. */
  #settle(next: string): void {
    const own = this.#broken?.hash ?? this.#unknown?.hash ?? "";
    const intact = next.endsWith(`"prev":"${own}"}`);
    if (this.#unknown) {
      this.damage = intact
        ? this.#unknown.error
        : damaged(this.#lines + 1, "the line after it has another hash for it");
      return;
    }
    if (intact) this.#blamePrevious();
    else this.#blameBroken();
  }

  #blamePrevious(): void {
    if (this.#lines === 0) {
      this.damage = damaged(1, "it names a line before it, and there is none");
      return;
    }
    this.events.pop();
    this.damage = damaged(this.#lines, "the line after it has another hash for it");
  }

  #blameBroken(): void {
    this.damage = damaged(this.#lines + 1, "its prev is not the hash of the line before it");
  }

  /** No more lines: decides what is still in doubt. */
  end(): void {
    if (this.damage) return;
    if (this.#unknown) this.damage = this.#unknown.error;
    if (this.#broken) {
      // One changed character in prev is this line's own; anything else means that the line before was changed.
      const { prev } = this.#broken.line;
      let different = 0;
      for (let at = 0; at < prev.length; at += 1) if (prev[at] !== this.#prev[at]) different += 1;
      if (different === 1) this.#blameBroken();
      else this.#blamePrevious();
    }
  }

  /**
   * Whether missing sectors are the only damage. A power loss can leave the end of a write and zeros in place of its
   * beginning: its pages reach the disk in any order.
   */
  get lacksOnly(): boolean {
    return this.#zeroLine !== undefined && (this.damage === undefined || this.damage === this.#zeroLine);
  }

  /** The sectors are missing where the last write was torn. */
  forgive(): void {
    this.damage = undefined;
  }
}

/** Reads an open journal from a position to its end at the time when the reading began. */
export async function readPart(
  fs: FileSystem,
  handle: Handle,
  from: JournalPosition,
  { mark, take, takeBytes }: ReadOptions = {},
): Promise<JournalPart> {
  const parser = new JournalParser(from, mark);
  const { end, length } = await endOfWriting(fs, handle);
  for await (const { data, at } of wholeLines(fs, handle, from.offset, end, { chunkBytes, ahead: true })) {
    parser.take(data);
    takeBytes?.(data.subarray(0, Math.max(0, parser.position.offset - at)));
    if (parser.damage !== undefined) break;
    // The last one is held back: the line after it may show that it is damaged.
    take?.(parser.events.splice(0, parser.events.length - 1));
  }
  parser.end();
  take?.(parser.events.splice(0));
  const tornBytes = Math.max(0, end - parser.position.offset);
  // No write into the zeros is longer than they are; what precedes such a write was confirmed.
  if (parser.lacksOnly && tornBytes <= mostSpareBytes) parser.forgive();
  const { events, position, damage, digestAtMark, offsets, lastLine } = parser;
  const behind = damage ? { tornBytes: 0, spareBytes: 0 } : { tornBytes, spareBytes: length - end };
  return { events, position, ...behind, damage, digestAtMark, offsets, lastLine };
}

/** Reads a journal's file; damage is reported together with the events before it. */
export async function readJournal(
  fs: FileSystem,
  file: string,
  options: ReadOptions = {},
): Promise<JournalPart> {
  const handle = await fs.open(file, constants.O_RDONLY);
  try {
    return await readPart(fs, handle, journalStart, options);
  } finally {
    await fs.close(handle);
  }
}
