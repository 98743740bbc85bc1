import path from "node:path";
import { inlineContentMaxBytes, isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import type { FileSystem } from "../files/file-system";
import { sha256Bytes } from "../system/sha256";
import type { AppendFile } from "./append-file";
import { contentOffset, ContentsReader, encodeContent, encodeParts } from "./contents";
import type { ContentPart } from "./contents";
import { defined } from "../../engine/model/defined";
import type { SessionPaths } from "./layout";

const cacheMaxBytes = 32 << 20;
/** A shorter part of a content is stored in its record: referring to another record would take as many bytes. */
const partMinBytes = 256;
const halfPair = /\p{Surrogate}/u;

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

/** Contents by digest, least recently used out first. */
class Cache {
  readonly #entries = new Map<string, string | Uint8Array>();
  #size = 0;

  get(digest: string): string | Uint8Array | undefined {
    const found = this.#entries.get(digest);
    if (found === undefined) return undefined;
    this.#entries.delete(digest);
    this.#entries.set(digest, found);
    return found;
  }

  set(digest: string, content: string | Uint8Array): void {
    if (content.length > cacheMaxBytes / 8) return;
    const before = this.#entries.get(digest);
    if (before !== undefined) {
      this.#size -= before.length;
      this.#entries.delete(digest);
    }
    this.#entries.set(digest, content);
    this.#size += content.length;
    for (const [oldest, old] of this.#entries) {
      if (this.#size <= cacheMaxBytes) break;
      this.#entries.delete(oldest);
      this.#size -= old.length;
    }
  }
}

/** Reads a session's contents, each checked against its digest: from its own file, else from an older version's shared blobs. */
export class BlobReader {
  protected readonly cache = new Cache();
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

/** A content waiting to be written to the file, and its parts where it is stored by them. */
interface Unwritten {
  readonly bytes: Uint8Array;
  readonly parts?: Uint8Array;
}

/** Accepts contents immediately and writes them to the file on request; readable from the first moment. */
export class BlobStore extends BlobReader {
  /** Queued or being written. */
  readonly #unwritten = new Map<string, Unwritten>();
  #queue: string[] = [];
  /** In the file, or queued for it, by its form there: only a content stored whole can be a part of another. */
  readonly #known = new Map<string, "whole" | "parts">();
  readonly #file: AppendFile;

  constructor(fs: FileSystem, paths: SessionPaths, file: AppendFile) {
    super(fs, paths);
    this.#file = file;
  }

  putText(text: string): Content {
    if (text.length <= inlineContentMaxBytes && Buffer.byteLength(text) <= inlineContentMaxBytes) {
      // Half of a surrogate pair has no UTF-8: what is returned must be what the disk will return.
      return { text: halfPair.test(text) ? Buffer.from(text, "utf8").toString("utf8") : text };
    }
    const bytes = Buffer.from(text, "utf8");
    const ref = this.#put(bytes);
    this.cache.set(ref.sha256, halfPair.test(text) ? bytes : text);
    return ref;
  }

  putBytes(bytes: Uint8Array): BlobRef {
    return this.#put(Uint8Array.from(bytes));
  }

  /** Takes a text by its parts, one after another; what was stored before as a content or a part is only referred to. */
  putParts(parts: readonly string[]): Content {
    const text = parts.join("");
    const bytes = Buffer.from(text, "utf8");
    const isWhole = bytes.length <= inlineContentMaxBytes || parts.length < 2 || halfPair.test(text);
    if (isWhole) return this.putText(text);
    const digest = sha256Bytes(bytes);
    if (!this.#known.has(digest)) {
      const stored = parts.filter((part) => part !== "").map((part) => this.#putPart(part));
      this.#take(digest, { bytes, parts: encodeParts(stored) });
    }
    this.cache.set(digest, text);
    return { sha256: digest, bytes: bytes.length };
  }

  #putPart(text: string): ContentPart {
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length < partMinBytes) return text;
    const digest = sha256Bytes(bytes);
    const known = this.#known.get(digest);
    if (known === "parts") return text;
    if (known === undefined) this.#take(digest, { bytes });
    return { sha256: digest, bytes: bytes.length };
  }

  #put(bytes: Uint8Array): BlobRef {
    const digest = sha256Bytes(bytes);
    if (!this.#known.has(digest)) this.#take(digest, { bytes });
    return { sha256: digest, bytes: bytes.length };
  }

  #take(digest: string, content: Unwritten): void {
    this.#known.set(digest, content.parts === undefined ? "whole" : "parts");
    this.#unwritten.set(digest, content);
    this.#queue.push(digest);
    this.cache.set(digest, content.bytes);
  }

  /** Whether anything waits to be written. */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  /**
   * Passes the queued bytes to the system. The caller syncs the file, then calls the returned function.
   * @param after journal lines that are on the disk already.
   */
  async write(after: number): Promise<() => void> {
    const digests = this.#queue;
    this.#queue = [];
    let offset = this.#file.end;
    const records = digests.map((digest) => {
      const content = this.#unwritten.get(digest);
      const bytes = content?.parts ?? content?.bytes ?? Buffer.of();
      const parts = content?.parts === undefined ? undefined : sha256Bytes(bytes);
      const record = encodeContent(digest, bytes, after, parts);
      const place = {
        offset: offset + contentOffset(record),
        bytes: bytes.length,
        ...defined({ parts }),
      };
      offset += record.length;
      return { digest, record, place };
    });
    await this.#file.write(Buffer.concat(records.map(({ record }) => record)));
    return () => {
      for (const { digest, place } of records) {
        this.contents.note(digest, place);
        this.#unwritten.delete(digest);
      }
    };
  }

  protected override async stored(ref: BlobRef): Promise<Uint8Array> {
    return this.#unwritten.get(ref.sha256)?.bytes ?? (await super.stored(ref));
  }
}
