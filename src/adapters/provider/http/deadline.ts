import { ProviderError } from "../../../engine/error/provider-error";
import type { Timeouts } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";

/** The longest delay a Node timer accepts; a longer one would fire immediately. */
const longestTimerMs = 2 ** 31 - 1;

/** Seconds of a Venue as milliseconds for a timer. */
export function timerMs(seconds: number): number {
  return Math.min(Math.ceil(seconds * 1000), longestTimerMs);
}

/**
 * The time limits of one call and its cancellation. The first one reached decides the call's error and aborts
 * `signal`; what the server or the transport does then no longer matters. The connection's own limit is the
 * transport's (`FetchInit.connectTimeoutMs`), because only it knows when the connection is established. One timer serves all
 * limits: it checks the clock when it fires, so that neither a call nor a piece of a reply costs another.
 */
export class Deadline {
  readonly #timeouts: Timeouts;
  readonly #cancellation: Cancellation;
  readonly #controller = new AbortController();
  #failure: ProviderError | undefined;
  #reject: ((error: ProviderError) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Immediate | undefined;
  #startedMs = performance.now();
  #lastPieceMs: number | undefined;

  constructor(timeouts: Timeouts, cancellation: Cancellation) {
    this.#timeouts = timeouts;
    this.#cancellation = cancellation;
  }

  /** `performance.now()` when the request was sent, or before that when the call was made. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** Aborts when the call has failed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the call has failed; nothing more may be shown. */
  get ended(): boolean {
    return this.#controller.signal.aborted;
  }

  /**
   * Performs the work, at most once per Deadline. The work calls `begin` when the limits start to count.
   * @throws {ProviderError} cancelled | first_token_timeout | idle_timeout | total_timeout, or what the work throws.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const cancel = (): void => this.#fail("cancelled", "The call was cancelled.");
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        if (this.#cancellation.aborted) return cancel();
        this.#cancellation.addEventListener("abort", cancel, { once: true });
        work().then(resolve, reject);
      });
    } catch (error) {
      // A reason of our own saves creating a DOMException.
      if (!this.ended) this.#controller.abort(error);
      throw this.#failure ?? error;
    } finally {
      this.settle();
      this.#cancellation.removeEventListener("abort", cancel);
    }
  }

  /** The request is sent now. Called again after `settle`: the time before was not the server's. */
  begin(): void {
    if (this.ended) return;
    this.#startedMs = performance.now();
    const { total_seconds, first_token_seconds, idle_seconds } = this.#timeouts;
    this.#watch(timerMs(Math.min(total_seconds, first_token_seconds, idle_seconds)));
  }

  /** A piece of the reply has arrived. */
  piece(): void {
    this.#lastPieceMs = performance.now();
  }

  /** The reply is whole, or the user is asked something: from here on only a cancellation can end the call. */
  settle(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#looking);
    this.#timer = undefined;
  }

  /** Checks after the wait, when everything received is read: a suspended process has its timers expire before that. */
  #watch(waitMs: number): void {
    this.#timer = setTimeout(() => (this.#looking = setImmediate(() => this.#look())), waitMs);
  }

  /** Ends the call when a limit has passed, or else checks again when the next one could. */
  #look(): void {
    const nowMs = performance.now();
    const { total_seconds, first_token_seconds, idle_seconds } = this.#timeouts;
    const totalLeftMs = this.#startedMs + timerMs(total_seconds) - nowMs;
    const phaseLeftMs =
      this.#lastPieceMs === undefined
        ? this.#startedMs + timerMs(first_token_seconds) - nowMs
        : this.#lastPieceMs + timerMs(idle_seconds) - nowMs;
    if (totalLeftMs <= 0) this.#total();
    else if (phaseLeftMs > 0)
      this.#watch(Math.ceil(Math.min(totalLeftMs, phaseLeftMs, timerMs(idle_seconds))));
    else if (this.#lastPieceMs === undefined) this.#firstToken();
    else this.#idle();
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
