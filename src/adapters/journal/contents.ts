import { constants } from "node:fs";
import * as z from "zod";
import { blobRefSchema } from "../../engine/event/content";
import type { BlobRef } from "../../engine/event/content";
import { defined } from "../../engine/model/defined";
import { unlessMissing } from "../files/file-system";
import type { FileSystem, Handle } from "../files/file-system";
import { sha256Bytes } from "../system/sha256";
import { once } from "../../engine/model/once";

/*
 * `contents`: the longer contents of one session, one after another. Each is a line that names it, its bytes, and a line
 * feed. `after` is the number of journal lines that were on the disk before the content was written: a line up to there
 * that lacks its content is damaged, a line after it can be the end of a write that a power loss cut short.
 *
 * A prompt mostly repeats what was said before. Its record can hold its parts instead of its text: `parts` is then the digest of
 * the bytes stored there, `sha256` that of the text they make up. Each part is a text, or refers to another record.
 */
const headerPattern =
  /^\{"sha256":"([0-9a-f]{64})","bytes":(\d{1,15}),"after":(\d{1,15})(?:,"parts":"([0-9a-f]{64})")?\}$/;
const headerMaxBytes = 240;
const headerBegin = Buffer.from('{"sha256":"');
const lineFeed = 0x0a;
const chunkBytes = 256 << 10;

/** The place of a content in the file. */
export interface ContentPlace {
  /** Of its first byte. */
  readonly offset: number;
  /** As stored in the file. */
  readonly bytes: number;
  /** Digest of these bytes where they are the content's parts; absent: they are the content. */
  readonly parts?: string;
}

/** A part of a content: a text of its own, or a content that is stored whole in the file. */
export type ContentPart = string | BlobRef;

/** Bytes of the text that a part stands for. */
export function bytesOfPart(part: ContentPart): number {
  return typeof part === "string" ? Buffer.byteLength(part) : part.bytes;
}

const partsSchema = once(() => z.array(z.union([z.string(), blobRefSchema])));

/** The longest content that is stored by its parts, in bytes: a few short records could refer to a very long one. */
export const composedMaxBytes = 64 << 20;

/** What is stored of a content of these parts. */
export function encodeParts(parts: readonly ContentPart[]): string {
  return JSON.stringify(parts);
}

/** One content as its header describes it; its bytes are unchecked. */
interface ContentRecord extends ContentPlace {
  readonly sha256: string;
  readonly after: number;
  /** Where the record begins. */
  readonly at: number;
  /** Where the next one begins. */
  readonly next: number;
}

/** A content to be written. */
export interface NewContent {
  readonly sha256: string;
  /** As it is stored: the content, or its parts; a text as UTF-8. */
  readonly stored: string | Uint8Array;
  /** The digest of `stored` where it is the content's parts. */
  readonly parts?: string;
}

/**
 * The records of these contents, one after another: header, content, line feed.
 * @param after journal lines that are on the disk already.
 * @returns the bytes, and each content's place in them.
 */
export function encodeContents(
  contents: readonly NewContent[],
  after: number,
): { readonly bytes: Buffer; readonly places: readonly ContentPlace[] } {
  let size = 0;
  const records = contents.map(({ sha256, stored, parts }) => {
    const bytes = typeof stored === "string" ? Buffer.byteLength(stored) : stored.length;
    const composed = parts === undefined ? "" : `,"parts":"${parts}"`;
    const header = `{"sha256":"${sha256}","bytes":${bytes},"after":${after}${composed}}\n`;
    const offset = size + header.length;
    size = offset + bytes + 1;
    return { header, stored, place: { offset, bytes, ...defined({ parts }) } };
  });
  const bytes = Buffer.allocUnsafe(size);
  for (const { header, stored, place } of records) {
    bytes.write(header, place.offset - header.length, "latin1");
    if (typeof stored === "string") bytes.write(stored, place.offset, "utf8");
    else bytes.set(stored, place.offset);
    bytes[place.offset + place.bytes] = lineFeed;
  }
  return { bytes, places: records.map(({ place }) => place) };
}

