import { blobsIn } from "../../engine/history/replay";
import { unlessMissing } from "../files/file-system";
import type { FileSystem, Handle } from "../files/file-system";
import { sha256Bytes } from "../system/sha256";
import { blobFile } from "./blob-store";
import { ContentsReader } from "./contents";
import type { ContentsEnd } from "./contents";
import { JournalLines } from "./journal-lines";
import type { JournalPosition } from "./journal-reader";
import type { SessionPaths } from "./layout";

/** Most bytes of lines that one write can have left without their contents; what stands further back is damage. */
const mostTornBytes = 256 << 10;
/** No write has more lines. */
const mostTornLines = 4096;

/**
 * The first line at a journal's end that lacks its contents because a power loss cut short the write of both: lines and
 * contents come to the disk in any order. Nothing had followed from it. Only for a session that was not closed.
 * @param end where the contents end, and how many journal lines were certainly on the disk: what these lack is damage.
 * @returns the number of whole lines before it and where it begins; undefined where nothing is torn.
 */
export async function tornLine(
  fs: FileSystem,
  paths: SessionPaths,
  journal: Handle,
  { position, offsets }: { readonly position: JournalPosition; readonly offsets: readonly number[] },
  { size, after }: ContentsEnd,
): Promise<{ readonly lines: number; readonly offset: number } | undefined> {
  const from = Math.max(after, position.lines - mostTornLines);
  const placed = await new JournalLines(fs, offsets).readPlaced(journal, from, position.lines - from);
  const contents = new ContentsReader(fs, paths.contents, size);
  for (const { event, offset } of placed) {
    for (const { ref } of blobsIn(event.data)) {
      // A record of the last write can be torn with whole ones behind it: only what reads right is there.
      const bytes = await contents.read(ref);
      if (bytes !== undefined && sha256Bytes(bytes) === ref.sha256) continue;
      const shared = fs.lstat(blobFile(paths.blobs, ref.sha256));
      if ((await unlessMissing(shared, undefined)) !== undefined) continue;
      return position.offset - offset <= mostTornBytes ? { lines: event.seq, offset } : undefined;
    }
  }
  return undefined;
}
