import type { Cancellation } from "../../engine/port/cancellation";
import type { Clock } from "../../engine/port/clock";

/** The machine's clock. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  sleep(ms: number, cancellation: Cancellation): Promise<void> {
    if (cancellation.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        cancellation.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      cancellation.addEventListener("abort", done, { once: true });
    });
  }
}
