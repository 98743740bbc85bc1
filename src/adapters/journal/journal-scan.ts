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

/** A piece of the file after room for the beginning of its first line. */
interface Piece {
  readonly buffer: Buffer;
  readonly end: number;
}

/**
 * The whole lines of an open file from one place to another, in pieces; what follows the last line feed is left out. Ends
 * early where the file does. A piece is the caller's until it asks for the next one: two buffers are used in turns.
 * @param from where a line starts.
 */
export async function* wholeLines(
  fs: FileSystem,
  handle: Handle,
  from: number,
  to: number,
  { chunkBytes, ahead }: ScanOptions,
): AsyncGenerator<LinesRead, void, void> {
  const most = Math.max(0, Math.min(chunkBytes, to - from));
  let spare: Buffer | undefined;
  const read = async (at: number): Promise<Piece> => {
    const buffer = spare ?? Buffer.allocUnsafe(headroom + most);
    spare = undefined;
    const length = Math.min(most, to - at);
    const count = length <= 0 ? 0 : await fs.read(handle, buffer.subarray(headroom, headroom + length), at);
    return { buffer, end: headroom + count };
  };
  let rest: Buffer = Buffer.alloc(0);
  let next: Promise<Piece> | undefined;
  try {
    for (let at = from; ;) {
      const { buffer, end } = await (next ?? read(at));
      next = undefined;
      if (end === headroom) return;
      const begin = at - rest.length;
      at += end - headroom;
      if (ahead) {
        next = read(at);
        next.catch(() => undefined);
      }
      const lineEnd = headroom + buffer.subarray(headroom, end).lastIndexOf(lineFeed) + 1;
      if (lineEnd === headroom) rest = Buffer.concat([rest, buffer.subarray(headroom, end)]);
      else {
        yield { data: after(rest, buffer, lineEnd), at: begin };
        rest = Buffer.from(buffer.subarray(lineEnd, end));
      }
      spare = buffer;
    }
  } finally {
    // The file must not be closed, nor its number reused, while a piece is being read.
    await next?.catch(() => undefined);
  }
}

/** What was read up to a line's end, after the rest of the piece before it. */
function after(rest: Buffer, buffer: Buffer, end: number): Buffer {
  if (rest.length > headroom) return Buffer.concat([rest, buffer.subarray(headroom, end)]);
  // The rest of a line lies right before its continuation, so that nothing else is copied.
  rest.copy(buffer, headroom - rest.length);
  return buffer.subarray(headroom - rest.length, end);
}
