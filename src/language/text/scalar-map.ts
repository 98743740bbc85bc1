import { isScalar } from "yaml";
import type { Scalar } from "yaml";
import type { Span } from "./lines";
import type { SourceDocument } from "./source";
import { nodesAt, nodeSpan } from "./tree";
import type { ValuePath } from "./tree";

/** A run of the value that is in the file unchanged, or as an escape. */
interface Run {
  readonly value: number;
  readonly source: number;
  readonly length: number;
  /** Characters in the file; as many as in the value, except for escapes and folded line ends. */
  readonly sourceLength: number;
}

/** The position in the file of each character of a text value: indentation, folding and escapes make the two differ. */
export class ScalarMap {
  readonly #runs: readonly Run[];
  constructor(
    readonly value: string,
    readonly span: Span,
    runs: readonly Run[],
  ) {
    this.#runs = runs;
  }

  toSource(offset: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#runs[middle]?.value ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const run = this.#runs[low];
    if (run === undefined) return this.span.end;
    const into = offset - run.value;
    if (run.length !== run.sourceLength) return run.source + (into > 0 ? run.sourceLength : 0);
    return run.source + Math.min(into, run.length);
  }

  spanToSource({ start, end }: Span): Span {
    // The end belongs to the character before it, not to the line after it.
    const last = end > start ? this.toSource(end - 1) : this.toSource(start) - 1;
    const width = end > start ? this.#widthAt(end - 1) : 1;
    return { start: this.toSource(start), end: last + width };
  }

  #widthAt(offset: number): number {
    const run = this.#runs.find(({ value, length }) => offset >= value && offset < value + length);
    return run === undefined || run.length === run.sourceLength ? 1 : run.sourceLength;
  }

  /** The offset in the value of a place in the file; places between lines belong to the next character. */
  toValue(source: number): number {
    for (const run of this.#runs) {
      if (source < run.source) return run.value;
      if (source < run.source + run.sourceLength) {
        return run.length === run.sourceLength ? run.value + (source - run.source) : run.value;
      }
    }
    return this.value.length;
  }
}

class Builder {
  text = "";
  readonly runs: Run[] = [];

  add(value: string, source: number, sourceLength = value.length): void {
    if (value === "" && sourceLength === 0) return;
    const last = this.runs.at(-1);
    const straight = value.length === sourceLength;
    if (
      last !== undefined &&
      straight &&
      last.length === last.sourceLength &&
      last.source + last.length === source
    ) {
      this.runs[this.runs.length - 1] = {
        ...last,
        length: last.length + value.length,
        sourceLength: last.sourceLength + value.length,
      };
    } else if (value !== "") {
      this.runs.push({ value: this.text.length, source, length: value.length, sourceLength });
    }
    this.text += value;
  }
}

interface Line {
  readonly start: number;
  readonly text: string;
  /** The line end as in the file. */
  readonly ending: string;
}

function linesOf(text: string, from: number, to: number): Line[] {
  const lines: Line[] = [];
  const pattern = /([^\r\n]*)(\r\n|\n|\r|$)/y;
  pattern.lastIndex = from;
  while (pattern.lastIndex < to) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) break;
    const end = Math.min(to, start + (match[1] ?? "").length);
    lines.push({ start, text: text.slice(start, end), ending: match[2] ?? "" });
    if (match[2] === "") break;
  }
  return lines;
}

function addBreak(builder: Builder, { start, text, ending }: Line): void {
  builder.add("\n", start + text.length, Math.max(1, ending.length));
}

/** Indentation of a block's content, in columns. */
export function blockIndent(text: string, span: Span): number | undefined {
  for (const { text: line } of linesOf(text, span.start, span.end).slice(1)) {
    if (/[^ ]/.test(line)) return line.length - line.replace(/^ +/, "").length;
  }
  return undefined;
}

