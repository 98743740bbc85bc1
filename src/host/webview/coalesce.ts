/** Runs `work` at most every `ms`, and once more after the last call; runs never overlap. */
export class Coalescer {
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #stopped = false;
  readonly #ms: number;
  readonly #work: () => void | Promise<void>;

  constructor(ms: number, work: () => void | Promise<void>) {
    this.#ms = ms;
    this.#work = work;
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
    } finally {
      this.#running = false;
      if (this.#again) {
        this.#again = false;
        this.request();
      }
    }
  }
}
