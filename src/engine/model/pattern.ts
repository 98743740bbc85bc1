/** Most single-character tests that a match may take; beyond that, the text does not match. */
const maxSteps = 2_000_000;

type Part =
  | { readonly kind: "one"; readonly test: RegExp }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "any"; readonly of: readonly (readonly Part[])[] }
  | { readonly kind: "repeat"; readonly of: Part; readonly least: number; readonly most: number };

/** A pattern cannot be used: its message explains why. */
class PatternProblem extends Error {}

class PatternReader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Part {
    const part = this.#choices();
    if (this.#at < this.#text.length) throw new PatternProblem("it has a ')' too many");
    return part;
  }

  #choices(): Part {
    const of: Part[][] = [[]];
    for (; this.#at < this.#text.length && this.#text[this.#at] !== ")";) {
      if (this.#text[this.#at] === "|") {
        this.#at += 1;
        of.push([]);
      } else of.at(-1)?.push(this.#repeated());
    }
    return { kind: "any", of };
  }

  #repeated(): Part {
    let part = this.#atom();
    for (;;) {
      const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#text.slice(this.#at, this.#at + 20));
      if (found === null) return part;
      this.#at += found[0].length;
      const [, mark, least = "0", comma, most] = found;
      if (mark === undefined) {
        const top =
          comma === "" ? Number(least) : most === "" || most === undefined ? Infinity : Number(most);
        part = { kind: "repeat", of: part, least: Number(least), most: top };
      } else
        part = { kind: "repeat", of: part, least: mark === "+" ? 1 : 0, most: mark === "?" ? 1 : Infinity };
    }
  }

  #atom(): Part {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith("^") || rest.startsWith("$")) {
      this.#at += 1;
      return { kind: rest.startsWith("^") ? "start" : "end" };
    }
    if (rest.startsWith("(")) {
      if (rest.startsWith("(?") && !rest.startsWith("(?:"))
        throw new PatternProblem("of groups only (…) and (?:…) can be used");
      this.#at += rest.startsWith("(?:") ? 3 : 1;
      const group = this.#choices();
      if (this.#text[this.#at] !== ")") throw new PatternProblem("a '(' is not closed");
      this.#at += 1;
      return group;
    }
    const one =
      /^(?:\[(?:\\[^]|[^\]\\])*\]|\\p\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\[dDwWsStnr]|\\[^A-Za-z0-9]|[^\\*+?{}[\]])/u.exec(
        rest,
      )?.[0];
    if (one === undefined)
      throw new PatternProblem(`${rest.slice(0, 2)} cannot be used at character ${this.#at + 1}`);
    this.#at += one.length;
    return { kind: "one", test: new RegExp(`^${one}$`, "u") };
  }
}

/** Why a pattern cannot be used; undefined: it can. */
export function patternProblem(pattern: string): string | undefined {
  try {
    new PatternReader(pattern).whole();
    return undefined;
  } catch (error) {
    return error instanceof PatternProblem ? error.message : "it is not a regular expression";
  }
}

/**
 * Whether the whole text matches. Follows all paths through the pattern in parallel, as sets of positions in the text, and
 * never backtracks: the time is bounded whatever the pattern and the text are.
 */
export function matchesWhole(pattern: string, text: string): boolean {
  if (patternProblem(pattern) !== undefined) return false;
  const characters = [...text];
  let steps = 0;
  const through = (part: Part, from: ReadonlySet<number>): ReadonlySet<number> => {
    const to = new Set<number>();
    if (from.size === 0 || steps > maxSteps) return to;
    steps += from.size;
    switch (part.kind) {
      case "start":
        return from.has(0) ? new Set([0]) : to;
      case "end":
        return from.has(characters.length) ? new Set([characters.length]) : to;
      case "one":
        for (const at of from) if (part.test.test(characters[at] ?? "")) to.add(at + 1);
        return to;
      case "any":
        for (const way of part.of)
          for (const at of way.reduce((here, next) => through(next, here), from)) to.add(at);
        return to;
      case "repeat": {
        let here = from;
        for (let turn = 0; turn < part.least && here.size > 0 && steps <= maxSteps; turn += 1)
          here = through(part.of, here);
        for (const at of here) to.add(at);
        for (let turn = part.least; turn < part.most && here.size > 0 && steps <= maxSteps; turn += 1) {
          here = new Set([...through(part.of, here)].filter((at) => !to.has(at)));
          for (const at of here) to.add(at);
        }
        return to;
      }
    }
  };
  const ends = through(new PatternReader(pattern).whole(), new Set([0]));
  return steps <= maxSteps && ends.has(characters.length);
}
