import { encodeEvent } from "../../engine/event/codec";
import type { BlobRef, Content } from "../../engine/event/content";
import type { EventDraft, SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { Clock } from "../../engine/port/clock";
import type { SessionStore } from "../../engine/port/session-store";
import { diskError } from "../files/durable";
import type { FileSystem, Handle } from "../files/file-system";
import type { RandomBytes } from "../system/random";
import { sha256 } from "../system/sha256";
import { AppendFile } from "./append-file";
import { BlobStore } from "./blob-store";
import { writeHead } from "./head";
import { lineDigest } from "./session-marks";
import type { SessionMarks } from "./session-marks";
import type { JournalPosition } from "./journal-reader";
import type { SessionPaths } from "./layout";
import type { SessionLock } from "./lock";
import { WorkspaceFiles } from "./workspace";

/** What the session's code uses of the machine; tests supply their own. */
export interface SessionEnvironment {
  readonly fs: FileSystem;
  /** Where agents read the project's files; absent: the disk. */
  readonly projectFs?: FileSystem;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** What opens sessions here, for users who meet its lock: `editor`, `command_line`. */
  readonly program?: string;
  /** Which sessions were written here; absent: every session counts as written here. */
  readonly marks?: SessionMarks;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: OrketError) => void;
}

/** The files that a writer keeps open, and where they end. */
export interface OpenFiles {
  readonly journal: Handle;
  readonly contents: Handle;
  /** Bytes of the contents. */
  readonly contentsSize: number;
}

/** A session open for writing: the journal's end, the contents, the Workspace, and the lock. */
export class JsonlSessionStore implements SessionStore {
  readonly #blobs: BlobStore;
  readonly #files: WorkspaceFiles;
  #lines: number;
  #prev: string;
  /** Lines that are on the disk for certain. */
  #confirmed: number;
  #queue: string[] = [];
  #waiters: Waiter[] = [];
  #pumping: Promise<void> | undefined;
  #failure: OrketError | undefined;
  #closing: Promise<void> | undefined;
  #moment = { ms: NaN, text: "" };
  readonly #environment: SessionEnvironment;
  readonly #journal: AppendFile;
  readonly #journalFile: Handle;
  readonly #contents: AppendFile;
  readonly #lock: SessionLock;

