/** A value read from text, and where it ends. */
export interface LooseValue {
  readonly value: unknown;
  /** The offset after the value. */
  readonly end: number;
  /** The text was strict JSON. */
  readonly strict: boolean;
}

/** Why a text is not a value. `cut`: more text would make it one. */
export class LooseProblem extends Error {
  readonly at: number;
  readonly cut: boolean;
  constructor(message: string, at: number, cut: boolean) {
    super(message);
    this.name = "LooseProblem";
    this.at = at;
    this.cut = cut;
  }
}

/** Deeper than the arguments of any tool; keeps hostile text from overflowing the stack. */
const deepest = 100;

/**
 * Reads one JSON value as models write it: strict JSON, and where the meaning is unambiguous also trailing commas, raw
 * line feeds within strings, strings in single quotes, and Python's True, False and None.
 * @throws {LooseProblem} where it is not a value.
 */
export function readLooseJson(text: string, start: number): LooseValue {
  const reader = new Reader(text, start);
  const value = reader.value(0);
  return { value, end: reader.at, strict: reader.strict };
}

/** The same for a text that contains nothing else. undefined: it is not a single value. */
export function parseLoose(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // Falls through: not strict.
  }
  try {
    const read = readLooseJson(text, skipSpace(text, 0));
    return text.slice(read.end).trim() === "" ? { value: read.value } : undefined;
  } catch (error) {
    if (error instanceof LooseProblem) return undefined;
    throw error;
  }
}

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at += 1;
  return at;
}

const words: readonly (readonly [string, unknown, boolean])[] = [
  ["true", true, true],
  ["false", false, true],
  ["null", null, true],
  ["True", true, false],
  ["False", false, false],
  ["None", null, false],
];

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class Reader {
  strict = true;
  at: number;
  readonly #text: string;

  constructor(text: string, start: number) {
    this.#text = text;
    this.at = start;
  }

  value(depth: number): unknown {
    if (depth > deepest) throw this.#problem("it is nested too deeply");
    this.#space();
    const character = this.#text[this.at];
    if (character === "{") return this.#object(depth);
    if (character === "[") return this.#array(depth);
    if (character === '"' || character === "'") return this.#string();
    for (const [word, value, strict] of words) {
      if (!this.#text.startsWith(word, this.at) || /\w/.test(this.#text[this.at + word.length] ?? ""))
        continue;
      this.at += word.length;
      this.strict &&= strict;
      return value;
    }
    const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    number.lastIndex = this.at;
    const found = number.exec(this.#text)?.[0];
    if (found === undefined) throw this.#problem("a value is missing");
    this.at += found.length;
    return Number(found);
  }

  #object(depth: number): Record<string, unknown> {
    this.at += 1;
    const entries: [string, unknown][] = [];
    for (;;) {
      this.#space();
      if (this.#text[this.at] === "}") {
        if (entries.length > 0) this.strict = false;
        break;
      }
      const quote = this.#text[this.at];
      if (quote !== '"' && quote !== "'") throw this.#problem("a name in quotes is missing");
      const name = this.#string();
      this.#space();
      if (this.#text[this.at] !== ":") throw this.#problem("a colon is missing");
      this.at += 1;
      entries.push([name, this.value(depth + 1)]);
      this.#space();
      if (this.#text[this.at] === "}") break;
      this.#comma("}");
    }
    this.at += 1;
    // Not Object.fromEntries over a literal: a name may be __proto__.
    const object: Record<string, unknown> = {};
    for (const [name, value] of entries)
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
    return object;
  }

  #array(depth: number): unknown[] {
    this.at += 1;
    const items: unknown[] = [];
    for (;;) {
      this.#space();
      if (this.#text[this.at] === "]") {
        if (items.length > 0) this.strict = false;
        break;
      }
      items.push(this.value(depth + 1));
      this.#space();
      if (this.#text[this.at] === "]") break;
      this.#comma("]");
    }
    this.at += 1;
    return items;
  }

  #comma(closer: string): void {
    if (this.#text[this.at] !== ",") throw this.#problem(`a comma or ${closer} is missing`);
    this.at += 1;
  }

  #string(): string {
    const quote = this.#text[this.at] ?? '"';
    if (quote === "'") this.strict = false;
    this.at += 1;
    let value = "";
    for (;;) {
      const character = this.#text[this.at];
      if (character === undefined) throw this.#problem("a string has no end");
      if (character === quote) {
        this.at += 1;
        this.#endsString(quote);
        return value;
      }
      if (character === "\\") value += this.#escape();
      else {
        if (character < " ") this.strict = false;
        value += character;
        this.at += 1;
      }
    }
  }

  /** A quote inside a text in single quotes (it's) would end it too early: what follows decides whether it is the end. */
  #endsString(quote: string): void {
    if (quote === '"') return;
    const after = this.#text[skipSpace(this.#text, this.at)];
    if (after !== undefined && !",:}])".includes(after)) throw this.#problem("a quote stands within a text");
  }

  #escape(): string {
    const next = this.#text[this.at + 1];
    if (next === undefined) throw this.#problem("a string has no end", this.#text.length);
    if (next === "u") {
      const digits = this.#text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        const cut = this.at + 6 > this.#text.length;
        throw this.#problem("an escape is not whole", cut ? this.#text.length : this.at);
      }
      this.at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    if (next === "'") {
      this.strict = false;
      this.at += 2;
      return "'";
    }
    const meant = Object.hasOwn(escapes, next) ? escapes[next] : undefined;
    if (meant === undefined) throw this.#problem(`\\${next} is no escape of JSON`);
    this.at += 2;
    return meant;
  }

  #space(): void {
    this.at = skipSpace(this.#text, this.at);
  }

  #problem(message: string, at = this.at): LooseProblem {
    return new LooseProblem(message, at, at >= this.#text.length);
  }
}
