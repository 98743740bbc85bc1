import type { Cancellation } from "./cancellation";

/** Time, as the engine may know it. */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when cancelled. */
  sleep(ms: number, cancellation: Cancellation): Promise<void>;
}
