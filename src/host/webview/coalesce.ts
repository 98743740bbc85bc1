/**
 * Runs `work` at most every `ms`, and once more after the last call; runs never overlap. Nobody waits for a run, so its
 * failure goes to `failed`, which must not throw; the next request runs `work` again.
 */
export class Coalescer {
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #stopped = false;
  readonly #ms: number;
  readonly #work: () => void | Promise<void>;
  readonly #failed: (error: unknown) => void;

  constructor(ms: number, work: () => void | Promise<void>, failed: (error: unknown) => void) {
    this.#ms = ms;
    this.#work = work;
    this.#failed = failed;
  }

  request(): void {
    if (this.#stopped) return;
    if (this.#running) this.#again = true;
    else this.#timer ??= setTimeout(() => void this.#run(), this.#ms);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#running = true;
    try {
      await this.#work();
    } catch (error) {
      // What was stopped meanwhile may have lost what its work needs.
      if (!this.#stopped) this.#failed(error);
    } finally {
      this.#running = false;
      if (this.#again) {
        this.#again = false;
        this.request();
      }
    }
  }
}
