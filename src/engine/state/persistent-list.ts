import { once } from "../model/once";
import type { LateList } from "./late-list";

const chunkLength = 64;

/** Elements, or what makes them when one of them is first read. */
type Chunk<T> = readonly T[] | (() => readonly T[]);

function elementsOf<T>(chunk: Chunk<T>): readonly T[] {
  return typeof chunk === "function" ? chunk() : chunk;
}

/**
 * An append-mostly list whose copies share all but one chunk, so that folding an event costs the same at step 10 and at
 * step 10,000. Never changes in place.
 */
export class PersistentList<T> {
  static readonly #empty = new PersistentList<never>([], 0);
  readonly #chunks: readonly Chunk<T>[];
  readonly length: number;

  private constructor(chunks: readonly Chunk<T>[], length: number) {
    this.#chunks = chunks;
    this.length = length;
  }

  static empty<T>(): PersistentList<T> {
    return PersistentList.#empty;
  }

  static from<T>(values: readonly T[]): PersistentList<T> {
    const chunks: T[][] = [];
    for (let at = 0; at < values.length; at += chunkLength) chunks.push(values.slice(at, at + chunkLength));
    return values.length === 0 ? PersistentList.#empty : new PersistentList(chunks, values.length);
  }

  /** Reads from the late list what is asked for, when it is. */
  static fromLate<T>(values: LateList<T>): PersistentList<T> {
    const { length, partLength } = values;
    if (partLength % chunkLength !== 0) return PersistentList.from([...values]);
    const chunks: Chunk<T>[] = [];
    for (let at = 0; at < length; at += chunkLength)
      chunks.push(once(() => values.within(at, at + chunkLength)));
    return new PersistentList(chunks, length);
  }

  at(index: number): T | undefined {
    if (index < 0) return undefined;
    const chunk = this.#chunks[Math.floor(index / chunkLength)];
    return chunk === undefined ? undefined : elementsOf(chunk)[index % chunkLength];
  }

  push(value: T): PersistentList<T> {
    return this.#write(this.length, value, this.length + 1);
  }

  /** @throws {RangeError} when there is nothing at `index`. */
  set(index: number, value: T): PersistentList<T> {
    if (index < 0 || index >= this.length) throw new RangeError(`no element ${index} in the list`);
    return this.#write(index, value, this.length);
  }

  /** The elements from `start` on. */
  slice(start = 0): T[] {
    const values: T[] = [];
    for (let index = Math.max(0, start); index < this.length; index += 1) values.push(this.at(index) as T);
    return values;
  }

  #write(index: number, value: T, length: number): PersistentList<T> {
    const chunks = this.#chunks.slice();
    const at = Math.floor(index / chunkLength);
    const chunk = elementsOf(chunks[at] ?? []).slice();
    chunk[index % chunkLength] = value;
    chunks[at] = chunk;
    return new PersistentList(chunks, length);
  }
}
