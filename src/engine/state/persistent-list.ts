const chunkLength = 64;

/**
 * An append-mostly list whose copies share all but one chunk, so that folding an event costs the same at step 10 and at
 * step 10,000. Never changes in place.
 */
export class PersistentList<T> {
  static readonly #empty = new PersistentList<never>([], 0);
  readonly #chunks: readonly (readonly T[])[];
  readonly length: number;

  private constructor(chunks: readonly (readonly T[])[], length: number) {
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

  at(index: number): T | undefined {
    if (index < 0) return undefined;
    return this.#chunks[Math.floor(index / chunkLength)]?.[index % chunkLength];
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
    const chunk = (chunks[at] ?? []).slice();
    chunk[index % chunkLength] = value;
    chunks[at] = chunk;
    return new PersistentList(chunks, length);
  }
}
