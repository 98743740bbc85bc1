import type { ValuePath } from "./tree";
import type { Span } from "./lines";

/** What may be typed at a place, worked out from the lines alone: damage elsewhere in the file does not matter. */
export interface EditContext {
  /** `key`: a key of the map at `path`; `value`: the value at `path`. `item`: a new entry of the list at `path`. */
  readonly expects: "key" | "value" | "item" | "text";
  readonly path: ValuePath;
  /** Keys that the map has already. */
  readonly present: readonly string[];
  /** What is typed already and would be replaced. */
  readonly span: Span;
  readonly typed: string;
  /** The quote that the cursor is in. */
  readonly quote: "" | '"' | "'";
  /** Inside brackets, where everything stands on one line. */
  readonly inline: boolean;
  /** Whether a `:` follows the word already. */
  readonly colon: boolean;
  /** Column of the keys or entries around. */
  readonly indent: number;
}

interface Frame {
  readonly kind: "map" | "seq";
  readonly indent: number;
  key: string | undefined;
  index: number;
  readonly keys: string[];
}

interface Bracket {
  readonly kind: "map" | "seq";
  key: string | undefined;
  index: number;
  readonly keys: string[];
  /** After the `:` of a map. */
  inValue: boolean;
  wordStart: number;
}

const keyPattern =
  /(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\n]|'')*)'|([^\s#:{}[\],&*!|>'"%@`-][^\n]*?|-[^\s][^\n]*?))[ ]*:(?=[ \r]|$)/y;

function keyOf(line: string, at: number): { key: string; end: number } | undefined {
  keyPattern.lastIndex = at;
  const match = keyPattern.exec(line);
  if (match === null) return undefined;
  return { key: match[1] ?? match[2] ?? match[3] ?? "", end: keyPattern.lastIndex };
}

function withoutComment(text: string): string {
  const comment = /(^|\s)#.*$/.exec(text);
  return comment === null ? text : text.slice(0, comment.index);
}

type Mode =
  | { readonly is: "plain" }
  | { readonly is: "block"; readonly indent: number }
  | { readonly is: "brackets"; readonly indent: number }
  | { readonly is: "scalar"; readonly indent: number; quote: "" | '"' | "'" };

class LineReader {
  frames: Frame[] = [];
  brackets: Bracket[] = [];
  mode: Mode = { is: "plain" };
  /** An unclosed quote inside the brackets, or of a value, and where its text begins. */
  quote: "" | '"' | "'" = "";
  wordStart = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  path(): ValuePath {
    const parts: (string | number)[] = [];
    for (const frame of this.frames) {
      if (frame.kind === "seq") parts.push(frame.index);
      else if (frame.key !== undefined) parts.push(frame.key);
    }
    for (const bracket of this.brackets) {
      if (bracket.kind === "seq") parts.push(bracket.index);
      else if (bracket.inValue && bracket.key !== undefined) parts.push(bracket.key);
    }
    return parts;
  }

  /** Leaves what is indented further than a column. */
  popTo(column: number): void {
    while ((this.frames.at(-1)?.indent ?? -1) > column) this.frames.pop();
  }

