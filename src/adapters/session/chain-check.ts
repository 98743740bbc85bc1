import { hash } from "node:crypto";
import { damaged, firstPrev } from "../../engine/event/codec";
import { type OrketError } from "../../engine/error/orket-error";
import { type FileSystem, type Handle } from "../files/file-system";
import { type JournalPosition } from "./journal-reader";

const lineFeed = 0x0a;
const chunkBytes = 1 << 20;
/** `,"prev":"`, a digest, `"}`. */
const linkLength = 75;

/**
 * Checks the chain of an open journal up to a position that a reading reached, line by line, without parsing: each line's
 * number and its link to the line before it. A fraction of a reading's work, in memory that does not grow.
 * @param mark number of a line, from 1, whose digest is asked for.
 */
export async function checkChain(
  fs: FileSystem,
  handle: Handle,
  upTo: JournalPosition,
  mark?: number,
): Promise<{ damage: OrketError | undefined; digestAtMark: string | undefined }> {
  let lines = 0;
  let prev = firstPrev;
  let rest: Buffer = Buffer.alloc(0);
  let digestAtMark: string | undefined;
  const result = (what?: string): { damage: OrketError | undefined; digestAtMark: string | undefined } => ({
    damage: what === undefined ? undefined : damaged(lines + 1, what),
    digestAtMark,
  });
  for (let at = 0; at < upTo.offset;) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, upTo.offset - at));
    const count = await fs.read(handle, chunk, at);
    if (count === 0) return result("the journal ends before it");
    at += count;
    const fresh = chunk.subarray(0, count);
    const data = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
    let start = 0;
    for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
      const number = `{"seq":${lines.toString()},`;
      if (data.toString("latin1", start, start + number.length) !== number)
        return result("it is not the next line");
      if (data.toString("latin1", Math.max(start, end - linkLength), end) !== `,"prev":"${prev}"}`) {
        return result("its prev is not the hash of the line before it");
      }
      prev = hash("sha256", data.subarray(start, end), "hex");
      lines += 1;
      if (lines === mark) digestAtMark = prev;
      start = end + 1;
    }
    rest = data.subarray(start);
  }
  if (lines !== upTo.lines || prev !== upTo.prev) return result("the journal was changed while it was read");
  return result();
}
