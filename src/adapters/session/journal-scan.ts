import { constants } from "node:fs";
import { damaged, decodeLine, firstPrev } from "../../engine/event/codec";
import { type SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { type FileSystem } from "../files/file-system";
import { lastWritten } from "./journal-end";
import { sha256Bytes } from "../system/sha256";

const lineFeed = 0x0a;
const chunkBytes = 1 << 20;

/** How a journal ended when it was read line by line. */
export interface JournalScan {
  /** Whole lines that are as they were written. */
  readonly lines: number;
  /** SHA-256 of the last of them. */
  readonly head: string;
  /** A last line that was not written to its end. */
  readonly torn: string;
  /** Why the scan stopped before the end. */
  readonly damage: OrketError | undefined;
}

/**
 * Reads a journal line by line, checked as in any reading, in memory that does not grow with it. Where one of two lines
 * is damaged it does not say which: for that, `readJournal`.
 */
export async function scanJournal(
  fs: FileSystem,
  file: string,
  onLine: (event: SessionEvent, text: string, sha256: string) => void,
): Promise<JournalScan> {
  const handle = await fs.open(file, constants.O_RDONLY);
  let lines = 0;
  let head = firstPrev;
  let rest: Buffer = Buffer.alloc(0);
  const take = (bytes: Buffer): void => {
    const text = bytes.toString("utf8");
    const { event, prev } = decodeLine(text, lines + 1);
    if (prev !== head) throw damaged(lines + 1, "its prev is not the hash of the line before it");
    if (lines === 0 && event.type !== "session_start") throw damaged(1, "it does not start the session");
    lines += 1;
    head = sha256Bytes(bytes);
    onLine(event, text, head);
  };
  try {
    for (let at = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = await fs.read(handle, chunk, at);
      if (count === 0) break;
      at += count;
      const data =
        rest.length === 0 ? chunk.subarray(0, count) : Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
        take(data.subarray(start, end));
        start = end + 1;
      }
      rest = data.subarray(start);
    }
    return { lines, head, torn: rest.toString("utf8", 0, lastWritten(rest) + 1), damage: undefined };
  } catch (error) {
    if (!OrketError.is(error)) throw error;
    return { lines, head, torn: "", damage: error };
  } finally {
    await fs.close(handle);
  }
}
