import { PressGuard } from "../../protocol/press-guard";

/**
 * Decides which presses on the rows of a tree count. A tree reports no pointer, only which row's action was triggered: a
 * row that has just appeared or moved takes none, as the press was meant for the row that was there before, nor does any
 * row right after another press.
 */
export class RowGuard {
  readonly #guard = new PressGuard();
  readonly #nowMs: () => number;
  #rows: readonly string[] = [];

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The rows as they are shown from now on, each by what its actions mean: the row and its state. */
  shows(rows: readonly string[]): void {
    // Where no row was before, no press was meant for one.
    const now = this.#rows.length === 0 ? -Infinity : this.#nowMs();
    const before = new Map(this.#rows.map((row, index) => [row, index]));
    rows.forEach((row, index) => {
      const was = before.get(row);
      before.delete(row);
      if (was === undefined) this.#guard.shown(row, now);
      else if (was !== index) this.#guard.moved(row, now);
    });
    for (const row of before.keys()) this.#guard.hidden(row);
    this.#rows = rows;
  }

  /** Whether a press on the row now counts; one that does not delays the next one too. */
  takes(row: string): boolean {
    const now = this.#nowMs();
    return this.#guard.press(row, now, now);
  }
}
