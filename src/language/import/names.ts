/** The last folder or file of a path, without its extensions. */
export function stemOf(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return file.replace(/(.)\..*$/, "$1");
}

function words(text: string, allowed: RegExp): string {
  return (
    text
      .slice(0, 400)
      .normalize("NFKD")
      // Accents, which normalization has separated.
      .replace(/\p{M}/gu, "")
      .replace(allowed, "-")
      .replace(/-{2,}/g, "-")
      .slice(0, 64)
      .replace(/[-.]+$/, "")
  );
}

/** A valid id of a role, step or input from any text; `fallback` (an id) where nothing of the text is usable. */
function makeId(text: string, fallback: string): string {
  const id = words(text, /[^A-Za-z0-9_-]+/g).replace(/^[^A-Za-z0-9]+/, "");
  if (/^\d/.test(id)) return `${fallback}-${id}`.slice(0, 64);
  return id === "" ? fallback : id;
}

/** A valid name of a file's definition from any text. */
export function makeName(text: string, fallback: string): string {
  const name = words(text, /[^A-Za-z0-9._-]+/g).replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? fallback : name;
}

/** Gives each name once; upper and lower case count as equal, as in some file systems. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  constructor(taken: Iterable<string> = []) {
    for (const name of taken) this.#taken.add(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#taken.has(name.toLowerCase());
  }

  /** `wanted`, or the first of `wanted-2`, `wanted-3`, … that is free for `also` too. */
  take(wanted: string, also: (name: string) => boolean = () => true): string {
    const base = wanted.toLowerCase();
    let name = wanted;
    for (let count = this.#next.get(base) ?? 2; this.has(name) || !also(name); count++) {
      const suffix = `-${count}`;
      name = `${wanted.slice(0, 64 - suffix.length)}${suffix}`;
      this.#next.set(base, count + 1);
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

/** Ids for the raw names of one scope: the same id for the same raw name, different ids for different ones. */
export class Ids {
  readonly #ids = new Map<string, string>();
  readonly #unique = new UniqueNames();
  readonly #fallback: string;

  constructor(fallback: string) {
    this.#fallback = fallback;
  }

  has(raw: string): boolean {
    return this.#ids.has(raw);
  }

  of(raw: string): string {
    const known = this.#ids.get(raw);
    if (known !== undefined) return known;
    const id = this.#unique.take(makeId(raw, this.#fallback));
    this.#ids.set(raw, id);
    return id;
  }
}
