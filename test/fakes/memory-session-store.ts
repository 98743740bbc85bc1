import { hash } from "node:crypto";
import { inlineContentMaxBytes, isInline } from "../../src/engine/event/content";
import type { BlobRef, Content } from "../../src/engine/event/content";
import type { EventDraft, SessionEvent } from "../../src/engine/event/event";
import { OrketError } from "../../src/engine/error/orket-error";
import type { SessionStore } from "../../src/engine/port/session-store";

/**
 * A SessionStore without a disk. It separates what `flush` has not confirmed, so that a test can read
 * the journal as it would be after a crash (`durable`), and restart from there.
 */
export class MemorySessionStore implements SessionStore {
  /** Everything appended. */
  readonly events: SessionEvent[];
  /** The Workspace: path to bytes. */
  readonly workspace = new Map<string, Uint8Array>();
  readonly blobs: Map<string, Uint8Array>;
  flushes = 0;
  /** The next `flush` and all later ones fail with this. */
  failure: OrketError | undefined;
  #durableCount: number;
  readonly #nowMs: () => number;

  constructor(
    nowMs: () => number = () => 0,
    from: { events?: readonly SessionEvent[]; blobs?: ReadonlyMap<string, Uint8Array> } = {},
  ) {
    this.#nowMs = nowMs;
    this.events = [...(from.events ?? [])];
    this.blobs = new Map(from.blobs ?? []);
    this.#durableCount = this.events.length;
  }

  /** What is on disk. */
  get durable(): readonly SessionEvent[] {
    return this.events.slice(0, this.#durableCount);
  }

  append(drafts: readonly EventDraft[]): readonly SessionEvent[] {
    const at = new Date(this.#nowMs()).toISOString();
    const added = drafts.map((draft, index) => ({
      ...structuredClone(draft),
      seq: this.events.length + index,
      at,
    }));
    this.events.push(...added);
    return added;
  }

  putText(text: string): Content {
    const bytes = Buffer.from(text, "utf8");
    return bytes.length <= inlineContentMaxBytes ? { text: bytes.toString("utf8") } : this.putBytes(bytes);
  }

  putBytes(bytes: Uint8Array): BlobRef {
    const ref = { sha256: hash("sha256", bytes, "hex"), bytes: bytes.length };
    if (!this.blobs.has(ref.sha256)) this.blobs.set(ref.sha256, Uint8Array.from(bytes));
    return ref;
  }

  async getText(content: Content): Promise<string> {
    if (isInline(content)) return content.text;
    return Buffer.from(await this.getBytes(content)).toString("utf8");
  }

  async getBytes(ref: BlobRef): Promise<Uint8Array> {
    const bytes = this.blobs.get(ref.sha256);
    if (bytes?.length !== ref.bytes) {
      throw new OrketError("blob_missing", `The content ${ref.sha256} is missing from the session's blobs.`);
    }
    return Uint8Array.from(bytes);
  }

  async flush(): Promise<void> {
    const count = this.events.length;
    await Promise.resolve();
    this.flushes += 1;
    if (this.failure) throw this.failure;
    this.#durableCount = Math.max(this.#durableCount, count);
  }

  async materialise(path: string, content: BlobRef | null): Promise<void> {
    if (content === null) this.workspace.delete(path);
    else this.workspace.set(path, await this.getBytes(content));
  }
}
