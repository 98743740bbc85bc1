import { CST, Lexer, Parser } from "yaml";
import type { Span } from "./lines";
import { sourceLimits } from "./limits";

/** A token that contains others, as the parser leaves it while it is still being read. */
export type Collection = CST.BlockMap | CST.BlockSequence | CST.FlowCollection;

/** The position of a cursor in the syntax tree: what is open there, outermost first. */
export interface Cursor {
  readonly open: readonly Collection[];
  /** The scalar that contains the cursor; `block`: of a block scalar; absent in a comment, an anchor, a tag. */
  readonly at: "scalar" | "block" | "other";
  /** Extent of the scalar up to the cursor, in the text. */
  readonly typed: Span;
  readonly quote: "" | '"' | "'";
  /** Keys of the file's own map before something that ended the document. */
  readonly lost: readonly string[];
}

/** Ends quotes that were never closed: without one the lexer reads to the end of the text. */
const closingQuotes = "\n\"'";

/** A character that does not occur in the text, to find the cursor again among the tokens. */
function freeMark(text: string): string {
  let code = 0xe000;
  while (text.includes(String.fromCharCode(code))) code++;
  return String.fromCharCode(code);
}

/** The text of a key, without quotes; of an incomplete key above it that runs into it, only the last line counts. */
export function keyOf(token: CST.Token | null | undefined): string | undefined {
  if (!CST.isScalar(token)) return undefined;
  if (token.type === "alias") return undefined;
  // An unclosed quote is a key up to where it ends.
  const { value } = CST.resolveAsScalar(token, false, () => undefined);
  if (token.type !== "scalar" || !token.source.includes("\n")) return value;
  return token.source.slice(token.source.lastIndexOf("\n") + 1).trim();
}

/** The keys of a map, in order. Lines that ran together because a colon is missing count separately. */
export function keysOf({ items }: Collection, but?: CST.Token | null): string[] {
  return items.flatMap(({ key }) => {
    if (key == null || key === but) return [];
    const last = keyOf(key);
    if (last === undefined) return [];
    const above =
      key.type === "scalar"
        ? key.source
            .split("\n")
            .slice(0, -1)
            .map((line) => line.trim())
        : [];
    return [...above, last];
  });
}

/** Whether an item has its colon. */
export function hasColon({ sep }: CST.CollectionItem): boolean {
  return sep?.some(({ type }) => type === "map-value-ind") === true;
}

const contentTypes: ReadonlySet<string | null> = new Set([
  "single-quoted-scalar",
  "double-quoted-scalar",
  "seq-item-ind",
  "map-value-ind",
  "flow-map-start",
  "flow-seq-start",
]);

/** Reads a text piece by piece with yaml's own lexer and parser, only as far as needed. */
class PieceReader {
  readonly parser = new Parser();
  readonly #pieces: Iterator<string, void>;
  #count = 0;
  /** After the piece that was read last. */
  at: number;
  piece = "";
  /** Whether the piece is the content of a plain or block scalar. */
  scalar = false;
  /** The content of the document. */
  root: CST.Token | undefined;

  constructor(text: string, from: number) {
    this.at = from;
    this.#pieces = new Lexer().lex(from === 0 ? text : text.slice(from));
  }

  /** False at the end of the text, or where there is more than is worth reading. */
  next(): boolean {
    const next = this.#pieces.next();
    if (
      next.done === true ||
      ++this.#count > sourceLimits.tokens ||
      this.parser.stack.length > 4 * sourceLimits.depth
    )
      return false;
    this.scalar = this.piece === CST.SCALAR;
    this.piece = next.value;
    // A bracket that closes nothing would end the whole document.
    const isStray = !this.scalar && (this.piece === "]" || this.piece === "}") && !this.#isInFlow();
    // Its completed nodes and its errors are not needed here.
    for (const token of this.parser.next(isStray ? " " : this.piece)) void token;
    const isMark =
      !this.scalar &&
      (this.piece === CST.DOCUMENT || this.piece === CST.FLOW_END || this.piece === CST.SCALAR);
    if (!isMark) this.at += this.piece.length;
    return true;
  }

