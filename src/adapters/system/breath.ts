/** How long work may hold the thread before others get it, in milliseconds: a quarter of a frame of a screen. */
const holdMs = 4;

/** Long work in a process that must answer meanwhile: `pause` between its pieces gives the thread to what waits for it. */
export class Breath {
  #sinceMs = performance.now();

  /** @param nextMs how long the next piece will hold the thread, where it is known to be long. */
  async pause(nextMs = 0): Promise<void> {
    if (performance.now() - this.#sinceMs + nextMs < holdMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#sinceMs = performance.now();
  }
}