  constructor(
    environment: SessionEnvironment,
    readonly paths: SessionPaths,
    files: OpenFiles,
    lock: SessionLock,
    from: JournalPosition,
  ) {
    this.#environment = environment;
    this.#lock = lock;
    const { fs, random } = environment;
    this.#journal = new AppendFile(fs, files.journal, from.offset);
    this.#journalFile = files.journal;
    this.#contents = new AppendFile(fs, files.contents, files.contentsSize);
    this.#blobs = new BlobStore(fs, paths, this.#contents);
    this.#files = new WorkspaceFiles(fs, paths.workspace, paths.tmp, random);
    ({ lines: this.#lines, prev: this.#prev } = from);
    this.#confirmed = this.#lines;
  }

  append(drafts: readonly EventDraft[]): readonly SessionEvent[] {
    this.#ensureOpen();
    const at = this.#now();
    return drafts.map((one) => {
      const event: SessionEvent = { ...one, seq: this.#lines, at };
      const line = encodeEvent(event, this.#prev);
      this.#prev = sha256(line);
      this.#lines += 1;
      this.#queue.push(line);
      return event;
    });
  }

  /** Events of the same moment share its text. */
  #now(): string {
    const ms = this.#environment.clock.nowMs();
    if (ms !== this.#moment.ms) this.#moment = { ms, text: new Date(ms).toISOString() };
    return this.#moment.text;
  }

  /** Queues events of another session as they were recorded; they are appended to the existing ones. */
  appendRecorded(events: readonly SessionEvent[]): void {
    this.#ensureOpen();
    for (const one of events) {
      const line = encodeEvent({ ...one, seq: this.#lines }, this.#prev);
      this.#prev = sha256(line);
      this.#lines += 1;
      this.#queue.push(line);
    }
  }

  putText(text: string, parts?: readonly string[]): Content {
    this.#ensureOpen();
    return this.#blobs.putText(text, parts);
  }

  putBytes(bytes: Uint8Array): BlobRef {
    this.#ensureOpen();
    return this.#blobs.putBytes(bytes);
  }

  getText(content: Content): Promise<string> {
    return this.#blobs.getText(content);
  }

  getBytes(ref: BlobRef): Promise<Uint8Array> {
    return this.#blobs.getBytes(ref);
  }

  flush(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (!this.#pumping && this.#queue.length === 0 && !this.#blobs.pending) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  /** Writes for all waiting callers, and again for those that came meanwhile. */
  async #pump(): Promise<void> {
    // Branches that flush in the same turn share the first write, too.
    await Promise.resolve();
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters;
      this.#waiters = [];
      const failure = await this.#write();
      for (const waiter of waiters) {
        if (failure) waiter.reject(failure);
        else waiter.resolve();
      }
    }
    this.#pumping = undefined;
  }

  /**
   * Writes everything queued, contents before the lines that name them, and waits once for the disk, for both files at the
   * same time. The result of a failure is permanent: every later call fails too.
   */
  async #write(): Promise<OrketError | undefined> {
    if (this.#failure) return this.#failure;
    const queue = this.#queue;
    const lines = this.#lines;
    this.#queue = [];
    try {
      this.#lock.ensureHeld();
      const contents = this.#blobs.pending ? this.#blobs.write(this.#confirmed) : undefined;
      if (contents?.passing !== undefined) {
        await contents.passing;
        this.#lock.ensureHeld();
      }
      if (queue.length > 0) await this.#journal.write(Buffer.from(`${queue.join("\n")}\n`, "utf8"));
      // The mark of a first line that a power failure takes is asked for by nobody.
      const marked = this.#confirmed === 0 && lines > 0 ? this.#mark(1) : undefined;
      if (contents === undefined && marked === undefined) await this.#journal.sync();
      else await Promise.all([contents && this.#contents.sync(), this.#journal.sync(), marked]);
      contents?.confirm();
      this.#confirmed = lines;
      return undefined;
    } catch (error) {
      this.#failure = diskError(error, `the events of the session ${this.paths.id}`);
      // What may be half-written was never confirmed; the next opening would cut it off in the same way.
      await this.#ifHeld(() => this.#cut()).catch(() => undefined);
      return this.#failure;
    }
  }

  /** Does what only the holder of the lock may do; a writer that lost the lock while suspended changes nothing. */
  async #ifHeld(work: () => Promise<void>): Promise<void> {
    this.#lock.ensureHeld();
    await work();
  }

  /** Notes outside the project that this machine wrote the journal up to a line; without it the session counts as foreign. */
  async #mark(lines: number): Promise<void> {
    const { fs, marks } = this.#environment;
    if (marks === undefined) return;
    const first = await lineDigest(fs, this.#journalFile, 1);
    const prev = lines === 1 ? first : this.#prev;
    // A user without a place for it is only asked again at the next opening.
    if (first !== undefined && prev !== undefined)
      await marks
        .note(first, { lines, prev, ...(lines === 1 ? {} : { bytes: this.#journal.end }) })
        .catch(() => undefined);
  }

  /** Truncates the zeros, and what was written and never confirmed: the lines first, then the contents they name. */
  async #cut(): Promise<void> {
    await this.#journal.cut();
    await this.#contents.cut();
  }

  /** Truncates the zeros of both files at once: everything written is confirmed. */
  async #cutSpare(): Promise<void> {
    await Promise.all([this.#journal.cut(), this.#contents.cut()]);
  }

  async materialise(path: string, content: BlobRef | null): Promise<void> {
    this.#ensureOpen();
    try {
      const bytes = content === null ? null : await this.#blobs.getBytes(content);
      this.#lock.ensureHeld();
      if (bytes === null) await this.#files.remove(path);
      else await this.#files.write(path, bytes);
    } catch (error) {
      throw diskError(error, `the artifact ${path}`);
    }
  }

  /** Writes what is queued, and releases the session for other writers. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    let failure: unknown;
    const { fs } = this.#environment;
    if (!this.#failure) {
      await this.flush()
        .then(() => this.#ifHeld(() => this.#cutSpare()))
        .then(() =>
          Promise.all([
            this.#ifHeld(() => writeHead(fs, this.paths, this.#end())),
            this.#lines === 0 ? undefined : this.#mark(this.#lines),
          ]),
        )
        .catch((error: unknown) => (failure = error));
    }
    await this.#journal.close().catch(() => undefined);
    await this.#contents.close().catch(() => undefined);
    await this.#ifHeld(() => fs.removeDir(this.paths.tmp)).catch(() => undefined);
    await this.#lock.release().catch((error: unknown) => (failure ??= error));
    if (failure !== undefined) throw diskError(failure, `the end of the session ${this.paths.id}`);
  }

  #end(): Parameters<typeof writeHead>[2] {
    return { lines: this.#lines, prev: this.#prev, contents: this.#contents.end };
  }

  #ensureOpen(): void {
    if (this.#closing !== undefined)
      throw new OrketError("internal", `The session ${this.paths.id} was written to after it was closed.`);
  }
}
