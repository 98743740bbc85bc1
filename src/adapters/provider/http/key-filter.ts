/** The replacement for a key. */
const mask = "[key]";

/**
 * A shorter key is a word that many replies contain ("ollama", "EMPTY"), and no service issues one: replacing it in a
 * reply would spoil the work and protect nothing.
 */
export const shortestKey = 8;

/** A way to write a key. What begins with `head` is a key, whatever follows: also a truncated one. */
interface Spelling {
  readonly whole: string;
  readonly head: string;
}

/** A key in every spelling in which a server may return it. */
export interface KeyPattern {
  readonly spellings: readonly Spelling[];
  readonly heads: RegExp;
  readonly longestHead: number;
}

/** The latest pattern: one key serves call after call, and building the pattern costs a tenth of a short call. */
let latest: { readonly key: string; readonly pattern: KeyPattern } | undefined;

/** undefined: there is no key, or it is shorter than `shortestKey`. */
export function keyPattern(key: string | undefined): KeyPattern | undefined {
  if (key === undefined || key.length < shortestKey) return undefined;
  if (latest?.key !== key) latest = { key, pattern: patternOf(key) };
  return latest.pattern;
}

/** The pattern of several keys together; undefined: none is long enough. */
export function keysPattern(keys: readonly string[]): KeyPattern | undefined {
  if (keys.length < 2) return keyPattern(keys[0]);
  const patterns = keys.map(keyPattern).filter((pattern) => pattern !== undefined);
  if (patterns.length < 2) return patterns[0];
  return {
    spellings: patterns.flatMap(({ spellings }) => spellings),
    heads: new RegExp(patterns.map(({ heads }) => heads.source).join("|"), "g"),
    longestHead: Math.max(...patterns.map(({ longestHead }) => longestHead)),
  };
}

function patternOf(key: string): KeyPattern {
  const spellings = [...new Set(spellingsOf(key))].map((whole) => ({
    whole,
    head: whole.slice(0, Math.max(shortestKey, Math.ceil(whole.length / 2))),
  }));
  const heads = spellings.map(({ head }) => head.replace(/[^A-Za-z0-9]/g, "\\$&"));
  return {
    spellings,
    heads: new RegExp(heads.join("|"), "g"),
    longestHead: Math.max(...spellings.map(({ head }) => head.length)),
  };
}

/** As it is; within JSON; within an address; within Base64, as in the header of Basic authentication. */
function spellingsOf(key: string): string[] {
  const json = JSON.stringify(key).slice(1, -1);
  const address = encodeURIComponent(key);
  return [
    key,
    json,
    json.replaceAll("/", "\\/"),
    address,
    address.replace(/%../g, (code) => code.toLowerCase()),
    ...[0, 1, 2].flatMap((before) => {
      const base64 = base64Core(key, before);
      return [base64, base64.replaceAll("+", "-").replaceAll("/", "_")];
    }),
  ];
}

/** The characters that are the same whatever surrounds the key: three bytes become four characters. */
function base64Core(key: string, bytesBefore: number): string {
  const bytes = Buffer.concat([Buffer.alloc(bytesBefore), Buffer.from(key)]);
  const firstOwn = Math.ceil((bytesBefore * 8) / 6);
  return bytes.toString("base64").slice(firstOwn, Math.floor((bytes.length * 8) / 6));
}

/** Removes a key from text that arrives in pieces, wherever the pieces are cut. */
export class KeyFilter {
  /** Whether anything was removed. */
  found = false;
  readonly #pattern: KeyPattern;
  /** The end of what arrived, which may be the beginning of a key. */
  #held = "";

  constructor(pattern: KeyPattern) {
    this.#pattern = pattern;
  }

  /** What can be shown now. Together the pieces are `withoutKey` of the whole text. */
  push(piece: string): string {
    const { shown, held } = this.#scan(this.#held + piece, false);
    this.#held = held;
    return shown;
  }

  /** The rest, when nothing more arrives; the filter stays unchanged. */
  rest(piece = ""): string {
    return this.#scan(this.#held + piece, true).shown;
  }

  #scan(text: string, isWhole: boolean): { shown: string; held: string } {
    const { heads } = this.#pattern;
    let shown = "";
    let from = 0;
    let open = -1;
    for (;;) {
      heads.lastIndex = from;
      const at = heads.exec(text)?.index ?? text.length;
      if (open < from) open = isWhole ? text.length : this.#beginning(text, from);
      if (open <= at) return { shown: shown + text.slice(from, open), held: text.slice(open) };
      const end = this.#end(text, at, isWhole);
      if (end === undefined) return { shown: shown + text.slice(from, at), held: text.slice(at) };
      this.found = true;
      shown += text.slice(from, at) + mask;
      from = end;
    }
  }

  /** Where the last characters begin to be the beginning of a head; the text's length when they are not. */
  #beginning(text: string, from: number): number {
    const { spellings, longestHead } = this.#pattern;
    for (let at = Math.max(from, text.length - longestHead + 1); at < text.length; at += 1) {
      const tail = text.slice(at);
      if (spellings.some(({ head }) => tail.length < head.length && head.startsWith(tail))) return at;
    }
    return text.length;
  }

  /** Where the key that begins at `at` ends; undefined: in the next piece. */
  #end(text: string, at: number, isWhole: boolean): number | undefined {
    let last = at;
    for (const { whole, head } of this.#pattern.spellings) {
      if (!text.startsWith(head, at)) continue;
      let length = head.length;
      while (length < whole.length && text[at + length] === whole[length]) length += 1;
      if (!isWhole && length < whole.length && at + length === text.length) return undefined;
      last = Math.max(last, at + length);
    }
    return last;
  }
}

/** The text without the key, and without any part of it that is at least half of it and at least `shortestKey` long. */
export function withoutKey(text: string, pattern: KeyPattern): string {
  return new KeyFilter(pattern).rest(text);
}