function block(text: string, node: Scalar, span: Span, value: string): Builder {
  const builder = new Builder();
  const [header, ...lines] = linesOf(text, span.start, span.end);
  const sign = /^[|>][^\n#]*/.exec(header?.text ?? "")?.[0] ?? "";
  const explicit = /[1-9]/.exec(sign)?.[0];
  const found = blockIndent(text, span) ?? Number.MAX_SAFE_INTEGER;
  const indent = explicit === undefined ? found : explicitIndent(found, lines, value);
  const keep = sign.includes("+");
  const strip = sign.includes("-");
  const contents = lines.map((line) => ({
    ...line,
    body: line.text.slice(indent),
  }));
  const folded = node.type === "BLOCK_FOLDED";
  let last = contents.length - 1;
  while (last >= 0 && contents[last]?.body === "") last--;
  const more = (body: string): boolean => body.startsWith(" ") || body.startsWith("\t");
  contents.forEach((line, index) => {
    const { body } = line;
    builder.add(body, line.start + Math.min(indent, line.text.length));
    if (index > last) {
      if (keep) addBreak(builder, line);
      return;
    }
    if (index === last) {
      if (!strip && (line.ending !== "" || value.endsWith("\n"))) addBreak(builder, line);
      return;
    }
    if (!folded) return addBreak(builder, line);
    if (body === "") {
      // The line ends of blank lines count; one of a run next to plain text is the fold itself.
      return addBreak(builder, line);
    }
    let next = index + 1;
    while (contents[next]?.body === "") next++;
    const following = contents[next]?.body ?? "";
    if (more(body) || more(following)) return addBreak(builder, line);
    if (next === index + 1) builder.add(" ", line.start + line.text.length, Math.max(1, line.ending.length));
  });
  return builder;
}

function explicitIndent(found: number, lines: readonly Line[], value: string): number {
  // The value shows how much of the leading whitespace is its own.
  const first = lines.findIndex(({ text }) => /[^ ]/.test(text));
  const own = value.split("\n")[first] ?? "";
  return Math.max(0, found - (own.length - own.replace(/^ +/, "").length));
}

const escapes: Readonly<Record<string, string>> = {
  0: "\0",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  "\t": "\t",
};

function flow(text: string, node: Scalar, { start, end }: Span): Builder {
  const builder = new Builder();
  const quote = node.type === "QUOTE_DOUBLE" ? '"' : node.type === "QUOTE_SINGLE" ? "'" : "";
  let at = start + quote.length;
  const stop = end - quote.length;
  const ending = /[ \t]*(?:\r\n|\n|\r)[ \t]*/y;
  const escapedEnding = /\\(?:\r\n|\n|\r)[ \t]*/y;
  while (at < stop) {
    ending.lastIndex = at;
    const fold = ending.exec(text);
    if (fold !== null) {
      let to = ending.lastIndex;
      let breaks = 1;
      for (;;) {
        const rest = /(?:\r\n|\n|\r)[ \t]*/y;
        rest.lastIndex = to;
        if (to >= stop || rest.exec(text) === null) break;
        to = rest.lastIndex;
        breaks++;
      }
      builder.add(breaks === 1 ? " " : "\n".repeat(breaks - 1), at, to - at);
      at = to;
      continue;
    }
    if (quote === "'" && text.startsWith("''", at)) {
      builder.add("'", at, 2);
      at += 2;
      continue;
    }
    if (quote === '"' && text[at] === "\\") {
      escapedEnding.lastIndex = at;
      if (escapedEnding.exec(text) !== null) {
        at = escapedEnding.lastIndex;
        continue;
      }
      const mark = text[at + 1] ?? "";
      const digits = mark === "x" ? 2 : mark === "u" ? 4 : mark === "U" ? 8 : 0;
      const point = digits === 0 ? undefined : Number.parseInt(text.slice(at + 2, at + 2 + digits), 16);
      const plain =
        point === undefined || point > 0x10ffff ? escapes[mark] : String.fromCodePoint(point || 0);
      builder.add(plain ?? "", at, 2 + digits);
      at += 2 + digits;
      continue;
    }
    builder.add(text[at] ?? "", at);
    at++;
  }
  return builder;
}

/** The map of a text value; undefined when it is not text, or its source cannot be followed. */
export function mapScalar(source: SourceDocument, path: ValuePath): ScalarMap | undefined {
  const found = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
  const node = source.tree?.aliases.get(found as never) ?? found;
  if (node === undefined || !isScalar(node)) return undefined;
  return mapScalarNode(source, node);
}

/** @see mapScalar */
export function mapScalarNode(source: SourceDocument, node: Scalar): ScalarMap | undefined {
  const { value } = node;
  if (typeof value !== "string") return undefined;
  const span = nodeSpan(node);
  const isBlock = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const built = isBlock ? block(source.text, node, span, value) : flow(source.text, node, span);
  return built.text === value ? new ScalarMap(value, span, built.runs) : undefined;
}
