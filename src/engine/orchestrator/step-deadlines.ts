import { activeRuns } from "../state/cursor";
import type { SessionState } from "../state/state";
import { waitsForPerson } from "../state/apply";
import { CancelSource } from "../port/cancellation";
import type { Clock } from "../port/clock";

/** Longest sleep that timers can do, in milliseconds: beyond 31 bits they end at once. */
const longestSleepMs = 2 ** 31 - 1;
/** Timers may end a little before their time; what they cut off must be over it. */
const marginMs = 2;

/** Work under way, by its key. */
export type Underway = ReadonlyMap<string, { readonly step: string; readonly cancellation: CancelSource }>;

/**
 * Cuts off a call, a tool or a command whose step has used up its `timeout_seconds`. The events that this leaves say how
 * long it took; that the step fails is decided from them.
 */
export class StepDeadlines {
  readonly #clock: Clock;
  readonly #watched = new Map<string, CancelSource>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches what is under way now, and forgets what has ended. */
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

  /** Watches nothing any more. */
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
