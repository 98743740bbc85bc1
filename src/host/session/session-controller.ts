import path from "node:path";
import {
  nodeEnvironment,
  openLiveSession,
  readSession,
  startSession,
  type LiveSession,
  type RuntimeOptions,
} from "../../adapters/runtime/session-runtime";
import { followJournal } from "../../adapters/session/follow";
import { lockState } from "../../adapters/session/lock";
import { OrketError } from "../../engine/error/orket-error";
import type { BlobRef, Content } from "../../engine/event/content";
import type { EventData, SessionEvent } from "../../engine/event/event";
import type { Definition } from "../../engine/model/definition";
import { CancelSource } from "../../engine/port/cancellation";
import type { ModelDelta } from "../../engine/port/model-provider";
import type { Command } from "../../engine/session/command";
import { fold } from "../../engine/state/apply";
import { initialState, type SessionState } from "../../engine/state/state";
import { viewSession, type SessionView } from "../../engine/view/session-view";
import { maxStreamLength, type StreamPart } from "../../protocol/conductor";

/** Who performs a session: this window, another process, or nobody at the moment. */
export type Holder = "here" | "elsewhere" | "nobody";

export interface ControllerListener {
  /** Events came, or who performs it changed. */
  changed?(): void;
  streamed?(part: StreamPart): void;
  /** The session ended or paused badly: the disk, the journal. */
  failed?(error: unknown): void;
}

/**
 * One session of the window. It holds the writer's lock only while it performs, so that a paused or ended session can
 * be gone on with anywhere; a session that someone else performs is watched.
 */
export class SessionController {
  readonly id: string;
  readonly directory: string;
  #state: SessionState;
  #events: SessionEvent[] = [];
  #view: SessionView | undefined;
  #live: LiveSession | undefined;
  #holder: Holder = "nobody";
  #heldBy: string | undefined;
  #problem: OrketError | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #following: CancelSource | undefined;
  #disposed = false;
  #reader: Pick<LiveSession, "readText" | "readBytes">;
  readonly #listeners = new Set<ControllerListener>();
  readonly #streams = new Map<string, string>();

  private constructor(
    seen: Awaited<ReturnType<typeof readSession>>,
    directory: string,
    readonly options: RuntimeOptions,
  ) {
    this.id = seen.id;
    this.directory = directory;
    this.#state = seen.state;
    this.#events = [...seen.events];
    this.#problem = seen.problem;
    this.#reader = seen;
  }

