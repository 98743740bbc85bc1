import type { FileSystem, Handle } from "../files/file-system";

export const lineFeed = 0x0a;
/** Room before a piece of the file for the beginning of its first line. */
const headroom = 16 << 10;

/** Lines of a journal, as they are in the file. */
export interface LinesRead {
  /** Whole lines, each with its line feed. */
  readonly data: Buffer;
  /** Where the first of them starts in the file. */
  readonly at: number;
}

interface ScanOptions {
  /** Bytes that are read and handed over at once: few where the thread is held for long by each. */
  readonly chunkBytes: number;
  /** Reads the next piece while one is worked on: for a caller that wants them all. */
  readonly ahead: boolean;
}

/** After the last line feed of what was read; the room before it does not count. */
function lineEnd(chunk: Buffer): number {
  return headroom + chunk.subarray(headroom).lastIndexOf(lineFeed) + 1;
}

/**
 * The whole lines of an open file from one place to another, in pieces; what follows the last line feed is left out. Ends
 * early where the file does.
 * @param from where a line starts.
 */
export async function* wholeLines(
  fs: FileSystem,
  handle: Handle,
  from: number,
  to: number,
  { chunkBytes, ahead }: ScanOptions,
): AsyncGenerator<LinesRead, void, void> {
  const read = async (at: number): Promise<Buffer> => {
    const length = Math.min(chunkBytes, to - at);
    if (length <= 0) return Buffer.alloc(headroom);
    const chunk = Buffer.allocUnsafe(headroom + length);
    const count = await fs.read(handle, chunk.subarray(headroom), at);
    return chunk.subarray(0, headroom + count);
  };
  let rest: Buffer = Buffer.alloc(0);
  let next: Promise<Buffer> | undefined;
  try {
    for (let at = from; ;) {
      const chunk = await (next ?? read(at));
      const count = chunk.length - headroom;
      if (count === 0) return;
      at += count;
      next = ahead ? read(at) : undefined;
      next?.catch(() => undefined);
      const end = lineEnd(chunk);
      if (end <= headroom) {
        rest = Buffer.concat([rest, chunk.subarray(headroom)]);
        continue;
      }
      const begin = at - count - rest.length;
      // The rest of a line lies right before its continuation, so that nothing else is copied.
      if (rest.length <= headroom) {
        rest.copy(chunk, headroom - rest.length);
        yield { data: chunk.subarray(headroom - rest.length, end), at: begin };
      } else yield { data: Buffer.concat([rest, chunk.subarray(headroom, end)]), at: begin };
      rest = chunk.subarray(end);
    }
  } finally {
    // The file must not be closed, nor its number reused, while a piece is being read.
    await next?.catch(() => undefined);
  }
}
