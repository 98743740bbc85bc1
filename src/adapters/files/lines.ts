import type { FileMissing, LineRange, LinesRead } from "../../engine/port/files";
import { describeBytes } from "../../engine/policy/file-kind";
import type { FileSystem, Handle } from "./file-system";

/** How much of a file is read to count its lines; the lines of a larger one are not all counted. */
const maxCountedBytes = 512 << 20;
const chunkBytes = 256 << 10;
const newline = 10;
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** The lines of an open text file of any size: only those of the range are held. */
export async function readLines(
  fs: FileSystem,
  handle: Handle,
  name: string,
  range: LineRange,
): Promise<Pick<LinesRead, "kind" | "lines" | "start" | "total" | "cut"> | FileMissing> {
  const reader = new LineReader(range);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let offset = 0;
  let whole = true;
  for (;;) {
    const count = await fs.read(handle, buffer, offset);
    if (count === 0) break;
    const chunk = buffer.subarray(0, count);
    if (offset === 0 && isBinary(chunk)) return notText(name, chunk, await sizeOf(fs, handle));
    reader.take(chunk);
    offset += count;
    if (offset >= maxCountedBytes && reader.hasAll) {
      whole = false;
      break;
    }
  }
  const text = reader.text();
  if (text === undefined) return notText(name, reader.sample(), await sizeOf(fs, handle));
  return {
    kind: "lines",
    lines: text,
    start: range.start,
    total: whole ? reader.total : undefined,
    cut: reader.cut,
  };
}

async function sizeOf(fs: FileSystem, handle: Handle): Promise<number> {
  return Number((await fs.statHandle(handle)).size);
}

function isBinary(chunk: Buffer): boolean {
  return chunk.subarray(0, 8000).includes(0);
}

function notText(name: string, bytes: Uint8Array, size: number): FileMissing {
  return {
    kind: "missing",
    message: `${name} is not UTF-8 text: it is ${describeBytes(bytes)} of ${size} bytes.`,
  };
}

class LineReader {
  readonly #range: LineRange;
  readonly #parts: Buffer[] = [];
  #kept = 0;
  /** Number of the line that the next byte belongs to. */
  #line = 1;
  #endsWithNewline = true;
  #start = Buffer.alloc(0);
  #lines = 0;
  cut = false;

  constructor(range: LineRange) {
    this.#range = range;
  }

  /** Lines so far; a line end at the end of the file starts no further line, and a byte order mark alone is no line. */
  get total(): number {
    if (this.#start.equals(mark)) return 0;
    return this.#endsWithNewline ? this.#line - 1 : this.#line;
  }

  get hasAll(): boolean {
    return this.cut || this.#line > this.#range.end;
  }

  take(chunk: Buffer): void {
    this.#endsWithNewline = chunk.at(-1) === newline;
    if (this.#start.length <= mark.length)
      this.#start = Buffer.concat([this.#start, chunk.subarray(0, mark.length + 1)]);
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(newline, at);
      const stop = end < 0 ? chunk.length : end + 1;
      if (this.#line >= this.#range.start && this.#line <= this.#range.end && !this.cut)
        this.#keep(chunk.subarray(at, stop), end >= 0);
      if (end >= 0) this.#line += 1;
      at = stop;
    }
  }

  #keep(part: Buffer, ends: boolean): void {
    // A byte is at most one character, so the cut is never too late by more than that.
    const room = this.#range.maxLength * 4 - this.#kept;
    if (part.length > room && this.#lines > 0) {
      this.cut = true;
      return;
    }
    this.#parts.push(Buffer.from(part.subarray(0, Math.max(room, 4))));
    this.#kept += part.length;
    if (ends) this.#lines += 1;
  }

  /** undefined: not UTF-8. */
  text(): readonly string[] | undefined {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(this.#parts));
    } catch {
      // The last line may have been cut within a character.
      text = Buffer.concat(this.#parts).toString("utf8");
      if (text.slice(0, -1).includes("\ufffd")) return undefined;
      text = text.replace(/\ufffd$/, "");
    }
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    const shown: string[] = [];
    let length = 0;
    for (const line of lines) {
      length += line.length + 1;
      if (length > this.#range.maxLength && shown.length > 0) {
        this.cut = true;
        break;
      }
      shown.push(line.endsWith("\r") ? line.slice(0, -1) : line);
    }
    return shown;
  }

  sample(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