  #isInFlow(): boolean {
    return this.parser.stack.some((token) => token.type === "flow-collection" && token.end.length === 0);
  }
}

const nowhere: Cursor = { open: [], at: "other", typed: { start: 0, end: 0 }, quote: "", lost: [] };

/**
 * What is open at an offset, from the text before it only: what is after the cursor is not read, and damage before
 * it ends where yaml's lexer sees the indentation end.
 */
export function cursorAt(text: string, offset: number): Cursor {
  const before = text.slice(0, offset);
  const mark = freeMark(before);
  let marked = before + mark + closingQuotes;
  const lost: string[] = [];
  let from = 0;
  let repairs = 0;
  for (;;) {
    const reader = new PieceReader(marked, from);
    const stopped = readTo(reader, mark);
    if (stopped === "end") return nowhere;
    if (stopped === "mark") return found(reader, mark, lost);
    if (stopped === "entry") {
      const bracket = reader.parser.stack.find(({ type }) => type === "flow-collection");
      if (bracket === undefined || ++repairs > 8) return nowhere;
      const at = from + bracket.offset;
      marked = `${marked.slice(0, at)} ${marked.slice(at + 1)}`;
      continue;
    }
    // What follows is read as a separate document.
    const start = marked.lastIndexOf("\n", reader.at - reader.piece.length - 1) + 1;
    if (reader.root?.type === "block-map") lost.push(...keysOf(reader.root));
    from = start > from ? start : reader.at;
    if (from > offset) return nowhere;
  }
}

/** Reads up to the cursor's mark, or to where damage makes the rest unreadable. */
function readTo(reader: PieceReader, mark: string): "mark" | "end" | "entry" | "outside" {
  const { stack } = reader.parser;
  while (reader.next()) {
    const { piece, scalar } = reader;
    // Something to the left of the file's own map ended the document.
    if (stack.length <= 1 && (scalar || contentTypes.has(CST.tokenType(piece)))) return "outside";
    // No entry in brackets begins with a dash: the bracket was never closed.
    const isDash = scalar ? /\n\s*-(?:\s|$)/.test(piece) : piece === "-";
    if (isDash && stack.some(({ type }) => type === "flow-collection")) return "entry";
    if (piece.includes(mark)) return "mark";
    reader.root = stack[1] ?? reader.root;
  }
  return "end";
}

function found(reader: PieceReader, mark: string, lost: readonly string[]): Cursor {
  const { piece, scalar, parser } = reader;
  const start = reader.at - piece.length;
  const open = parser.stack.filter(CST.isCollection);
  const first = piece[0];
  const quote = !scalar && (first === '"' || first === "'") ? first : "";
  const typed = { start: start + quote.length, end: start + piece.indexOf(mark) };
  if (!scalar && quote === "") return { open, at: "other", typed, quote, lost };
  const top = parser.stack.at(-1);
  // The parser closes a block scalar when it has its content.
  const last = CST.isCollection(top) ? top.items.at(-1) : undefined;
  const isBlock = last?.value?.type === "block-scalar" && last.value.source.includes(mark);
  return { open, at: isBlock ? "block" : "scalar", typed, quote, lost };
}

/** The keys that follow in the same map, read from a text that begins with the map; `end`: where its first line ends. */
export function keysOfFirstMap(text: string, isFlow: boolean): string[] {
  const reader = new PieceReader(text + closingQuotes, 0);
  const { stack } = reader.parser;
  let map: Collection | undefined;
  const wanted = isFlow ? "flow-collection" : "block-map";
  while (reader.next()) {
    map ??= stack.filter(CST.isCollection).find(({ type }) => type === wanted);
    if (map === undefined) continue;
    if (map.type === "flow-collection" ? map.end.length > 0 : !stack.includes(map)) return keysOf(map);
    if (isFlow && !stack.includes(map)) break;
  }
  if (map === undefined) return [];
  if (!isFlow) return keysOf(map);
  // Without a closing bracket nearby it is damaged: only its own line counts.
  const lineEnd = text.indexOf("\n");
  const own = map.items.filter(({ key }) => key != null && (lineEnd < 0 || key.offset < lineEnd));
  return keysOf({ ...map, items: own } as Collection);
}
