import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { once } from "../../engine/model/once";
import { defined } from "../../engine/model/defined";
import type { FileSystem, Handle } from "../files/file-system";
import { sha256Bytes } from "../system/sha256";
import { readState, userStateFolder, writeState } from "../system/user-state";
import { makeFolder } from "../files/make-folder";

/** How far a session's journal had grown when this machine last wrote it. */
export interface KnownEnd {
  /** Lines, from the first. */
  readonly lines: number;
  /** SHA-256 of the last of them. */
  readonly prev: string;
  /** Where the last of them ends in the journal: only where to look for it. Absent: an older version noted it. */
  readonly bytes?: number;
}

/**
 * Which sessions this user wrote on this machine, and how far. A folder that is copied here has no mark, whatever it
 * contains; a journal without the recorded line is not the one that was written here.
 */
export interface SessionMarks {
  /** @param first SHA-256 of the journal's first line, which names the session. */
  note(first: string, end: KnownEnd): Promise<void>;
  find(first: string): Promise<KnownEnd | undefined>;
  /** A code that only this user on this machine can compute from a text: a project's contents may come from anyone. */
  seal(text: string): Promise<string>;
}

const markSchema = once(() =>
  z.object({
    format: z.literal(1),
    lines: z.int().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().min(1).optional(),
    mac: z.string(),
  }),
);

const keyBytes = 32;

/** Marks in the user's state folder, each under a key of this user on this machine. */
export class UserSessionMarks implements SessionMarks {
  readonly #folder: () => string;
  #key: Promise<Buffer> | undefined;

  constructor(folder: () => string = userStateFolder) {
    this.#folder = folder;
  }

  async note(first: string, end: KnownEnd): Promise<void> {
    const { file, mac } = await this.#placeOf(first);
    const { lines, prev, bytes } = end;
    const known = await this.find(first);
    if (known?.lines === lines && known.prev === prev && known.bytes === bytes) return;
    await writeState(file, {
      format: 1,
      lines,
      sha256: prev,
      ...defined({ bytes }),
      mac: mac(`${lines} ${prev}`),
    });
  }

  async find(first: string): Promise<KnownEnd | undefined> {
    const { file, mac } = await this.#placeOf(first);
    const read = markSchema().safeParse(await readState(file));
    if (!read.success) return undefined;
    const { lines, sha256: prev, bytes } = read.data;
    const expected = Buffer.from(mac(`${lines} ${prev}`));
    const given = Buffer.from(read.data.mac);
    const isGenuine = expected.length === given.length && timingSafeEqual(expected, given);
    return isGenuine ? { lines, prev, ...defined({ bytes }) } : undefined;
  }

  async seal(text: string): Promise<string> {
    const key = await (this.#key ??= this.#readKey());
    return createHmac("sha256", key).update(`seal ${text}`).digest("hex");
  }

  async #placeOf(first: string): Promise<{ file: string; mac: (text: string) => string }> {
    const key = await (this.#key ??= this.#readKey());
    const mac = (text: string): string => createHmac("sha256", key).update(`${first} ${text}`).digest("hex");
    return { file: path.join(this.#folder(), "sessions", `${mac("name").slice(0, 40)}.json`), mac };
  }

  async #readKey(): Promise<Buffer> {
    const file = path.join(this.#folder(), "session.key");
    const known = await fs.promises.readFile(file).catch(() => undefined);
    if (known?.length === keyBytes) return known;
    await makeFolder(this.#folder(), 0o700);
    const fresh = randomBytes(keyBytes);
    const aside = `${file}.${fresh.toString("hex", 0, 4)}`;
    await fs.promises.writeFile(aside, fresh, { mode: 0o600, flag: "wx" });
    try {
      // Of two processes that create one, the first one's is kept.
      await fs.promises.link(aside, file);
      return fresh;
    } catch {
      const theirs = await fs.promises.readFile(file).catch(() => undefined);
      if (theirs?.length === keyBytes) return theirs;
      await fs.promises.copyFile(aside, file);
      return fresh;
    } finally {
      await fs.promises.rm(aside, { force: true });
    }
  }
}

const lineFeed = 0x0a;
/** How much is read at first, since most lines are short, and at most at a time. */
const firstBytes = 16 << 10;
const chunkBytes = 1 << 20;
/** The longest line that is searched for, in bytes. */
const longestLineBytes = 64 << 20;

/** SHA-256 of a journal's line, by its number from 1; undefined where there is none. */
export async function lineDigest(
  disk: FileSystem,
  journal: Handle,
  wanted: number,
): Promise<string | undefined> {
  let line = 1;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  for (let at = 0; ;) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(firstBytes, at)));
    const count = await disk.read(journal, chunk, at);
    if (count === 0) return undefined;
    at += count;
    const data = chunk.subarray(0, count);
    let begin = 0;
    for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, begin)) {
      if (line === wanted) return sha256Bytes(Buffer.concat([...kept, data.subarray(begin, end)]));
      line += 1;
      begin = end + 1;
      kept = [];
      keptBytes = 0;
    }
    if (line !== wanted) continue;
    kept.push(data.subarray(begin));
    keptBytes += count - begin;
    if (keptBytes > longestLineBytes) return undefined;
  }
}

/** SHA-256 of the line that ends with that byte of the journal, its line feed; undefined where none ends there. */
export async function digestOfLineEndingAt(
  disk: FileSystem,
  journal: Handle,
  end: number,
): Promise<string | undefined> {
  for (let length = firstBytes; ; length *= 4) {
    const from = Math.max(0, end - length);
    const chunk = Buffer.allocUnsafe(end - from);
    let count = 0;
    while (count < chunk.length) {
      const more = await disk.read(journal, chunk.subarray(count), from + count);
      if (more === 0) return undefined;
      count += more;
    }
    if (chunk.at(-1) !== lineFeed) return undefined;
    const line = chunk.subarray(chunk.subarray(0, -1).lastIndexOf(lineFeed) + 1, -1);
    if (line.length < chunk.length - 1 || from === 0) return sha256Bytes(line);
    if (length > longestLineBytes) return undefined;
  }
}

async function holds(disk: FileSystem, journal: Handle, { lines, prev, bytes }: KnownEnd): Promise<boolean> {
  if (bytes !== undefined && (await digestOfLineEndingAt(disk, journal, bytes)) === prev) return true;
  return (await lineDigest(disk, journal, lines)) === prev;
}

/** Whether this user wrote the journal on this machine; one that is not marked, or differs from its mark, is foreign. */
export async function isOurs(
  marks: SessionMarks | undefined,
  disk: FileSystem,
  journal: Handle,
): Promise<boolean> {
  if (marks === undefined) return true;
  const first = await lineDigest(disk, journal, 1);
  const known = first === undefined ? undefined : await marks.find(first);
  if (known === undefined) return false;
  return known.lines === 1 ? known.prev === first : holds(disk, journal, known);
}
