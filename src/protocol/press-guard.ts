/**
 * How long a new element on the screen accepts no answer, in milliseconds. Longer than the double-click interval of
 * every desktop (500), and than a user needs to notice that the screen has changed.
 */
export const armingMs = 600;

/**
 * Decides which presses count: only those of a user who had time to read what they answer. A control is identified
 * by what it means ("approve question a1"), never by where it is.
 *
 * A press counts when its meaning has been in its place for `armingMs` before the press began, and no guarded
 * control was pressed for `armingMs`. So a double click, two quick clicks, a key that is held down and a click that
 * was under way when the screen changed answer one question at most. Shared by the panels, the trees and the commands.
 */
export class PressGuard {
  readonly #since = new Map<string, number>();
  #lastPress = -Infinity;

  /** The meaning is on the screen from now on, unless it was there already. Times in ms of any one clock. */
  shown(meaning: string, nowMs: number): void {
    if (!this.#since.has(meaning)) this.#since.set(meaning, nowMs);
  }

  /** It has moved, or is visible again: the delay starts again. */
  moved(meaning: string, nowMs: number): void {
    if (this.#since.has(meaning)) this.#since.set(meaning, nowMs);
  }

  hidden(meaning: string): void {
    this.#since.delete(meaning);
  }

  /** All delays start again: the window was hidden or not focused. */
  movedAll(nowMs: number): void {
    for (const meaning of this.#since.keys()) this.#since.set(meaning, nowMs);
  }

  /** The time from which a press of it counts; undefined: it is not on the screen. */
  armedAt(meaning: string): number | undefined {
    const since = this.#since.get(meaning);
    return since === undefined ? undefined : Math.max(since, this.#lastPress) + armingMs;
  }

  /**
   * Whether this press counts. A press that does not count delays the next one too: a user who presses quickly does not read.
   * @param beganMs when the pointer or key went down
   */
  press(meaning: string, beganMs: number, nowMs: number): boolean {
    const armedAt = this.armedAt(meaning);
    this.#lastPress = Math.max(this.#lastPress, nowMs);
    return armedAt !== undefined && beganMs >= armedAt;
  }
}
