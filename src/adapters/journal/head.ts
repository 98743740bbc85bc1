import path from "node:path";
import * as z from "zod";
import { digestSchema } from "../../engine/event/content";
import { damaged } from "../../engine/event/codec";
import { OrketError } from "../../engine/error/orket-error";
import { replace, syncDir, writeNew } from "../files/durable";
import type { FileSystem } from "../files/file-system";
import type { JournalPart, JournalPosition } from "./journal-reader";
import type { SessionPaths } from "./layout";
import { once } from "../../engine/model/once";

const headSchema = once(() =>
  z.strictObject({
    format: z.literal(1),
    /** Lines in the journal. */
    events: z.int().min(1),
    /** SHA-256 of the last of them. */
    sha256: digestSchema,
    /** Bytes of the contents; absent: an older version closed it. */
    contents: z.int().min(0).optional(),
  }),
);
/**
 * `head.json`: where the journal ended when the session was last closed. Each line of a journal vouches for the one
 * before it; this vouches for the last one, which could otherwise be changed or cut off without a trace.
 */
export type Head = z.infer<ReturnType<typeof headSchema>>;

/** The head as stored; a missing or unreadable one vouches for nothing. */
export async function readHead(fs: FileSystem, file: string): Promise<Head | undefined> {
  try {
    return headSchema().safeParse(JSON.parse((await fs.readFile(file)).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Stores where the journal and the contents end, unless that is already stored. Only the writer may, and after its last sync. */
export async function writeHead(
  fs: FileSystem,
  paths: SessionPaths,
  { lines, prev, contents }: Pick<JournalPosition, "lines" | "prev"> & { readonly contents: number },
): Promise<void> {
  if (lines === 0) return;
  const stored = await readHead(fs, paths.head);
  if (stored?.events === lines && stored.sha256 === prev && stored.contents === contents) return;
  const head: Head = { format: 1, events: lines, sha256: prev, contents };
  const aside = path.join(paths.tmp, "head.json");
  await writeNew(fs, aside, Buffer.from(`${JSON.stringify(head)}\n`));
  await replace(fs, aside, paths.head);
  await syncDir(fs, paths.dir);
}

/** What a journal lacks, or has in another form, compared with when the session was last closed. */
export function headProblem(
  head: Head | undefined,
  part: Pick<JournalPart, "position" | "damage" | "digestAtMark">,
): OrketError | undefined {
  if (head === undefined || part.damage !== undefined) return undefined;
  const { lines } = part.position;
  if (lines < head.events) {
    const missing = head.events - lines;
    return damaged(lines + 1, `it had ${head.events} lines when it was last closed; ${missing} are missing`);
  }
  if (part.digestAtMark === head.sha256) return undefined;
  return new OrketError(
    "journal_damaged",
    `The journal was changed after it was written: its line ${head.events} is not the one that it was closed with.`,
    {
      hint: "What stands in it can still be read, exported and forked. Restore the file from a backup to go on.",
      details: { line: head.events },
    },
  );
}

/** Whether the journal ends where the head records, so that nothing can be missing. */
export function isSealed(head: Head | undefined, { position }: JournalPart): boolean {
  return head?.events === position.lines && head.sha256 === position.prev;
}

/**
 * Unexpected bytes after a journal's last line. Closing truncates the zeros before it records where the
 * journal ends: bytes after that come from another program.
 */
export function cutBytesOf(head: Head | undefined, part: JournalPart): number {
  return part.tornBytes + (isSealed(head, part) ? part.spareBytes : 0);
}
