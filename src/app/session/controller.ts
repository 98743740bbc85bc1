import { isOwnSession } from "./ownership";
import { openSnapshot, stampNow } from "./snapshot";
import type { Snapshot } from "./snapshot";
import { provenOfSnapshot } from "./proven";
import { openLiveSession, startSession } from "./open";
import type { LiveSession, RuntimeOptions } from "./session";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { followJournal } from "../../adapters/journal/follow";
import type { JournalPosition } from "../../adapters/journal/journal-reader";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../adapters/journal/layout";
import { lockState } from "../../adapters/journal/lock";
import { OrketError } from "../../engine/error/orket-error";
import type { BlobRef, Content } from "../../engine/event/content";
import type { AdjustmentBody, SessionEvent } from "../../engine/event/event";
import type { LimitName } from "../../engine/model/flow";
import type { Definition } from "../../engine/model/definition";
import { CancelSource } from "../../engine/port/cancellation";
import type { ModelDelta } from "../../engine/port/model-provider";
import type { Command } from "../../engine/conductor/command";
import { fold } from "../../engine/state/apply";
import type { SessionState } from "../../engine/state/state";
import { labelOf } from "../../engine/view/session-label";
import type { SessionLabel } from "../../engine/view/session-label";
import { viewSession } from "../../engine/view/session-view";
import type { SessionView } from "../../engine/view/session-view";
import { maxStreamLength } from "../../protocol/conductor";
import type { StreamPart } from "../../protocol/conductor";
import { holderText } from "./holder-text";

/** Who performs a session: this window, another process, or nobody at present. */
export type Holder = "here" | "elsewhere" | "nobody";

export interface ControllerListener {
  /** Events arrived, or the performer changed. */
  changed?(): void;
  streamed?(part: StreamPart): void;
  /** The session ended or paused because of a failure: the disk, the journal. */
  failed?(error: unknown): void;
}

/** How often a watched session's lock is checked, in milliseconds. */
const lockPollMs = 2000;

/**
 * One session of the window. It is read through a snapshot of its files, and its state grows with new events,
 * from here or from another process; the events themselves stay on the disk. The writer's lock is held only while the
 * session is performed here, so that a paused or ended one can be resumed anywhere.
 */
export class SessionController {
  #snapshot: Snapshot;
  #state: SessionState;
  #view: SessionView | undefined;
  #live: LiveSession | undefined;
  #holder: Holder = "nobody";
  #heldBy: string | undefined;
  #foreign = false;
  /** The snapshot's stamp when it was last found out who wrote it; undefined once somebody performs it. */
  #ownerAsOf: string | undefined;
  #problem: OrketError | undefined;
  /** False once the index was found to contradict the journal. */
  #byIndex = true;
  #queue: Promise<unknown> = Promise.resolve();
  #following: CancelSource | undefined;
  #disposed = false;
  readonly #listeners = new Set<ControllerListener>();
  readonly #streams = new Map<string, string>();
  readonly #waiting = new Map<string, readonly string[]>();

  private constructor(
    snapshot: Snapshot,
    readonly options: RuntimeOptions,
  ) {
    this.#snapshot = snapshot;
    this.#state = snapshot.state;
    this.#problem = snapshot.problem;
    void this.#check(snapshot);
  }

  /** Starts a new session and performs it. */
  static async start(definition: Definition, options: RuntimeOptions): Promise<SessionController> {
    return SessionController.#performing(await startSession(definition, options), options);
  }

