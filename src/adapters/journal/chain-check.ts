import { hash } from "node:crypto";
import { damaged, firstPrev } from "../../engine/event/codec";
import type { OrketError } from "../../engine/error/orket-error";
import type { FileSystem, Handle } from "../files/file-system";
import type { JournalPosition } from "./journal-reader";

const lineFeed = 0x0a;
/** Bytes that are checked at once: few, since the thread is held meanwhile. */
const chunkBytes = 512 << 10;
/** Room before a piece of the file for the beginning of its first line. */
const headroom = 16 << 10;
/** `,"prev":"`, a digest, `"}`. */
const linkLength = 75;

/**
 * Checks the chain of an open journal up to a position that a reading reached, line by line, without parsing: each line's
 * link to the line before it, and that the last one is the line that the reading reached, which covers them all. A fraction of
 * a reading's work, in constant memory.
 * @param mark number of a line, from 1, whose digest is requested.
 */
export async function checkChain(
  fs: FileSystem,
  handle: Handle,
  upTo: JournalPosition,
  mark?: number,
): Promise<{ damage: OrketError | undefined; digestAtMark: string | undefined }> {
  let lines = 0;
  let prev = firstPrev;
  let digestAtMark: string | undefined;
  const result = (what?: string): { damage: OrketError | undefined; digestAtMark: string | undefined } => ({
    damage: what === undefined ? undefined : damaged(lines + 1, what),
    digestAtMark,
  });
  for await (const data of wholeLines(fs, handle, upTo.offset)) {
    let start = 0;
    for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
      if (data.toString("latin1", Math.max(start, end - linkLength), end) !== `,"prev":"${prev}"}`) {
        return result("its prev is not the hash of the line before it");
      }
      prev = hash("sha256", data.subarray(start, end), "hex");
      lines += 1;
      if (lines === mark) digestAtMark = prev;
      start = end + 1;
    }
  }
  if (lines !== upTo.lines || prev !== upTo.prev) return result("the journal was changed while it was read");
  return result();
}

/** After the last line feed of what was read; the room before it does not count. */
function lineEnd(chunk: Buffer): number {
  return headroom + chunk.subarray(headroom).lastIndexOf(lineFeed) + 1;
}

/** The file's first bytes in pieces that end with a line; the next piece is always being read. Ends early where the file does. */
async function* wholeLines(
  fs: FileSystem,
  handle: Handle,
  bytes: number,
): AsyncGenerator<Buffer, void, void> {
  const read = async (at: number): Promise<Buffer> => {
    const length = Math.min(chunkBytes, bytes - at);
    if (length <= 0) return Buffer.alloc(headroom);
    const chunk = Buffer.allocUnsafe(headroom + length);
    const count = await fs.read(handle, chunk.subarray(headroom), at);
    return chunk.subarray(0, headroom + count);
  };
  let rest: Buffer = Buffer.alloc(0);
  let next = read(0);
  try {
    for (let at = 0; ;) {
      const chunk = await next;
      const count = chunk.length - headroom;
      if (count === 0) return;
      at += count;
      next = read(at);
      next.catch(() => undefined);
      const end = lineEnd(chunk);
      if (end <= headroom) {
        rest = Buffer.concat([rest, chunk.subarray(headroom)]);
        continue;
      }
      // The rest of a line lies right before its continuation, so that nothing else is copied.
      if (rest.length <= headroom) {
        rest.copy(chunk, headroom - rest.length);
        yield chunk.subarray(headroom - rest.length, end);
      } else yield Buffer.concat([rest, chunk.subarray(headroom, end)]);
      rest = chunk.subarray(end);
    }
  } finally {
    // The file must not be closed, nor its number reused, while a piece is being read.
    await next.catch(() => undefined);
  }
}