/** Records from an offset on, up to the first invalid one; whole chunks are read, contents beyond them skipped. */
async function* recordsFrom(
  fs: FileSystem,
  handle: Handle,
  from: number,
): AsyncGenerator<ContentRecord, void, void> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let chunkAt = 0;
  let length = 0;
  const has = (offset: number, bytes: number): boolean =>
    offset >= chunkAt && offset + bytes <= chunkAt + length;
  const load = async (offset: number): Promise<void> => {
    length = await fs.read(handle, chunk, offset);
    chunkAt = offset;
  };
  for (let at = from; ;) {
    if (!has(at, headerMaxBytes)) await load(at);
    const header = chunk.subarray(at - chunkAt, Math.min(length, at - chunkAt + headerMaxBytes));
    const end = header.indexOf(lineFeed);
    const fields = end < 0 ? null : headerPattern.exec(header.toString("latin1", 0, end));
    if (fields === null) return;
    const [, sha256 = "", count, after, parts] = fields;
    const offset = at + end + 1;
    const bytes = Number(count);
    const last = offset + bytes;
    if (!has(last, 1)) await load(last);
    // Not written to its end: nothing follows it.
    if (length === 0 || chunk[last - chunkAt] !== lineFeed) return;
    yield { sha256, offset, bytes, after: Number(after), at, next: last + 1, ...defined({ parts }) };
    at = last + 1;
  }
}

async function isWhole(
  fs: FileSystem,
  handle: Handle,
  { sha256, offset, bytes, parts }: ContentRecord,
): Promise<boolean> {
  const content = await readAt(fs, handle, { offset, bytes });
  return content.length === bytes && sha256Bytes(content) === (parts ?? sha256);
}

async function readAt(fs: FileSystem, handle: Handle, { offset, bytes }: ContentPlace): Promise<Buffer> {
  const content = Buffer.allocUnsafe(bytes);
  let length = 0;
  while (length < bytes) {
    const count = await fs.read(handle, content.subarray(length), offset + length);
    if (count === 0) break;
    length += count;
  }
  return content.subarray(0, length);
}

/** The next record after an invalid one whose bytes match its header; damage in between is skipped. */
async function nextWhole(
  fs: FileSystem,
  handle: Handle,
  from: number,
  end: number,
): Promise<ContentRecord | undefined> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let at = from; at < end;) {
    const length = await fs.read(handle, chunk, at);
    if (length === 0) return undefined;
    const read = chunk.subarray(0, length);
    for (let begin = read.indexOf(headerBegin); begin >= 0; begin = read.indexOf(headerBegin, begin + 1)) {
      for await (const record of recordsFrom(fs, handle, at + begin)) {
        if (await isWhole(fs, handle, record)) return record;
        break;
      }
    }
    // A header may cross the border of two chunks.
    at += Math.max(1, length - headerBegin.length);
    if (length < headerBegin.length) return undefined;
  }
  return undefined;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** How a session's contents end, found when it is opened for writing. */
export interface ContentsEnd {
  /** Where the next record goes. */
  readonly size: number;
  /** Journal lines that were on the disk before the last content was written; 0 where there is none. */
  readonly after: number;
}

/**
 * Finds where the contents end. The records of the last write are checked, since a power loss may have cut it short; a
 * damaged place followed by whole records is left alone, and its contents are missing.
 * @param length the file's length without zeros at its end.
 */
export async function contentsEnd(fs: FileSystem, handle: Handle, length: number): Promise<ContentsEnd> {
  let size = 0;
  let after = 0;
  for (let from = 0; ;) {
    let last: ContentRecord[] = [];
    for await (const record of recordsFrom(fs, handle, from)) {
      if (record.after !== after) last = [];
      last.push(record);
      after = record.after;
      size = record.next;
    }
    for (const record of last) {
      if (await isWhole(fs, handle, record)) continue;
      size = record.at;
      break;
    }
    const found = await nextWhole(fs, handle, size, length);
    if (found === undefined) return { size, after };
    from = found.at;
  }
}

