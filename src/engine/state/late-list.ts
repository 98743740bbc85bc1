import { once } from "../model/once";

/** A list that is made in parts of equal length, each when something of it is first read. */
export class LateList<T> implements Iterable<T> {
  readonly #parts: readonly (() => readonly T[])[];

  /**
   * @param partLength the elements of each part but the last.
   * @param length of the whole list.
   */
  constructor(
    parts: readonly (() => readonly T[])[],
    readonly partLength: number,
    readonly length: number,
  ) {
    this.#parts = parts.map((part) => once(part));
  }

  /** The elements from one place to another, which may not lie in different parts. */
  within(from: number, to: number): readonly T[] {
    const part = Math.floor(from / this.partLength);
    const begin = part * this.partLength;
    return this.#parts[part]?.().slice(from - begin, to - begin) ?? [];
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    for (const part of this.#parts) yield* part();
  }
}
