import path from "node:path";
import { inlineContentMaxBytes, isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import type { FileSystem } from "../files/file-system";
import { sha256, sha256Bytes } from "../system/sha256";
import type { AppendFile } from "./append-file";
import { bytesOfPart, composedMaxBytes, ContentsReader, encodeContents, encodeParts } from "./contents";
import type { ContentPart } from "./contents";
import type { SessionPaths } from "./layout";

/** Of contents kept in memory, in bytes, or UTF-16 units of a text. */
const cacheMaxLength = 8 << 20;
/** Prompts kept in memory: of the steps under way, whose next turns read them. Each is read by no other step. */
const cachedPrompts = 32;
/** Of texts whose digests are kept in memory, in UTF-16 units. */
const digestedMaxLength = 2 << 20;
/** A shorter part of a content is stored in its record: referring to another record would take as many bytes. */
const partMinBytes = 256;

function missing(ref: BlobRef, why: string, cause?: unknown): OrketError {
  return new OrketError("blob_missing", `A content of the session ${why} (blob ${ref.sha256}).`, {
    hint: "Restore the session's folder and .orket/blobs from a backup; what does not need this content still works.",
    details: { sha256: ref.sha256, bytes: ref.bytes },
    cause,
  });
}

/** The path of a blob; `root` is `.orket/blobs/sha256`. */
export function blobFile(root: string, digest: string): string {
  return path.join(root, digest.slice(0, 2), digest.slice(2));
}

/**
 * A bounded map in two halves: what was not used while the newer half filled goes with the older one. A use costs a look,
 * not a new order of the entries.
 */
class Recent<K, V extends { readonly length: number }> {
  #newer = new Map<K, V>();
  #older = new Map<K, V>();
  readonly #maxLength: number;
  readonly #maxCount: number;
  /** Of the newer half. */
  #length = 0;

  /** @param maxLength of all entries together. */
  constructor(maxLength: number, maxCount = Infinity) {
    this.#maxLength = maxLength;
    this.#maxCount = maxCount;
  }

  get(key: K): V | undefined {
    const found = this.#newer.get(key);
    if (found !== undefined) return found;
    const old = this.#older.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** Keeps the value, unless it is so long that few others would stay. */
  set(key: K, value: V): void {
    if (value.length > this.#maxLength / 8) return;
    this.#length += value.length - (this.#newer.get(key)?.length ?? 0);
    this.#newer.set(key, value);
    if (this.#length <= this.#maxLength / 2 && this.#newer.size < this.#maxCount / 2) return;
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#length = 0;
  }
}

/**
 * The digests of texts that come again, such as a role's prompt: the last text of each length. Comparing with it costs a
 * tenth of hashing the text, whether with SHA-256 or for a map.
 */
class RecentDigests {
  readonly #byLength = new Map<number, { readonly text: string; readonly ref: BlobRef }>();
  #length = 0;

  get(text: string): BlobRef | undefined {
    const last = this.#byLength.get(text.length);
    return last?.text === text ? last.ref : undefined;
  }

  set(text: string, ref: BlobRef): void {
    if (text.length > digestedMaxLength / 8) return;
    if (!this.#byLength.has(text.length)) this.#length += text.length;
    if (this.#length > digestedMaxLength) {
      this.#byLength.clear();
      this.#length = text.length;
    }
    this.#byLength.set(text.length, { text, ref });
  }
}

/** Reads a session's contents, each checked against its digest: from its own file, else from an older version's shared blobs. */
export class BlobReader {
  protected readonly cache = new Recent<string, string | Uint8Array>(cacheMaxLength);
  protected readonly contents: ContentsReader;
  readonly #fs: FileSystem;
  readonly #root: string;

  constructor(fs: FileSystem, paths: Pick<SessionPaths, "contents" | "blobs">) {
    this.#fs = fs;
    this.#root = paths.blobs;
    this.contents = new ContentsReader(fs, paths.contents);
  }

  /** @throws {OrketError} blob_missing when it does not exist or does not match its digest. */
  async getBytes(ref: BlobRef): Promise<Uint8Array> {
    const cached = this.cache.get(ref.sha256);
    if (cached !== undefined) {
      const bytes = typeof cached === "string" ? Buffer.from(cached, "utf8") : Uint8Array.from(cached);
      if (bytes.length !== ref.bytes) throw missing(ref, "has another length than its event says");
      return bytes;
    }
    const bytes = await this.#read(ref);
    this.cache.set(ref.sha256, bytes);
    return Uint8Array.from(bytes);
  }

  async getText(content: Content): Promise<string> {
    if (isInline(content)) return content.text;
    const cached = this.cache.get(content.sha256);
    if (typeof cached === "string") return cached;
    const bytes = cached ?? (await this.#read(content));
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    // Bytes that are not text stay bytes, or they would come back changed.
    this.cache.set(content.sha256, text.includes("\ufffd") ? bytes : text);
    return text;
  }

  async #read(ref: BlobRef): Promise<Uint8Array> {
    const bytes = await this.stored(ref);
    if (bytes.length !== ref.bytes || sha256Bytes(bytes) !== ref.sha256) {
      throw missing(ref, "is not what was stored");
    }
    return bytes;
  }

  protected async stored(ref: BlobRef): Promise<Uint8Array> {
    try {
      return (await this.contents.read(ref)) ?? (await this.#fs.readFile(blobFile(this.#root, ref.sha256)));
    } catch (error) {
      throw missing(ref, "cannot be read", error);
    }
  }
}

/** A content waiting to be written to the file. */
interface Unwritten {
  readonly content: string | Uint8Array;
  /** What is stored in its place where it is stored by its parts. */
  readonly parts?: string;
}

/** Accepts contents immediately and writes them to the file on request; readable from the first moment. */
export class BlobStore extends BlobReader {
  /** Queued or being written. */
  readonly #unwritten = new Map<string, Unwritten>();
  #queue: string[] = [];
  /** In the file, or queued for it, by its form there: only a content stored whole can be a part of another. */
  readonly #known = new Map<string, "whole" | "parts">();
  readonly #digests = new RecentDigests();
  readonly #prompts = new Recent<string, string>(cacheMaxLength, cachedPrompts);
  readonly #file: AppendFile;

  constructor(fs: FileSystem, paths: SessionPaths, file: AppendFile) {
    super(fs, paths);
    this.#file = file;
  }

  /** @param parts what the text is made of: what was stored before as a content or a part is only referred to. */
  putText(text: string, parts: readonly string[] = []): Content {
    const before = text.length > inlineContentMaxBytes ? this.#digests.get(text) : undefined;
    if (before !== undefined) return this.#put(before, text);
    const isOfThatLength = text.length > inlineContentMaxBytes && text.length <= composedMaxBytes;
    if (isOfThatLength && parts.length > 1 && parts.every((part) => part.isWellFormed()))
      return this.#putComposed(text, parts);
    const bytes = Buffer.byteLength(text);
    const isWellFormed = text.isWellFormed();
    if (bytes <= inlineContentMaxBytes) {
      // Half of a surrogate pair has no UTF-8: what is returned must be what the disk will return.
      return { text: isWellFormed ? text : Buffer.from(text, "utf8").toString("utf8") };
    }
    const ref = { sha256: sha256(text), bytes };
    if (!isWellFormed) return this.#put(ref, Buffer.from(text, "utf8"));
    this.#digests.set(text, ref);
    return this.#put(ref, text);
  }

  /** The lengths of its parts are known, so that the text is gone through once, for its digest. */
  #putComposed(text: string, parts: readonly string[]): BlobRef {
    const stored = parts.filter((part) => part !== "").map((part) => this.#putPart(part));
    const bytes = stored.reduce((sum, part) => sum + bytesOfPart(part), 0);
    const ref = { sha256: sha256(text), bytes };
    this.#prompts.set(ref.sha256, text);
    if (!this.#known.has(ref.sha256)) {
      const isComposed = bytes <= composedMaxBytes;
      this.#take(ref.sha256, { content: text, ...(isComposed ? { parts: encodeParts(stored) } : {}) });
    }
    return ref;
  }

  putBytes(bytes: Uint8Array): BlobRef {
    return this.#put({ sha256: sha256Bytes(bytes), bytes: bytes.length }, Uint8Array.from(bytes));
  }

  #putPart(text: string): ContentPart {
    if (text.length < partMinBytes && Buffer.byteLength(text) < partMinBytes) return text;
    let ref = this.#digests.get(text);
    if (ref === undefined) {
      ref = { sha256: sha256(text), bytes: Buffer.byteLength(text) };
      this.#digests.set(text, ref);
    }
    const known = this.#known.get(ref.sha256);
    if (known === undefined) this.#take(ref.sha256, { content: text });
    return known === "parts" ? text : ref;
  }

  override getText(content: Content): Promise<string> {
    const prompt = isInline(content) ? undefined : this.#prompts.get(content.sha256);
    return prompt === undefined ? super.getText(content) : Promise.resolve(prompt);
  }

  #put(ref: BlobRef, content: string | Uint8Array): BlobRef {
    if (!this.#known.has(ref.sha256)) this.#take(ref.sha256, { content });
    this.cache.set(ref.sha256, content);
    return ref;
  }

  #take(digest: string, content: Unwritten): void {
    this.#known.set(digest, content.parts === undefined ? "whole" : "parts");
    this.#unwritten.set(digest, content);
    this.#queue.push(digest);
  }

  /** Whether anything waits to be written. */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  /**
   * Passes the queued contents to the system. The caller waits for `passing`, syncs the file, then calls `confirm`.
   * @param after journal lines that are on the disk already.
   */
  write(after: number): { readonly passing: Promise<void> | undefined; readonly confirm: () => void } {
    const digests = this.#queue;
    this.#queue = [];
    const begin = this.#file.end;
    const { bytes, places } = encodeContents(
      digests.map((digest) => {
        const { content, parts } = this.#unwritten.get(digest) ?? { content: "" };
        return parts === undefined
          ? { sha256: digest, stored: content }
          : { sha256: digest, stored: parts, parts: sha256(parts) };
      }),
      after,
    );
    const confirm = (): void => {
      for (const [index, digest] of digests.entries()) {
        const place = places[index];
        if (place !== undefined) this.contents.note(digest, { ...place, offset: begin + place.offset });
        this.#unwritten.delete(digest);
      }
    };
    return { passing: this.#file.write(bytes), confirm };
  }

  protected override async stored(ref: BlobRef): Promise<Uint8Array> {
    const unwritten = this.#unwritten.get(ref.sha256)?.content;
    if (unwritten === undefined) return super.stored(ref);
    return typeof unwritten === "string" ? Buffer.from(unwritten, "utf8") : unwritten;
  }
}
