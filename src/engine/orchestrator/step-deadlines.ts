import { activeRuns } from "../state/cursor";
import type { SessionState } from "../state/state";
import { waitsForPerson } from "../state/apply";
import { CancelSource } from "../port/cancellation";
import type { Clock } from "../port/clock";

/** Longest delay that timers support, in milliseconds: beyond 31 bits they fire immediately. */
const longestSleepMs = 2 ** 31 - 1;
/** Timers may fire slightly early; the work that they cut off must be over its time. */
const marginMs = 2;

/** Work under way, by its key. */
export type Underway = ReadonlyMap<string, { readonly step: string; readonly cancellation: CancelSource }>;

/**
 * Cuts off a call, a tool or a command whose step has used up its `timeout_seconds`. The resulting events record how
 * long it took; the step's failure is decided from them.
 */
export class StepDeadlines {
  readonly #clock: Clock;
  readonly #watched = new Map<string, CancelSource>();

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
      if (timed === undefined || this.#watched.has(key)) continue;
      const watching = new CancelSource();
      this.#watched.set(key, watching);
      const sinceMs = Math.max(0, this.#clock.nowMs() - Date.parse(state.lastAt));
      const leftMs = Math.max(0, timed.seconds * 1000 - timed.run.activeMs - sinceMs) + marginMs;
      void this.#clock.sleep(Math.min(leftMs, longestSleepMs), watching).then(() => {
        if (!watching.aborted) cancellation.cancel();
      });
    }
  }

  /** Stops watching. */
  stop(): void {
    this.#forget(() => false);
  }

  #forget(keeps: (key: string) => boolean): void {
    for (const [key, watching] of this.#watched) {
      if (keeps(key)) continue;
      watching.cancel();
      this.#watched.delete(key);
    }
  }
}
