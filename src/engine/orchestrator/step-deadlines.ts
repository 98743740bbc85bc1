import { activeRuns } from "../state/cursor";
import type { SessionState } from "../state/state";
import { waitsForPerson } from "../state/apply";
import { QueueTime } from "../agent/queue-time";
import { CancelSource } from "../port/cancellation";
import type { Clock } from "../port/clock";
import type { ModelDelta } from "../port/model-provider";

/** Longest delay that timers support, in milliseconds: beyond 31 bits they fire immediately. */
const longestSleepMs = 2 ** 31 - 1;
/** Timers may fire slightly early; the work that they cut off must be over its time. */
const marginMs = 2;

/** Work under way, by its key. */
export type Underway = ReadonlyMap<string, { readonly step: string; readonly cancellation: CancelSource }>;

/**
 * Cuts off a call, a tool or a command whose step has used up its `timeout_seconds`. The resulting events record how
 * long it took; the step's failure is decided from them. While a call waits for its turn at its Venue, its step's time stands
 * still.
 */
export class StepDeadlines {
  readonly #clock: Clock;
  readonly #watched = new Map<string, CancelSource>();
  readonly #queues = new Map<string, QueueTime>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches what is under way now, and drops what has ended. */
  watch(state: SessionState, underway: Underway): void {
    this.#forget((key) => underway.has(key));
    const steps = new Map(
      activeRuns(state.score).flatMap(({ run }) =>
        run.node.timeout_seconds === undefined || !run.started || waitsForPerson(run)
          ? []
          : [[run.key, { run, seconds: run.node.timeout_seconds }] as const],
      ),
    );
    for (const [key, { step, cancellation }] of underway) {
      const timed = steps.get(step);
      const queue = this.#queues.get(key);
      if (timed === undefined || this.#watched.has(key) || queue?.isWaiting === true) continue;
      const watching = new CancelSource();
      this.#watched.set(key, watching);
      const sinceMs = Math.max(0, this.#clock.nowMs() - Date.parse(state.lastAt));
      const usedMs = timed.run.activeMs + sinceMs - (queue?.totalMs ?? 0);
      const leftMs = Math.max(0, timed.seconds * 1000 - usedMs) + marginMs;
      void this.#clock.sleep(Math.min(leftMs, longestSleepMs), watching).then(() => {
        if (!watching.aborted) cancellation.cancel();
      });
    }
  }

  /** Takes that a call waits for its turn, or no longer does; true: what is under way is to be watched again. */
  queued(key: string, delta: ModelDelta): boolean {
    const queue = this.#queues.get(key) ?? new QueueTime(this.#clock);
    this.#queues.set(key, queue);
    if (!queue.note(delta)) return false;
    this.#watched.get(key)?.cancel();
    this.#watched.delete(key);
    return !queue.isWaiting;
  }

  /** Stops watching. */
  stop(): void {
    this.#forget(() => false);
  }

  #forget(keeps: (key: string) => boolean): void {
    for (const key of this.#queues.keys()) if (!keeps(key)) this.#queues.delete(key);
    for (const [key, watching] of this.#watched) {
      if (keeps(key)) continue;
      watching.cancel();
      this.#watched.delete(key);
    }
  }
}
