import type { BlobRef, Content } from "../event/content";
import type { EventDraft, SessionEvent } from "../event/event";

/** One open session, with its writer's lock held. */
export interface SessionStore {
  /** Assigns the drafts their number and time and queues them; they are not on disk before `flush` resolves. */
  append(drafts: readonly EventDraft[]): readonly SessionEvent[];
  /**
   * Queues a text: short ones stay inline, long ones become a blob that is on disk before any line appended after.
   * @param parts what the text is made of, in order: a part that is already stored is not stored again.
   */
  putText(text: string, parts?: readonly string[]): Content;
  putBytes(bytes: Uint8Array): BlobRef;
  /** @throws {OrketError} blob_missing when it is missing or does not match its digest. */
  getText(content: Content): Promise<string>;
  getBytes(ref: BlobRef): Promise<Uint8Array>;
  /** Resolves when everything queued so far is on disk (fsync). @throws {OrketError} disk_full | disk_failed. */
  flush(): Promise<void>;
  /** Makes the Workspace's file equal to the blob, atomically; null removes the file. */
  materialise(path: string, content: BlobRef | null): Promise<void>;
}
