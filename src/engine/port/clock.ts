import type { Cancellation } from "./cancellation";

/** Time, as available to the engine. */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  nowMs(): number;
  /** Resolves after `ms`, or immediately when cancelled. */
  sleep(ms: number, cancellation: Cancellation): Promise<void>;
}