  /** Reads one line, as far as `end`. True when the line's last word is a key without a value, or a bare word. */
  line(start: number, end: number, cursor: boolean): void {
    const line = this.#text.slice(start, end);
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    const blank = /^\s*$/.test(line);
    if (this.mode.is === "block") {
      if (blank ? !cursor || indent > this.mode.indent : indent > this.mode.indent) return;
      this.mode = { is: "plain" };
    }
    if (this.mode.is === "brackets" || this.mode.is === "scalar") {
      const closing = this.mode.is === "brackets" && /^\s*[\]}]/.test(line);
      if (blank && !cursor) return;
      // No entry between brackets begins with a dash: the bracket was never closed.
      const entry = this.mode.is === "brackets" && /^\s*-(\s|$)/.test(line);
      if (!entry && (indent > this.mode.indent || closing || this.mode.indent < 0)) {
        if (this.mode.is === "brackets") this.flow(start, end, start);
        else if (this.quote !== "" && line.includes(this.quote)) this.#endScalar();
        return;
      }
      this.#endScalar();
    }
    if (blank || /^\s*#/.test(line)) return;
    if (/^(---|\.\.\.)(\s|$)/.test(line)) return;
    this.#block(start, end, indent);
  }

  #endScalar(): void {
    this.mode = { is: "plain" };
    this.quote = "";
    this.brackets = [];
  }

  #block(start: number, end: number, indent: number): void {
    let column = indent;
    const line = this.#text.slice(start, end);
    for (;;) {
      this.popTo(column);
      const dash = /^-(\s+|$)/.exec(line.slice(column));
      const top = this.frames.at(-1);
      if (dash !== null) {
        if (top?.kind === "seq" && top.indent === column) top.index++;
        else this.frames.push({ kind: "seq", indent: column, key: undefined, index: 0, keys: [] });
        column += dash[0].length;
        if (column >= line.length) {
          this.wordStart = start + column;
          return;
        }
        continue;
      }
      if (top?.kind === "seq" && top.indent === column) this.frames.pop();
      break;
    }
    const found = keyOf(line, column);
    this.wordStart = start + column;
    if (found === undefined) {
      if (/^[{[]/.test(line.slice(column))) this.#open(start, end, start + column, indent - 1);
      return;
    }
    const top = this.frames.at(-1);
    if (top?.kind === "map" && top.indent === column) {
      top.key = found.key;
      top.keys.push(found.key);
    } else {
      this.frames.push({ kind: "map", indent: column, key: found.key, index: 0, keys: [found.key] });
    }
    this.#value(start, end, start + found.end, column);
  }

  #value(start: number, end: number, from: number, column: number): void {
    let at = from;
    while (at < end && /[ \t]/.test(this.#text[at] ?? "")) at++;
    // Anchors and tags stand before the value.
    const properties = /(?:[&!][^\s]*[ \t]+)*/y;
    properties.lastIndex = at;
    properties.exec(this.#text);
    at = Math.min(end, Math.max(at, properties.lastIndex));
    this.wordStart = at;
    const first = at < end ? this.#text[at] : undefined;
    if (first === "|" || first === ">") this.mode = { is: "block", indent: column };
    else if (first === "{" || first === "[") this.#open(start, end, at, column);
    else if (first === '"' || first === "'") {
      const rest = this.#text.slice(at + 1, end);
      const closed = first === '"' ? /^(?:[^"\\]|\\.)*"/.test(rest) : /^(?:[^']|'')*'/.test(rest);
      if (!closed) {
        this.mode = { is: "scalar", indent: column, quote: first };
        this.quote = first;
        this.wordStart = at + 1;
      } else this.mode = { is: "plain" };
    } else if (first !== undefined && first !== "#" && first !== "\r")
      this.mode = { is: "scalar", indent: column, quote: "" };
  }

  #open(_start: number, end: number, at: number, indent: number): void {
    this.brackets = [];
    this.mode = { is: "brackets", indent };
    this.flow(at, end, at);
  }

  /** Reads brackets, from `at` to the end of the line. */
  flow(start: number, end: number, from: number): void {
    const text = this.#text;
    void start;
    for (let at = from; at < end; at++) {
      const top = this.brackets.at(-1);
      const char = text[at] ?? "";
      if (this.quote !== "") {
        if (char === "\\" && this.quote === '"') at++;
        else if (char === this.quote) this.quote = "";
        continue;
      }
      if (char === "{" || char === "[") {
        const kind = char === "{" ? "map" : "seq";
        this.brackets.push({ kind, key: undefined, index: 0, keys: [], inValue: false, wordStart: at + 1 });
      } else if (char === "}" || char === "]") {
        this.brackets.pop();
        if (this.brackets.length === 0) {
          this.mode = { is: "plain" };
          return;
        }
      } else if (top === undefined) continue;
      else if (char === ",") {
        top.index++;
        top.inValue = false;
        top.wordStart = at + 1;
      } else if (char === "#" && /\s/.test(text[at - 1] ?? " ")) return;
      else if (
        char === ":" &&
        top.kind === "map" &&
        !top.inValue &&
        /["'\s]|$/.test((text[at + 1] ?? " ") + (text[at - 1] ?? ""))
      ) {
        const key = text
          .slice(top.wordStart, at)
          .trim()
          .replace(/^["']|["']$/g, "");
        top.key = key;
        top.keys.push(key);
        top.inValue = true;
        top.wordStart = at + 1;
      } else if ((char === '"' || char === "'") && text.slice(top.wordStart, at).trim() === "") {
        this.quote = char;
      }
    }
  }
}

/** The keys that follow the cursor in the same map. */
function keysBelow(text: string, from: number, column: number): string[] {
  const keys: string[] = [];
  let at = text.indexOf("\n", from);
  let looked = 0;
  while (at >= 0 && at < text.length && looked++ < 2000) {
    const end = text.indexOf("\n", at + 1);
    const line = text.slice(at + 1, end < 0 ? text.length : end);
    at = end;
    if (/^\s*(#|$)/.test(line)) continue;
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    if (indent < column || (indent === column && line[indent] === "-")) break;
    if (indent === column) {
      const found = keyOf(line.replace(/\r$/, ""), indent);
      if (found !== undefined) keys.push(found.key);
    }
  }
  return keys;
}

/** The keys that follow the cursor within the same brackets. */
function keysBehind(text: string, from: number): string[] {
  const reader = new LineReader(text);
  reader.brackets = [{ kind: "map", key: undefined, index: 0, keys: [], inValue: true, wordStart: from }];
  const map = reader.brackets[0];
  let at = from;
  while (at < text.length && at < from + 20_000 && reader.brackets.length > 0) {
    const lineEnd = text.indexOf("\n", at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    reader.flow(at, end, at);
    at = end + 1;
    // What has no closing bracket in sight is damaged: only its own line counts.
    if (reader.brackets.length > 0) break;
  }
  return map?.keys ?? [];
}

function wordEnd(text: string, from: number, stop: RegExp): number {
  let end = from;
  while (end < text.length && !stop.test(text[end] ?? "")) end++;
  return end;
}

/** What stands around an offset of a definition file. */
export function contextAt(text: string, offset: number): EditContext {
  const reader = new LineReader(text);
  let start = 0;
  let end = 0;
  for (;;) {
    const next = text.indexOf("\n", start);
    end = next < 0 ? text.length : next;
    if (end >= offset) break;
    reader.line(start, end > start && text[end - 1] === "\r" ? end - 1 : end, false);
    start = end + 1;
  }
  const before = text.slice(start, offset);
  reader.line(start, offset, true);
  return describe(text, offset, start, before, reader);
}

const wordStop = /[\s:,}\]#"']/;

function describe(
  text: string,
  offset: number,
  start: number,
  before: string,
  reader: LineReader,
): EditContext {
  const make = (context: Partial<EditContext> & Pick<EditContext, "expects" | "path">): EditContext => ({
    present: [],
    span: { start: offset, end: offset },
    typed: "",
    quote: "",
    inline: false,
    colon: false,
    indent: before.length - before.trimStart().length,
    ...context,
  });
  const { mode } = reader;
  if (mode.is === "block") return make({ expects: "text", path: reader.path() });
  if (mode.is === "brackets") return inBrackets(text, offset, reader, make);
  if (/^\s*#/.test(before) || (/\s#/.test(before) && withoutComment(before) !== before)) {
    return make({ expects: "text", path: [] });
  }
  const column = before.length;
  const bare = /^\s*$/.test(before);
  const value = /^\s*(?:- +)*(?:"[^"]*"|'[^']*'|[^\s#"'][^:]*?):[ \t]/.exec(before);
  if (value !== null || (mode.is === "scalar" && bare)) {
    const from = value === null ? offset : Math.min(offset, reader.wordStart);
    const typed = text.slice(from, offset);
    const endOf = wordEnd(text, offset, reader.quote === "" ? /[\n\r#]/ : /[\n\r"']/);
    const span = { start: from, end: from + text.slice(from, endOf).trimEnd().length };
    return make({
      expects: "value",
      path: reader.path(),
      span: { start: from, end: Math.max(offset, span.end) },
      typed: typed.replace(/^["']/, ""),
      quote: reader.quote,
    });
  }
  return wordAt(text, offset, start, column, bare, reader, make);
}

type Make = (context: Partial<EditContext> & Pick<EditContext, "expects" | "path">) => EditContext;

function wordAt(
  text: string,
  offset: number,
  start: number,
  lineColumn: number,
  bare: boolean,
  reader: LineReader,
  make: Make,
): EditContext {
  const afterDash = /^\s*(?:-[ \t]+)*-[ \t]+/.exec(text.slice(start, offset))?.[0].length ?? 0;
  const indent = /^ */.exec(text.slice(start, offset))?.[0].length ?? 0;
  const column = bare ? lineColumn : Math.max(afterDash, indent);
  reader.popTo(bare ? column : afterDash > 0 ? column : indent);
  const top = reader.frames.at(-1);
  const span = { start: start + column, end: Math.max(offset, wordEnd(text, offset, wordStop)) };
  const typed = text.slice(span.start, offset);
  const quote = /^["']/.exec(typed)?.[0] as '"' | "'" | undefined;
  if (quote !== undefined) span.start++;
  const colon = /^["']?[ \t]*:/.test(text.slice(span.end));
  const rest = {
    span,
    typed: typed.replace(/^["']/, ""),
    quote: quote ?? "",
    colon,
    indent: column,
  } as const;
  if (top?.kind === "seq" && top.indent === column && afterDash === 0) {
    return make({ ...rest, expects: "item", path: reader.path().slice(0, -1) });
  }
  if (top?.kind === "map" && top.indent === column) {
    const path = reader.path().slice(0, -1);
    return make({
      ...rest,
      expects: "key",
      path,
      present: [...top.keys, ...keysBelow(text, offset, column)],
    });
  }
  const present = keysBelow(text, offset, column);
  return make({ ...rest, expects: "key", path: reader.path(), present });
}

function inBrackets(text: string, offset: number, reader: LineReader, make: Make): EditContext {
  const top = reader.brackets.at(-1);
  const path = reader.path();
  let from = Math.min(offset, top?.wordStart ?? offset);
  while (from < offset && /\s/.test(text[from] ?? "")) from++;
  const { quote } = reader;
  if (quote !== "" && text[from] === quote) from++;
  const stop = quote === "" ? /[\s:,}\]]/ : new RegExp(`[\n\r${quote}]`);
  const span = { start: from, end: Math.max(offset, wordEnd(text, offset, stop)) };
  const typed = text.slice(from, offset);
  const colon = /^["']?[ \t]*:/.test(text.slice(span.end));
  const common = { span, typed, quote, inline: true, colon } as const;
  if (top?.kind === "map" && !top.inValue) {
    const present = [...top.keys, ...keysBehind(text, span.end)].filter((key) => key !== "");
    return make({ ...common, expects: "key", path, present });
  }
  return make({ ...common, expects: "value", path });
}
