/**
 * How long something new on the screen takes no answer, in milliseconds. Longer than the interval of a double click on
 * every desktop (500), and than anyone needs to see that the screen has changed.
 */
export const armingMs = 600;

/**
 * Decides which presses count: only those of somebody who could have read what they answer. What can be pressed is
 * named by what it means ("approve question a1"), never by where it stands.
 *
 * A press counts when its meaning has been in its place for `armingMs` before the press began, and nothing that is
 * guarded was pressed for `armingMs`. So a double click, two quick clicks, a key that is held down and a click that
 * was on its way when the screen changed answer one question at most. Shared by the panels, the trees and the commands.
 */
export class PressGuard {
  readonly #since = new Map<string, number>();
  #lastPress = -Infinity;

  /** The meaning stands on the screen since now, unless it has stood there already. Times in ms of any one clock. */
  shown(meaning: string, nowMs: number): void {
    if (!this.#since.has(meaning)) this.#since.set(meaning, nowMs);
  }

  /** It stands in another place, or comes back to the eye: it must be found again. */
  moved(meaning: string, nowMs: number): void {
    if (this.#since.has(meaning)) this.#since.set(meaning, nowMs);
  }

  hidden(meaning: string): void {
    this.#since.delete(meaning);
  }

  /** Everything must be found again: the window was away. */
  movedAll(nowMs: number): void {
    for (const meaning of this.#since.keys()) this.#since.set(meaning, nowMs);
  }

  /** From when on a press of it counts; undefined: it is not on the screen. */
  armedAt(meaning: string): number | undefined {
    const since = this.#since.get(meaning);
    return since === undefined ? undefined : Math.max(since, this.#lastPress) + armingMs;
  }

  /**
   * Whether this press counts. A press that does not makes the next one wait too: who presses quickly does not read.
   * @param beganMs when the finger went down
   */
  press(meaning: string, beganMs: number, nowMs: number): boolean {
    const armedAt = this.armedAt(meaning);
    this.#lastPress = Math.max(this.#lastPress, nowMs);
    return armedAt !== undefined && beganMs >= armedAt;
  }
}
