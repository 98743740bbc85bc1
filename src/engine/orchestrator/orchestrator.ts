import { OrketError } from "../error/orket-error";
import { draft } from "../event/event";
import type { DecidedBy, EventDraft, SessionEvent } from "../event/event";
import { CancelSource } from "../port/cancellation";
import type { ModelDelta } from "../port/model-provider";
import { decide } from "./decide";
import type { Decision, Effect } from "./decide";
import { checkLimits } from "../state/limits";
import type { SessionState } from "../state/state";
import { transition } from "./transition";
import { accept, resumeEvents } from "../conductor/command";
import type { Command } from "../conductor/command";
import { isExternal, perform } from "./perform";
import { StepDeadlines } from "./step-deadlines";
import type { SessionPorts } from "./ports";

/** Is notified about a session. Listeners must not throw; what they do cannot change a run. */
export interface SessionListener {
  /** Events that are on disk, with the state after the last of them. */
  onEvents?(events: readonly SessionEvent[], state: SessionState): void;
  /** Text as it streams, for display only. */
  onDelta?(step: string, delta: ModelDelta): void;
}

/** The events that a person's decisions about artifacts produce. */
export type ArtifactDecisionDraft = Extract<
  EventDraft,
  { type: "artifact_accepted" | "artifact_rejected" | "acceptance_reverted" }
>;

/**
 * Performs a session: applies the core's decisions, records every event before what follows from it, does the work
 * through the ports, and turns its results into events. It decides nothing itself.
 */
export class Orchestrator {
  readonly #ports: SessionPorts;
  readonly #listeners = new Set<SessionListener>();
  readonly #inFlight = new Map<string, { readonly step: string; readonly cancellation: CancelSource }>();
  readonly #stepDeadlines: StepDeadlines;
  readonly #unpublished: SessionEvent[] = [];
  readonly #inbox: (readonly EventDraft[])[] = [];
  #state: SessionState;
  /** What follows from the state. */
  #next: Decision;
  #materialised = 0;
  #wake: (() => void) | undefined;
  #running: Promise<SessionState> | undefined;
  #publishing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #deadline: CancelSource | undefined;

  /** @param state the fold of the events that the store already holds. */
  constructor(ports: SessionPorts, state: SessionState) {
    this.#ports = ports;
    this.#stepDeadlines = new StepDeadlines(ports.clock);
    this.#state = state;
    this.#next = decide(state);
  }

