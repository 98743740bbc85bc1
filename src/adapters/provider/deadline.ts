import { ProviderError } from "../../engine/error/provider-error";
import type { Timeouts } from "../../engine/model/venue";
import type { Cancellation } from "../../engine/port/cancellation";

/** The longest delay a Node timer takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Seconds of a Venue as milliseconds for a timer. */
export function timerMs(seconds: number): number {
  return Math.min(Math.ceil(seconds * 1000), longestTimerMs);
}

/**
 * The time limits of one call and its cancellation. The first of them to strike decides the call's error and aborts
 * `signal`; what the server or the transport does about it no longer matters. The connection's own limit is the
 * transport's (`FetchInit.connectTimeoutMs`), because only it knows when the connection stands.
 */
export class Deadline {
  /** `performance.now()` when the call began. */
  readonly startedMs = performance.now();
  readonly #timeouts: Timeouts;
  readonly #cancellation: Cancellation;
  readonly #controller = new AbortController();
  #failure: ProviderError | undefined;
  #reject: ((error: ProviderError) => void) | undefined;
  #phaseTimer: NodeJS.Timeout | undefined;
  #totalTimer: NodeJS.Timeout | undefined;
  #lastPieceMs = 0;

  constructor(timeouts: Timeouts, cancellation: Cancellation) {
    this.#timeouts = timeouts;
    this.#cancellation = cancellation;
  }

  /** Aborts when the call has failed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the call has failed; nothing may be shown any more. */
  get ended(): boolean {
    return this.#controller.signal.aborted;
  }

  /**
   * Performs the work, at most once per Deadline.
   * @throws {ProviderError} cancelled | first_token_timeout | idle_timeout | total_timeout, or what the work throws.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const cancel = (): void => this.#fail("cancelled", "The call was cancelled.");
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        if (this.#cancellation.aborted) return cancel();
        this.#cancellation.addEventListener("abort", cancel, { once: true });
        this.begin();
        work().then(resolve, reject);
      });
    } catch (error) {
      // A reason of our own saves the making of a DOMException.
      if (!this.ended) this.#controller.abort(error);
      throw this.#failure ?? error;
    } finally {
      this.settle();
      this.#cancellation.removeEventListener("abort", cancel);
    }
  }

  /** Starts the limits anew, after `settle`: what came before was no time of the server's. */
  begin(): void {
    this.#totalTimer = setTimeout(() => this.#total(), timerMs(this.#timeouts.total_seconds));
    this.#phaseTimer = setTimeout(() => this.#firstToken(), timerMs(this.#timeouts.first_token_seconds));
  }

  /** A piece of the reply has arrived. Costs no timer: the one that runs looks at the clock when it fires. */
  piece(): void {
    const first = this.#lastPieceMs === 0;
    this.#lastPieceMs = performance.now();
    if (first && this.#phaseTimer !== undefined) {
      clearTimeout(this.#phaseTimer);
      this.#watchIdle(timerMs(this.#timeouts.idle_seconds));
    }
  }

  /** The reply is whole, or a person is asked something: from here on only a cancellation can end the call. */
  settle(): void {
    clearTimeout(this.#phaseTimer);
    clearTimeout(this.#totalTimer);
    this.#phaseTimer = undefined;
    this.#totalTimer = undefined;
  }

  #watchIdle(waitMs: number): void {
    this.#phaseTimer = setTimeout(() => {
      const limitMs = timerMs(this.#timeouts.idle_seconds);
      const leftMs = limitMs - (performance.now() - this.#lastPieceMs);
      if (leftMs > 0) this.#watchIdle(Math.ceil(leftMs));
      else this.#idle();
    }, waitMs);
  }

  #firstToken(): void {
    const seconds = this.#timeouts.first_token_seconds;
    this.#fail(
      "first_token_timeout",
      `No piece of the reply came within ${seconds} s. A large model may need longer to load: ` +
        "raise `timeouts: { first_token_seconds }` in the Venue.",
    );
  }

  #idle(): void {
    const seconds = this.#timeouts.idle_seconds;
    this.#fail(
      "idle_timeout",
      `The reply stopped: nothing came for ${seconds} s (\`timeouts: { idle_seconds }\` in the Venue).`,
    );
  }

  #total(): void {
    const seconds = this.#timeouts.total_seconds;
    this.#fail(
      "total_timeout",
      `The reply was not complete after ${seconds} s (\`timeouts: { total_seconds }\` in the Venue).`,
    );
  }

  #fail(code: ProviderError["code"], message: string): void {
    if (this.#failure !== undefined || this.ended) return;
    this.#failure = new ProviderError(code, message);
    this.#reject?.(this.#failure);
    this.#controller.abort(this.#failure);
  }
}
