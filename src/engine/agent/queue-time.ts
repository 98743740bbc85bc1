import type { Clock } from "../port/clock";
import type { ModelDelta } from "../port/model-provider";

/** How long a call has waited for its turn at its Venue, as its deltas say. */
export class QueueTime {
  readonly #clock: Pick<Clock, "nowMs">;
  #sinceMs: number | undefined;
  #endedMs = 0;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** Whether it waits now. */
  get isWaiting(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** Whole milliseconds. */
  get totalMs(): number {
    const currentMs = this.#sinceMs === undefined ? 0 : Math.max(0, this.#clock.nowMs() - this.#sinceMs);
    return Math.round(this.#endedMs + currentMs);
  }

  /** Whether it began or ended to wait with this. */
  note(delta: ModelDelta): boolean {
    if (delta.kind !== "waiting" || delta.behind.length > 0 === this.isWaiting) return false;
    this.#endedMs = this.totalMs;
    this.#sinceMs = delta.behind.length > 0 ? this.#clock.nowMs() : undefined;
    return true;
  }
}
