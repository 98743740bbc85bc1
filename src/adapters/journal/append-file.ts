import type { FileSystem, Handle } from "../files/file-system";
import { spareBytesFor } from "./journal-end";

/** Up to this size a write goes to the system's cache without the detour through a thread. */
const writeNowMaxBytes = 64 << 10;

/**
 * An append-only file: appended bytes are confirmed by a sync, and zeros are kept ready behind them, so that a sync has no
 * new length to bring to the disk. The journal is one such file, the session's contents are another.
 */
export class AppendFile {
  readonly #fs: FileSystem;
  readonly #handle: Handle;
  /** Bytes that are certainly on the disk. */
  #size: number;
  /** Bytes that are written, confirmed or not. */
  #end: number;
  /** The file's length, including the zeros kept ready behind what is written. */
  #length: number;

  /** @param size the file's length in bytes: where the next write goes. */
  constructor(fs: FileSystem, handle: Handle, size: number) {
    this.#fs = fs;
    this.#handle = handle;
    this.#size = size;
    this.#end = size;
    this.#length = size;
  }

  /** Where the next byte goes. */
  get end(): number {
    return this.#end;
  }

  /** Whether zeros, or bytes that no sync has confirmed, follow what is confirmed. */
  get hasSpare(): boolean {
    return this.#length > this.#size;
  }

  /**
   * Passes the bytes to the system; they are on the disk when a `sync` that begins afterwards resolves.
   * @returns what a longer write must be waited for; undefined: the system has the bytes.
   */
  write(bytes: Buffer): Promise<void> | undefined {
    const end = this.#end + bytes.length;
    if (bytes.length > writeNowMaxBytes)
      return this.#fs.write(this.#handle, bytes, this.#end).then(() => this.#wrote(end));
    if (end <= this.#length || !this.#writeWithSpare(bytes))
      this.#fs.writeNow(this.#handle, bytes, this.#end);
    this.#wrote(end);
    return undefined;
  }

  #wrote(end: number): void {
    this.#length = Math.max(this.#length, end);
    this.#end = end;
  }

  /** Brings to the disk what was written before the call. */
  async sync(): Promise<void> {
    const end = this.#end;
    if (end === this.#size) return;
    await this.#fs.syncData(this.#handle);
    this.#size = end;
  }

  /** Truncates the zeros, and what was written and never confirmed. */
  async cut(): Promise<void> {
    if (!this.hasSpare) return;
    await this.#fs.truncate(this.#handle, this.#size);
    this.#end = this.#size;
    this.#length = this.#size;
    // Before anything records that the file ends here.
    await this.#fs.syncData(this.#handle);
  }

  close(): Promise<void> {
    return this.#fs.close(this.#handle);
  }

  /** Writes with zeros behind. A disk without room for both may still have room for the bytes. */
  #writeWithSpare(bytes: Buffer): boolean {
    const end = this.#end + bytes.length;
    // A part of it may be written before it fails.
    this.#length = end + spareBytesFor(end);
    try {
      const both = Buffer.alloc(this.#length - this.#end);
      bytes.copy(both);
      this.#fs.writeNow(this.#handle, both, this.#end);
      return true;
    } catch {
      return false;
    }
  }
}