  /** The session's current state; the last events may not be on disk yet. Display what listeners were given. */
  get state(): SessionState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  listen(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records that the session goes on. Call `run` afterwards. */
  resume(by: DecidedBy, cutBytes = 0): void {
    if (this.#state.status === "ended") {
      throw new OrketError("session_ended", "The session has ended; there is nothing to go on with.");
    }
    this.#record(resumeEvents(this.#state, by, cutBytes));
  }

  /**
   * Records what a person asks for; it takes effect immediately or at the next boundary.
   * @throws {OrketError} approval_unknown, approval_stale, command_refused, session_ended.
   */
  submit(command: Command): void {
    this.#obey(command);
    this.#signal();
  }

  /** Ends what is under way within a second and pauses the session, so that it can go on later. */
  cancel(message = "Cancelled."): void {
    if (this.#state.status !== "running") return;
    this.submit({
      kind: "adjust",
      adjustment: { kind: "pause", by: "person", pause: "cancelled", reason: message },
    });
  }

  /**
   * Records what a person decided about artifacts; resolves when all of it is on disk. The session may have ended.
   * @throws {OrketError} when the journal cannot be written.
   */
  async recordDecision(...decisions: readonly ArtifactDecisionDraft[]): Promise<void> {
    this.#record(decisions);
    this.#signal();
    await this.#publish();
  }

  /** Records the end of a stop that was requested while the session was paused, or whatever else waits for the disk. */
  async flush(): Promise<void> {
    if (!this.isRunning) await this.#settle();
    await this.#publish();
  }

  /** Cancels what is under way, so that it can go on later, and makes everything durable. */
  async close(): Promise<void> {
    const running = this.#running;
    if (running !== undefined) {
      this.cancel("Orket was closed.");
      await running.catch(() => undefined);
    }
    if (this.#unpublished.length > 0) await this.#publish();
  }

  /**
   * Performs the session until it ends or pauses; waits for answers to questions. One run at a time.
   * @throws {OrketError} when the journal cannot be written; the session can be resumed once the cause is gone.
   */
  run(): Promise<SessionState> {
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #loop(): Promise<SessionState> {
    try {
      for (;;) {
        await this.#settle();
        const effects = this.#next.effects.filter((effect) => !this.#inFlight.has(effect.key));
        // Work can prepare itself while the disk is busy; it leaves the engine only after `recorded` has resolved.
        const recorded = this.#publish();
        for (const effect of effects) this.#begin(effect, recorded);
        await recorded;
        if (this.#inFlight.size === 0 && this.#inbox.length === 0 && this.#state.status !== "running")
          return this.#state;
        this.#watchDuration();
        this.#stepDeadlines.watch(this.#state, this.#inFlight);
        if (this.#inbox.length === 0 && !this.#hasNews()) await this.#news();
      }
    } finally {
      this.#deadline?.cancel();
      this.#deadline = undefined;
      this.#stepDeadlines.stop();
      this.#cancelWork();
    }
  }

  /** Records decisions and does the work that needs nothing from outside, until only outside work is left. */
  async #settle(): Promise<void> {
    for (;;) {
      for (const drafts of this.#inbox.splice(0)) this.#record(drafts);
      const decision = this.#next;
      if (decision.event !== undefined) {
        this.#record([decision.event]);
        continue;
      }
      const local = decision.effects.find(
        (effect) => !this.#inFlight.has(effect.key) && !isExternal(effect, this.#state),
      );
      if (local === undefined) return;
      const before = this.#state;
      const made = await perform(local, this.#context(new CancelSource(), Promise.resolve()));
      // A person's command may have been recorded meanwhile: what was made for the earlier state does not count.
      if (this.#state === before) this.#record(made);
    }
  }

  #obey(command: Command): void {
    this.#record(accept(this.#state, command));
    if (this.#state.stopRequested || this.#state.pauseRequested?.reason === "cancelled") this.#cancelWork();
  }

  #record(drafts: readonly EventDraft[]): void {
    if (drafts.length === 0) return;
    const events = this.#ports.store.append(drafts);
    for (const event of events) {
      ({ state: this.#state, next: this.#next } = transition(this.#state, event));
      this.#unpublished.push(event);
    }
    const command = this.#ports.steer?.(events, this.#state);
    if (command !== undefined) this.#obey(command);
  }

  /** Writes everything recorded to disk, updates the Workspace, and only then notifies the listeners; one at a time. */
  #publish(): Promise<void> {
    const next = this.#publishing.then(() => this.#publishNow());
    this.#publishing = next.catch(() => undefined);
    return next;
  }

  async #publishNow(): Promise<void> {
    if (this.#failure !== undefined) throw this.#asError(this.#failure);
    if (this.#unpublished.length === 0 && this.#materialised > 0) return;
    const events = this.#unpublished.splice(0);
    const state = this.#state;
    if (events.length > 0) await this.#flush();
    await this.#materialise(state);
    if (events.length === 0) return;
    for (const listener of this.#listeners) listener.onEvents?.(events, state);
  }

  /** What is not on disk does not count, whoever requested it: nothing may begin after it. */
  async #flush(): Promise<void> {
    try {
      await this.#ports.store.flush();
    } catch (error) {
      this.#failure ??= error;
      throw this.#asError(error);
    }
  }

  async #materialise(state: SessionState): Promise<void> {
    const { changes } = state.score.scope;
    if (changes.length === this.#materialised) return;
    const paths = new Map(changes.slice(this.#materialised).map((change) => [change.path, change.content]));
    // A file may take the place of a folder, or the other way round: what goes makes room first.
    for (const [path, content] of paths)
      if (content === null) await this.#ports.store.materialise(path, content);
    for (const [path, content] of paths)
      if (content !== null) await this.#ports.store.materialise(path, content);
    this.#materialised = changes.length;
  }

  #begin(effect: Effect, recorded: Promise<void>): void {
    if (this.#inFlight.has(effect.key)) return;
    const cancellation = new CancelSource();
    this.#inFlight.set(effect.key, { step: effect.step, cancellation });
    perform(effect, this.#context(cancellation, recorded, effect.key))
      .then(
        (drafts) => this.#inbox.push(drafts),
        (error: unknown) => {
          this.#failure ??= error;
        },
      )
      .finally(() => {
        this.#inFlight.delete(effect.key);
        this.#signal();
      });
    if (this.#state.stopRequested || this.#state.pauseRequested?.reason === "cancelled")
      cancellation.cancel();
  }

  #context(cancellation: CancelSource, recorded: Promise<void>, key = ""): Parameters<typeof perform>[1] {
    return {
      state: this.#state,
      ports: this.#ports,
      cancellation,
      recorded,
      onDelta: (step, delta) => {
        if (delta.kind === "waiting" && this.#stepDeadlines.queued(key, delta))
          this.#stepDeadlines.watch(this.#state, this.#inFlight);
        for (const listener of this.#listeners) listener.onDelta?.(step, delta);
      },
    };
  }

  #cancelWork(): void {
    for (const { cancellation } of this.#inFlight.values()) cancellation.cancel();
  }

  /** Ends the session's working time when the limit on it is used up while a call is under way. */
  #watchDuration(): void {
    const limit = this.#state.limits.duration_seconds;
    if (limit === undefined || this.#inFlight.size === 0 || this.#deadline !== undefined) return;
    const deadline = new CancelSource();
    this.#deadline = deadline;
    const usedMs =
      this.#state.spending.activeMs + Math.max(0, this.#ports.clock.nowMs() - Date.parse(this.#state.lastAt));
    void this.#ports.clock.sleep(Math.max(0, limit * 1000 - usedMs), deadline).then(() => {
      if (deadline.aborted) return;
      this.#deadline = undefined;
      const check = checkLimits(this.#state, 0, 0);
      if (this.#inFlight.size === 0 || this.#state.limitHit !== null) return;
      const limitEvent =
        check.kind === "hit" && check.limit.limit === "duration_seconds"
          ? check.limit
          : { limit: "duration_seconds" as const, value: limit, used: limit, needed: 0 };
      this.#inbox.push([draft("limit_reached", null, limitEvent)]);
      this.#cancelWork();
      this.#signal();
    });
  }

  #hasNews(): boolean {
    const { event, effects } = this.#next;
    // Another caller may have published what was recorded meanwhile: what follows from it must still be done.
    const isNew = event !== undefined || effects.some(({ key }) => !this.#inFlight.has(key));
    return this.#failure !== undefined || this.#unpublished.length > 0 || isNew;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #signal(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #asError(error: unknown): Error {
    return error instanceof Error ? error : new OrketError("internal", String(error));
  }
}