  /** Starts a new session and performs it. */
  static async start(definition: Definition, options: RuntimeOptions): Promise<SessionController> {
    const live = await startSession(definition, options);
    try {
      const controller = new SessionController(await readSession(live.directory), live.directory, options);
      controller.#attach(live);
      controller.#perform(live);
      return controller;
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  /** Goes on with a session that was made here, such as a fork. */
  static async adopt(live: LiveSession, options: RuntimeOptions): Promise<SessionController> {
    try {
      const controller = new SessionController(await readSession(live.directory), live.directory, options);
      controller.#attach(live);
      live.orchestrator.resume("person", live.cutBytes);
      controller.#perform(live);
      return controller;
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  /** Opens a session to look at; nothing is written. */
  static async read(directory: string, options: RuntimeOptions): Promise<SessionController> {
    const controller = new SessionController(await readSession(directory), directory, options);
    await controller.#findHolder();
    return controller;
  }

  get workDomain(): string {
    return this.options.workDomain;
  }

  get state(): SessionState {
    return this.#state;
  }

  get events(): readonly SessionEvent[] {
    return this.#events;
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

  /** The journal says that it runs, and nobody performs it. */
  get interrupted(): boolean {
    const { status } = this.#state;
    return (
      this.#problem === undefined && this.#holder === "nobody" && (status === "running" || status === "new")
    );
  }

  get resumable(): boolean {
    return (
      this.#problem === undefined &&
      this.#holder === "nobody" &&
      (this.interrupted || this.#state.status === "paused")
    );
  }

  /** Streamed text by step, as far as it is kept. */
  get streams(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#streams);
  }

  readText(content: Content): Promise<string> {
    return this.#reader.readText(content);
  }

  readBytes(ref: BlobRef): Promise<Uint8Array> {
    return this.#reader.readBytes(ref);
  }

  listen(listener: ControllerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Goes on with a session that paused or was interrupted. @throws {OrketError} session_locked and others. */
  resume(): Promise<void> {
    return this.#queued(async () => {
      if (this.#holder === "here" && this.#state.status === "running") return;
      const live = await this.#acquire();
      live.orchestrator.resume("person", live.cutBytes);
      this.#perform(live);
    });
  }

  /** Records what a person asks for; a session that nobody performs is opened for it. @throws {OrketError} */
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

  adjust(adjustment: Omit<EventData<"adjustment">, "by">): Promise<void> {
    return this.submit({ kind: "adjust", adjustment: { ...adjustment, by: "person" } });
  }

  /** Raises a limit that the session paused for, and goes on. */
  async raiseLimit(limit: EventData<"adjustment">["limit"], value: number): Promise<void> {
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

  /** Looks again at a session that is not performed here: someone else may have written to it. */
  refresh(): Promise<void> {
    return this.#queued(async () => {
      if (this.#live !== undefined || this.#following !== undefined || this.#disposed) return;
      await this.#reread();
      await this.#findHolder();
    });
  }

  /** Pauses what runs here, so that nothing is lost, and lets go of everything. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#following?.cancel();
    this.#following = undefined;
    const live = this.#live;
    if (live !== undefined && live.orchestrator.isRunning) {
      live.orchestrator.cancel("The window was closed or reloaded. Nothing is lost.");
      // Closing would cancel too, and give its own reason.
      await live.orchestrator.run().catch(() => undefined);
    }
    await this.#release();
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
      this.#following?.cancel();
      this.#following = undefined;
      await this.#reread();
      this.#attach(live);
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
      this.#changed();
    }
  }

  async #reread(): Promise<void> {
    const seen = await readSession(this.directory);
    this.#reader = seen;
    this.#problem = seen.problem;
    if (seen.events.length === this.#events.length && seen.problem === undefined) return;
    this.#events = [...seen.events];
    this.#setState(seen.state);
  }

  #attach(live: LiveSession): void {
    this.#live = live;
    this.#reader = live;
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
        // A command may have made it go on meanwhile.
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
      this.#events.push(event);
      if (event.step === null) continue;
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
    if (delta.kind === "restart") this.#restartStream(step);
    if (delta.kind !== "text" || delta.text === "") return;
    this.#streams.set(step, `${this.#streams.get(step) ?? ""}${delta.text}`.slice(-maxStreamLength));
    for (const listener of this.#listeners) listener.streamed?.({ step, text: delta.text, fresh: false });
  }

  #changed(): void {
    for (const listener of this.#listeners) listener.changed?.();
  }

  async #findHolder(): Promise<void> {
    if (this.#live !== undefined) return;
    const lock = await lockState(nodeEnvironment.fs, path.join(this.directory, "lock"));
    if (lock?.alive !== true) {
      this.#holder = "nobody";
      this.#heldBy = undefined;
    } else {
      this.#holder = "elsewhere";
      const { holder } = lock;
      this.#heldBy =
        holder === undefined
          ? "another process holds it."
          : `process ${holder.pid} on ${holder.host} performs it since ${new Date(holder.since).toLocaleTimeString()}.`;
      this.#follow();
    }
    this.#changed();
  }

  /** Reads along while another process writes. */
  #follow(): void {
    if (this.#following !== undefined || this.#disposed) return;
    const cancel = new CancelSource();
    this.#following = cancel;
    const watchLock = setInterval(() => {
      void lockState(nodeEnvironment.fs, path.join(this.directory, "lock")).then((lock) => {
        if (lock?.alive === true || cancel.aborted) return;
        cancel.cancel();
      });
    }, 2000);
    void (async () => {
      const events: SessionEvent[] = [];
      let state = initialState(this.#state.definition);
      try {
        for await (const part of followJournal(nodeEnvironment, this.directory, cancel)) {
          if (cancel.aborted) break;
          for (const event of part) events.push(event);
          state = fold(state, part);
          if (events.length < this.#events.length) continue;
          this.#events = events;
          this.#setState(state);
        }
      } catch (error) {
        if (error instanceof OrketError) this.#problem = error;
      } finally {
        clearInterval(watchLock);
        if (this.#following === cancel) {
          this.#following = undefined;
          await this.refresh().catch(() => undefined);
        }
      }
    })();
  }
}
