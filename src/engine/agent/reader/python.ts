import { LooseProblem, skipSpace } from "./loose-json";

/** A call in the form `name(path="a", 3)`: arguments by name and by position. */
export interface PythonCall {
  readonly name: string;
  readonly named: Readonly<Record<string, unknown>>;
  readonly placed: readonly unknown[];
  readonly end: number;
}

/**
 * Reads one call with literal arguments, as models trained on Python lists of calls write it.
 * @throws {LooseProblem} where there is none.
 */
export function readPythonCall(text: string, start: number): PythonCall {
  const reader = new PythonReader(text, start);
  const call = reader.call();
  return { ...call, end: reader.at };
}

const deepest = 100;

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

const words: readonly (readonly [string, unknown])[] = [
  ["True", true],
  ["False", false],
  ["None", null],
  ["true", true],
  ["false", false],
  ["null", null],
];

class PythonReader {
  at: number;
  readonly #text: string;

  constructor(text: string, start: number) {
    this.#text = text;
    this.at = start;
  }

  call(): Omit<PythonCall, "end"> {
    const name = this.#match(/[A-Za-z_][\w.:-]*/y);
    if (name === undefined) throw this.#problem("a tool's name is missing");
    this.#space();
    this.#expect("(");
    const named: Record<string, unknown> = {};
    const placed: unknown[] = [];
    for (;;) {
      this.#space();
      if (this.#take(")")) break;
      const key = this.#match(/[A-Za-z_]\w*(?=\s*=(?!=))/y);
      if (key === undefined) placed.push(this.#value(0));
      else {
        this.#space();
        this.#expect("=");
        named[key] = this.#value(0);
      }
      this.#space();
      if (this.#take(")")) break;
      this.#expect(",");
    }
    return { name, named, placed };
  }

  #value(depth: number): unknown {
    if (depth > deepest) throw this.#problem("it is nested too deeply");
    this.#space();
    const character = this.#text[this.at];
    if (character === '"' || character === "'") return this.#strings();
    if (character === "[" || character === "(") return this.#list(depth, character === "[" ? "]" : ")");
    if (character === "{") return this.#dict(depth);
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.at) && !/\w/.test(this.#text[this.at + word.length] ?? "")) {
        this.at += word.length;
        return value;
      }
    }
    const number = this.#match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)/y);
    if (number === undefined) throw this.#problem("a value is missing");
    return Number(number);
  }

  /** Adjacent string literals are concatenated. */
  #strings(): string {
    let whole = "";
    for (;;) {
      whole += this.#string();
      const next = skipSpace(this.#text, this.at);
      if (this.#text[next] !== '"' && this.#text[next] !== "'") return whole;
      this.at = next;
    }
  }

  #string(): string {
    const one = this.#text[this.at] ?? '"';
    const quote = this.#text.startsWith(one.repeat(3), this.at) ? one.repeat(3) : one;
    this.at += quote.length;
    let value = "";
    for (;;) {
      if (this.#text.startsWith(quote, this.at)) break;
      const character = this.#text[this.at];
      if (character === undefined) throw this.#problem("a string has no end");
      if (character !== "\\") {
        value += character;
        this.at += 1;
        continue;
      }
      const next = this.#text[this.at + 1];
      if (next === undefined) throw this.#problem("a string has no end", this.#text.length);
      const unicode = /\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})/y;
      unicode.lastIndex = this.at;
      const code = unicode.exec(this.#text);
      if (code !== null) {
        value += String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? "0", 16));
        this.at += code[0].length;
        continue;
      }
      // As in Python: an invalid escape is kept unchanged.
      value += Object.hasOwn(escapes, next) ? (escapes[next] ?? "") : `\\${next}`;
      this.at += 2;
    }
    this.at += quote.length;
    return value;
  }

  #list(depth: number, closer: string): unknown[] {
    this.at += 1;
    const items: unknown[] = [];
    for (;;) {
      this.#space();
      if (this.#take(closer)) return items;
      items.push(this.#value(depth + 1));
      this.#space();
      if (this.#take(closer)) return items;
      this.#expect(",");
    }
  }

  #dict(depth: number): Record<string, unknown> {
    this.at += 1;
    const entries: [string, unknown][] = [];
    for (;;) {
      this.#space();
      if (this.#take("}")) return Object.fromEntries(entries);
      const key = this.#value(depth + 1);
      this.#space();
      this.#expect(":");
      entries.push([String(key), this.#value(depth + 1)]);
      this.#space();
      if (this.#take("}")) return Object.fromEntries(entries);
      this.#expect(",");
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw this.#problem(`${character} is missing`);
  }

  #space(): void {
    this.at = skipSpace(this.#text, this.at);
  }

  #problem(message: string, at = this.at): LooseProblem {
    return new LooseProblem(message, at, at >= this.#text.length);
  }
}