  /** Resumes a session that was created here, such as a fork. */
  static adopt(live: LiveSession, options: RuntimeOptions): Promise<SessionController> {
    return SessionController.#performing(live, options, () =>
      live.orchestrator.resume("person", live.cutBytes),
    );
  }

  static async #performing(
    live: LiveSession,
    options: RuntimeOptions,
    first: () => void = () => undefined,
  ): Promise<SessionController> {
    try {
      const snapshot = await openSnapshot(live.directory, options.environment);
      const controller = new SessionController(snapshot, options);
      controller.#attach(live);
      first();
      controller.#perform(live);
      return controller;
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  /** Opens a session for reading; nothing is written. */
  static async read(directory: string, options: RuntimeOptions): Promise<SessionController> {
    const controller = new SessionController(await openSnapshot(directory, options.environment), options);
    await controller.#findHolder();
    return controller;
  }

  get id(): string {
    return this.#snapshot.id;
  }

  get directory(): string {
    return this.#snapshot.directory;
  }

  /** How far its journal was read when its files were last read. */
  get position(): JournalPosition {
    return this.#snapshot.position;
  }

  get workDomain(): string {
    return this.options.workDomain;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Events so far. */
  get total(): number {
    return this.#state.events;
  }

  get view(): SessionView {
    return (this.#view ??= viewSession(this.#state));
  }

  get holder(): Holder {
    return this.#holder;
  }

  get heldBy(): string | undefined {
    return this.#heldBy;
  }

  get problem(): OrketError | undefined {
    return this.#problem;
  }

  /** The journal shows it as running, and nobody performs it. */
  get interrupted(): boolean {
    const { status } = this.#state;
    return (
      this.#problem === undefined && this.#holder === "nobody" && (status === "running" || status === "new")
    );
  }

  /** It was not written on this machine by this user, and nobody performs it: it waits for nobody here. */
  get foreign(): boolean {
    return this.#foreign && this.#holder === "nobody";
  }

  /** What it is doing, in the shared vocabulary. */
  get label(): SessionLabel {
    if (this.#problem !== undefined) return "unreadable";
    const label = labelOf(this.view, this.#holder !== "nobody");
    // It was not interrupted here.
    return label === "interrupted" && this.foreign ? "paused" : label;
  }

  get resumable(): boolean {
    return (
      this.#problem === undefined &&
      this.#holder === "nobody" &&
      (this.interrupted || this.#state.status === "paused")
    );
  }

  /** Streamed text by step, as far as it is retained. */
  get streams(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#streams].map(([step, text]) => [step, text.slice(-maxStreamLength)]));
  }

  /** By step whose call has not begun: the sessions whose calls the backend is processing meanwhile. */
  get waiting(): ReadonlyMap<string, readonly string[]> {
    return this.#waiting;
  }

  /** Events by their numbers, from 0; fewer than `count` at the end. @throws {OrketError} journal_damaged, disk_failed. */
  readEvents(from: number, count: number): Promise<readonly SessionEvent[]> {
    return this.#snapshot.readEvents(from, Math.max(0, Math.min(count, this.total - from)));
  }

  readText(content: Content): Promise<string> {
    return this.#snapshot.readText(content);
  }

  readBytes(ref: BlobRef): Promise<Uint8Array> {
    return this.#snapshot.readBytes(ref);
  }

  /** What was proven of the session, one sentence each, once its whole journal is checked. @throws {OrketError} disk_failed. */
  proven(): Promise<readonly string[]> {
    return provenOfSnapshot(this.#snapshot, this.#environment);
  }

  listen(listener: ControllerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resumes a session that paused or was interrupted. @throws {OrketError} session_locked and others. */
  resume(): Promise<void> {
    return this.#queued(async () => {
      if (this.#holder === "here" && this.#state.status === "running") return;
      const live = await this.#acquire();
      live.orchestrator.resume("person", live.cutBytes);
      this.#perform(live);
    });
  }

  /** Records a user's request; a session that nobody performs is opened for it. @throws {OrketError} */
  submit(...commands: readonly Command[]): Promise<void> {
    return this.#queued(async () => {
      const performing = this.#live !== undefined;
      const wasInterrupted = this.interrupted;
      const live = await this.#acquire();
      const { orchestrator } = live;
      try {
        if (wasInterrupted) orchestrator.resume("person", live.cutBytes);
        for (const command of commands) orchestrator.submit(command);
      } catch (error) {
        if (!performing) await this.#release();
        throw error;
      }
      if (performing) return;
      if (orchestrator.state.status === "running") {
        this.#perform(live);
        return;
      }
      try {
        await orchestrator.flush();
      } finally {
        await this.#release();
      }
    });
  }

  adjust(adjustment: AdjustmentBody): Promise<void> {
    return this.submit({ kind: "adjust", adjustment: { ...adjustment, by: "person" } });
  }

  /** Raises a limit that the session paused for, and resumes. */
  async raiseLimit(limit: LimitName, value: number): Promise<void> {
    await this.adjust({ kind: "set_limit", limit, value });
    await this.resume();
  }

  /** Does something that needs the right to write, such as accepting an artifact. */
  withLive<T>(work: (live: LiveSession) => Promise<T>): Promise<T> {
    return this.#queued(async () => {
      const performing = this.#live !== undefined;
      const live = await this.#acquire();
      try {
        return await work(live);
      } finally {
        if (!performing) await this.#release();
      }
    });
  }

  /** Reloads a session that is not performed here: another process may have written to it. */
  refresh(): Promise<void> {
    return this.#queued(async () => {
      if (this.#live === undefined && this.#following === undefined && !this.#disposed) await this.#look();
    });
  }

  /** Reloads if another process writes to it, or has: the file system does not always send a notification. */
  async notice(): Promise<void> {
    if (this.#live !== undefined || this.#following !== undefined || this.#problem !== undefined) return;
    const { fs } = this.#environment;
    const { stamp } = this.#snapshot;
    const held = await lockState(fs, sessionPaths(this.directory).lock);
    if (held?.alive === true || (await stampNow(fs, this.directory)) !== stamp) await this.refresh();
  }

  /** Pauses what runs here, so that nothing is lost, and releases everything. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#unfollow();
    const live = this.#live;
    if (live !== undefined && live.orchestrator.isRunning) {
      live.orchestrator.cancel("The window was closed or reloaded. Nothing is lost.");
      // Closing would cancel too, and give its own reason.
      await live.orchestrator.run().catch(() => undefined);
    }
    await this.#release();
  }

  get #environment(): SessionEnvironment {
    return this.options.environment ?? nodeEnvironment;
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #acquire(): Promise<LiveSession> {
    if (this.#live !== undefined) return this.#live;
    try {
      const live = await openLiveSession(this.directory, this.options);
      this.#unfollow();
      // Opening has read what others wrote, and checked the whole journal.
      this.#problem = undefined;
      this.#attach(live);
      this.#setState(live.orchestrator.state);
      return live;
    } catch (error) {
      if (OrketError.is(error, "session_locked")) await this.#findHolder();
      throw error;
    }
  }

  async #release(): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    try {
      await live.close();
    } finally {
      this.#holder = "nobody";
      // Another process may hold it by now.
      if (!this.#disposed) await this.#look().catch(() => undefined);
      this.#changed();
    }
  }

  #attach(live: LiveSession): void {
    this.#live = live;
    this.#ownerAsOf = undefined;
    this.#holder = "here";
    this.#heldBy = undefined;
    live.orchestrator.listen({
      onEvents: (events, state) => this.#take(events, state),
      onDelta: (step, delta) => this.#stream(step, delta),
    });
  }

  #perform(live: LiveSession): void {
    const end = (problem?: unknown): void => {
      void this.#queued(async () => {
        // A command may have resumed it meanwhile.
        if (live.orchestrator.isRunning || this.#live !== live) return;
        try {
          await this.#release();
        } catch (error) {
          problem ??= error;
        }
        if (problem !== undefined) for (const listener of this.#listeners) listener.failed?.(problem);
      });
    };
    live.orchestrator.run().then(
      () => end(),
      (error: unknown) => end(error),
    );
    this.#changed();
  }

  #take(events: readonly SessionEvent[], state: SessionState): void {
    for (const event of events) {
      if (event.step === null) continue;
      // The events before the call can come after the call has begun to wait.
      if (event.type === "model_call_end" || event.type === "model_call_failed")
        this.#waiting.delete(event.step);
      if (event.type === "model_call_start") this.#restartStream(event.step);
      if (event.type === "step_end" || event.type === "step_skipped") this.#streams.delete(event.step);
    }
    this.#setState(state);
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.#view = undefined;
    this.#changed();
  }

  #restartStream(step: string): void {
    this.#streams.set(step, "");
    for (const listener of this.#listeners) listener.streamed?.({ step, text: "", fresh: true });
  }

  #stream(step: string, delta: ModelDelta): void {
    if (delta.kind === "waiting") this.#wait(step, delta.behind);
    if (delta.kind === "restart") this.#restartStream(step);
    if (delta.kind !== "text" || delta.text === "") return;
    const text = `${this.#streams.get(step) ?? ""}${delta.text}`;
    // Cutting copies the text, which costs more than the token where it is done for each.
    this.#streams.set(step, text.length > 2 * maxStreamLength ? text.slice(-maxStreamLength) : text);
    for (const listener of this.#listeners) listener.streamed?.({ step, text: delta.text, fresh: false });
  }

  #wait(step: string, behind: readonly string[]): void {
    if (this.#waiting.get(step)?.join() === behind.join()) return;
    if (behind.length === 0) this.#waiting.delete(step);
    else this.#waiting.set(step, behind);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener.changed?.();
  }

  /** Loads the session from its files as they are now, and who writes it. */
  async #look(): Promise<void> {
    this.#see(await openSnapshot(this.directory, this.#environment, { byIndex: this.#byIndex }));
    await this.#findHolder();
  }

  #see(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#problem = snapshot.problem;
    this.#setState(snapshot.state);
    void this.#check(snapshot);
  }

  /** Checks in the background what an index saved reading; if it differs, the journal's contents are shown. */
  async #check(snapshot: Snapshot): Promise<void> {
    // A disk that fails now is reported by the next reader.
    const checked = await snapshot.checked().catch(() => snapshot);
    if (checked === snapshot || this.#snapshot !== snapshot || this.#live !== undefined) return;
    this.#byIndex = false;
    this.#unfollow();
    this.#see(checked);
  }

  async #findHolder(): Promise<void> {
    if (this.#live !== undefined) return;
    const lock = await lockState(this.#environment.fs, sessionPaths(this.directory).lock);
    if (lock?.alive === true) {
      this.#ownerAsOf = undefined;
      this.#holder = "elsewhere";
      this.#heldBy = holderText(lock);
      // After damage there is nothing to follow.
      if (this.#problem === undefined) this.#follow();
    } else {
      this.#holder = "nobody";
      this.#heldBy = undefined;
      await this.#findOwner();
    }
    this.#changed();
  }

  /** Asks only about a journal that has changed, or was held: the answer needs all of it up to where it was last written here. */
  async #findOwner(): Promise<void> {
    const { stamp } = this.#snapshot;
    if (this.#ownerAsOf === stamp) return;
    this.#foreign =
      this.#problem === undefined &&
      this.total > 0 &&
      !(await isOwnSession(this.#environment, this.directory));
    this.#ownerAsOf = stamp;
  }

  /** Stops following when nobody holds the lock any more, and reports a change of the holder. */
  async #watchLock(following: CancelSource): Promise<void> {
    const file = sessionPaths(this.directory).lock;
    const lock = await lockState(this.#environment.fs, file).catch(() => undefined);
    if (following.aborted || this.#following !== following) return;
    if (lock?.alive !== true) {
      following.cancel();
      return;
    }
    const heldBy = holderText(lock);
    if (heldBy === this.#heldBy) return;
    this.#heldBy = heldBy;
    this.#changed();
  }

  #unfollow(): void {
    this.#following?.cancel();
    this.#following = undefined;
  }

  /** Follows the journal while another process writes, until it releases the lock. */
  #follow(): void {
    if (this.#following !== undefined || this.#disposed) return;
    const cancel = new CancelSource();
    this.#following = cancel;
    const environment = this.#environment;
    const watchLock = setInterval(() => void this.#watchLock(cancel), lockPollMs);
    cancel.addEventListener("abort", () => clearInterval(watchLock));
    void (async () => {
      let { state } = this.#snapshot;
      try {
        const parts = followJournal(environment, this.directory, cancel, this.#snapshot.position);
        for await (const part of parts) {
          if (cancel.aborted) break;
          state = fold(state, part);
          this.#setState(state);
        }
      } catch (error) {
        if (OrketError.is(error) && this.#following === cancel) this.#problem = error;
      } finally {
        cancel.cancel();
        if (this.#following === cancel) {
          this.#following = undefined;
          await this.refresh().catch(() => undefined);
        }
      }
    })();
  }
}
