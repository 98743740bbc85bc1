/** Branches of the root, and of each of its branches: a change copies two lists of this length and one bucket. */
const fanOut = 32;

type Bucket<V> = ReadonlyMap<string, V> | undefined;
type Buckets<V> = readonly (readonly Bucket<V>[] | undefined)[];

/** FNV-1a over UTF-16 units; only used to distribute keys over the buckets. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** A string-keyed map whose copies share all but one of its buckets. Never changes in place. */
export class PersistentMap<V> {
  static readonly #empty = new PersistentMap<never>([]);
  /** What makes the buckets goes when they are first needed. */
  #made: Buckets<V> | (() => Buckets<V>);

  private constructor(buckets: Buckets<V> | (() => Buckets<V>)) {
    this.#made = buckets;
  }

  get #buckets(): Buckets<V> {
    if (typeof this.#made === "function") this.#made = this.#made();
    return this.#made;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty;
  }

  /**
   * A map of entries that do not change; they are read when the map is first used. The last one of several with the same key
   * counts.
   */
  static from<V>(entries: () => Iterable<readonly [string, V]>): PersistentMap<V> {
    return new PersistentMap(() => {
      const buckets: Map<string, V>[][] = [];
      for (const [key, value] of entries()) {
        const hash = hashOf(key);
        const branch = (buckets[hash % fanOut] ??= []);
        (branch[Math.floor(hash / fanOut) % fanOut] ??= new Map<string, V>()).set(key, value);
      }
      return buckets;
    });
  }

  /** In no meaningful order. */
  *entries(): Generator<readonly [string, V]> {
    for (const branch of this.#buckets) {
      if (branch === undefined) continue;
      for (const bucket of branch) if (bucket !== undefined) yield* bucket;
    }
  }

  get(key: string): V | undefined {
    const hash = hashOf(key);
    return this.#buckets[hash % fanOut]?.[Math.floor(hash / fanOut) % fanOut]?.get(key);
  }

  set(key: string, value: V): PersistentMap<V> {
    const hash = hashOf(key);
    const at = hash % fanOut;
    const within = Math.floor(hash / fanOut) % fanOut;
    const buckets = this.#buckets.slice();
    const branch = buckets[at]?.slice() ?? [];
    branch[within] = new Map(branch[within]).set(key, value);
    buckets[at] = branch;
    return new PersistentMap(buckets);
  }
}
