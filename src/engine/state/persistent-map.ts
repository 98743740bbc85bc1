const bucketCount = 256;

/** FNV-1a over UTF-16 units; spreads keys over the buckets, nothing more. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % bucketCount;
}

/** A string-keyed map whose copies share all but one of its buckets. Never changes in place. */
export class PersistentMap<V> {
  static readonly #empty = new PersistentMap<never>([]);
  readonly #buckets: readonly (ReadonlyMap<string, V> | undefined)[];

  private constructor(buckets: readonly (ReadonlyMap<string, V> | undefined)[]) {
    this.#buckets = buckets;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty;
  }

  /** Of entries with the same key the last one holds. */
  static from<V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    const buckets: Map<string, V>[] = [];
    for (const [key, value] of entries) (buckets[bucketOf(key)] ??= new Map<string, V>()).set(key, value);
    return new PersistentMap(buckets);
  }

  /** In no order that means anything. */
  *entries(): Generator<readonly [string, V]> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket;
  }

  get(key: string): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  set(key: string, value: V): PersistentMap<V> {
    const buckets = this.#buckets.slice();
    const at = bucketOf(key);
    buckets[at] = new Map(buckets[at]).set(key, value);
    return new PersistentMap(buckets);
  }
}
