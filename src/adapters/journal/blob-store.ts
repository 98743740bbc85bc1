import path from "node:path";
import { inlineContentMaxBytes, isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import { makeDirs, replace, syncDir, writeNew } from "../files/durable";
import { unlessMissing } from "../files/file-system";
import type { FileSystem } from "../files/file-system";
import { randomName } from "../system/random";
import type { RandomBytes } from "../system/random";
import { sha256Bytes } from "../system/sha256";

const cacheMaxBytes = 32 << 20;
const parallelWrites = 8;
const halfPair = /\p{Surrogate}/u;

function missing(ref: BlobRef, why: string, cause?: unknown): OrketError {
  return new OrketError("blob_missing", `A content of the session ${why} (blob ${ref.sha256}).`, {
    mend: "Restore .orket/blobs from a backup; what does not need this content still works.",
    details: { sha256: ref.sha256, bytes: ref.bytes },
    cause,
  });
}

/** Where a blob stands; `root` is `.orket/blobs/sha256`. */
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

/** Reads blobs, each checked against its digest. */
export class BlobReader {
  protected readonly cache = new Cache();

  constructor(
    protected readonly fs: FileSystem,
    /** `.orket/blobs/sha256`. */
    protected readonly root: string,
  ) {}

  protected file(digest: string): string {
    return blobFile(this.root, digest);
  }

  /** @throws {OrketError} blob_missing when it is gone or is not what its digest says. */
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
    // Bytes that are no text stay bytes, or they would come back changed.
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
      return await this.fs.readFile(this.file(ref.sha256));
    } catch (error) {
      throw missing(ref, "cannot be read", error);
    }
  }
}

/** Takes blobs at once and writes them to the disk when told to; readable from the first moment. */
export class BlobStore extends BlobReader {
  /** Queued or being written. */
  readonly #unwritten = new Map<string, Uint8Array>();
  #queue: string[] = [];
  /** On the disk, or on the way there. */
  readonly #known = new Set<string>();
  readonly #orket: string;
  readonly #tmp: string;
  readonly #random: RandomBytes;

  constructor(
    fs: FileSystem,
    root: string,
    /** `.orket`, which exists. */
    orket: string,
    tmp: string,
    random: RandomBytes,
  ) {
    super(fs, root);
    this.#orket = orket;
    this.#tmp = tmp;
    this.#random = random;
  }

  putText(text: string): Content {
    if (text.length <= inlineContentMaxBytes && Buffer.byteLength(text) <= inlineContentMaxBytes) {
      // Half of a surrogate pair has no UTF-8: what is given back must be what the disk will give.
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

  #put(bytes: Uint8Array): BlobRef {
    const digest = sha256Bytes(bytes);
    if (!this.#known.has(digest)) {
      this.#known.add(digest);
      this.#unwritten.set(digest, bytes);
      this.#queue.push(digest);
      this.cache.set(digest, bytes);
    }
    return { sha256: digest, bytes: bytes.length };
  }

  /** Whether anything waits to be written. */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  /** Writes what is queued at the moment of the call; on the disk, names included, when it resolves. */
  async write(): Promise<void> {
    const digests = this.#queue;
    this.#queue = [];
    const shards = new Set<string>();
    const left = [...digests];
    const worker = async (): Promise<void> => {
      for (let digest = left.pop(); digest !== undefined; digest = left.pop()) {
        await this.#writeOne(digest);
        shards.add(path.dirname(this.file(digest)));
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallelWrites, digests.length) }, worker));
    await Promise.all([...shards].map((shard) => syncDir(this.fs, shard)));
    for (const digest of digests) this.#unwritten.delete(digest);
  }

  async #writeOne(digest: string): Promise<void> {
    const bytes = this.#unwritten.get(digest);
    if (bytes === undefined) return;
    const file = this.file(digest);
    // Another session may have stored it; only what is whole counts.
    const size = (await unlessMissing(this.fs.lstat(file), undefined))?.size;
    if (size === BigInt(bytes.length) && sha256Bytes(await this.fs.readFile(file)) === digest) return;
    if (size === undefined) await makeDirs(this.fs, this.#orket, path.dirname(file));
    const aside = path.join(this.#tmp, `blob-${randomName(this.#random, 12)}`);
    await writeNew(this.fs, aside, bytes);
    await replace(this.fs, aside, file);
  }

  protected override async stored(ref: BlobRef): Promise<Uint8Array> {
    return this.#unwritten.get(ref.sha256) ?? (await super.stored(ref));
  }
}