/** Finds contents in the file of a session, whoever writes it; searches further when it has grown. */
export class ContentsReader {
  readonly #fs: FileSystem;
  readonly #source: string | Handle;
  /** Where each content may be, those stored whole first. An interrupted write can leave one whose bytes are damaged. */
  readonly #places = new Map<string, ContentPlace[]>();
  #scanned = 0;
  #scanning: Promise<void> | undefined;

  readonly #end: number;

  /**
   * @param source the session's `contents`, which may not exist, or the file that the caller has open.
   * @param end where its whole records end; what a torn write left behind it counts as absent.
   */
  constructor(fs: FileSystem, source: string | Handle, end = Number.MAX_SAFE_INTEGER) {
    this.#fs = fs;
    this.#source = source;
    this.#end = end;
  }

  /** Notes where a content was written, so that it need not be searched for. */
  note(sha256: string, place: ContentPlace): void {
    const known = this.#places.get(sha256) ?? [];
    if (known.some(({ offset }) => offset === place.offset)) return;
    // What is stored whole is also a part of others.
    if (place.parts === undefined) known.unshift(place);
    else known.push(place);
    this.#places.set(sha256, known);
  }

  /**
   * The content's bytes, unchecked; undefined when it, or a part of it, is not in the file.
   * @throws {Error} from the file system.
   */
  read({ sha256, bytes }: BlobRef): Promise<Buffer | undefined> {
    return this.#withFile(async (handle) => {
      const found = await this.#find(handle, sha256);
      if (found === undefined) return undefined;
      return found.parts === undefined ? found.stored : this.#compose(handle, found.stored, bytes);
    });
  }

  /** A part is whole in its own record, so that nothing is assembled twice. */
  async #compose(handle: Handle, stored: Buffer, bytes: number): Promise<Buffer | undefined> {
    const parts = partsSchema().safeParse(parsed(stored)).data;
    if (parts === undefined || bytes > composedMaxBytes) return undefined;
    const pieces: Buffer[] = [];
    let left = bytes;
    for (const part of parts) {
      const found = typeof part === "string" ? undefined : await this.#find(handle, part.sha256);
      const length = bytesOfPart(part);
      left -= length;
      if (left < 0) return undefined;
      if (typeof part === "string") pieces.push(Buffer.from(part, "utf8"));
      else if (found === undefined || found.parts !== undefined || found.stored.length !== length)
        return undefined;
      else pieces.push(found.stored);
    }
    return Buffer.concat(pieces);
  }

  async #withFile<T>(work: (handle: Handle) => Promise<T>): Promise<T | undefined> {
    if (typeof this.#source !== "string") return work(this.#source);
    const handle = await unlessMissing(this.#fs.open(this.#source, constants.O_RDONLY), undefined);
    if (handle === undefined) return undefined;
    try {
      return await work(handle);
    } finally {
      await this.#fs.close(handle);
    }
  }

  /** What is stored of a content: of several records the first whose bytes match, else the first. */
  async #find(
    handle: Handle,
    sha256: string,
  ): Promise<{ readonly stored: Buffer; readonly parts?: string } | undefined> {
    if (!this.#places.has(sha256)) await (this.#scanning ??= this.#scan(handle));
    const places = this.#places.get(sha256) ?? [];
    let first: { readonly stored: Buffer; readonly parts?: string } | undefined;
    for (const { offset, bytes, parts } of places) {
      const found = { stored: await readAt(this.#fs, handle, { offset, bytes }), ...defined({ parts }) };
      if (places.length === 1 || sha256Bytes(found.stored) === (parts ?? sha256)) return found;
      first ??= found;
    }
    return first;
  }

  async #scan(handle: Handle): Promise<void> {
    try {
      for (;;) {
        for await (const record of recordsFrom(this.#fs, handle, this.#scanned)) {
          const { sha256, offset, bytes, parts, next } = record;
          if (record.at >= this.#end) return;
          this.note(sha256, { offset, bytes, ...defined({ parts }) });
          this.#scanned = next;
        }
        const length = Number((await this.#fs.statHandle(handle)).size);
        const found = await nextWhole(this.#fs, handle, this.#scanned, length);
        if (found === undefined) return;
        this.#scanned = found.at;
      }
    } finally {
      this.#scanning = undefined;
    }
  }
}
