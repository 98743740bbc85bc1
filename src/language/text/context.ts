import type { CST } from "yaml";
import { cursorAt, hasColon, keyOf, keysOf, keysOfFirstMap } from "./cursor";
import type { Collection, Cursor } from "./cursor";
import type { ValuePath } from "./tree";
import type { Span } from "./lines";

/** What may be typed at a place, determined from the text before it: damage elsewhere in the file does not matter. */
export interface EditContext {
  /** `key`: a key of the map at `path`; `value`: the value at `path`. `item`: a new entry of the list at `path`. */
  readonly expects: "key" | "value" | "item" | "text";
  readonly path: ValuePath;
  /** The list that ends here, where an entry of it is as possible as a key of the map around it. */
  readonly list?: ValuePath;
  /** Keys that the map already has. */
  readonly present: readonly string[];
  /** What is already typed and would be replaced. */
  readonly span: Span;
  readonly typed: string;
  /** The quote that the cursor is in. */
  readonly quote: "" | '"' | "'";
  /** Inside brackets, where everything is on one line. */
  readonly inline: boolean;
  /** Whether a `:` already follows the word. */
  readonly colon: boolean;
  /** Column of the keys or entries around. */
  readonly indent: number;
}

/** A place according to the parser, without what is typed there. */
interface Found {
  readonly expects: EditContext["expects"];
  readonly path: ValuePath;
  readonly list?: ValuePath;
  /** Keys before the cursor. */
  readonly above?: readonly string[];
}

type Item = CST.CollectionItem;

/** The list entry that contains the cursor; what the parser could not place is not an entry. */
function indexIn(list: Collection): number {
  const mark = list.type === "block-seq" ? "seq-item-ind" : "comma";
  const marks = list.items.filter(({ start }) => start.some(({ type }) => type === mark)).length;
  return list.type === "block-seq" ? Math.max(0, marks - 1) : marks;
}

function isList(token: Collection): boolean {
  return token.type === "block-seq" || (token.type === "flow-collection" && token.start.source === "[");
}

/** The last item of a map that has a key, other than what is being typed. */
function lastPair(map: Collection, but?: Item): Item | undefined {
  return map.items.findLast((item) => item !== but && item.key != null);
}

/** The path of the innermost open collection, including its current key or entry. */
function pathOf(open: readonly Collection[]): ValuePath {
  return open.flatMap((token): (string | number)[] => {
    const last = token.items.at(-1);
    const key = last !== undefined && hasColon(last) ? keyOf(last.key) : undefined;
    const own = key === undefined ? [] : [key];
    return isList(token) ? [indexIn(token), ...own] : own;
  });
}

function lineStartOf(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** Whether there is a line end between the colon or dash of an item and what is typed. */
function isBelow(text: string, marks: readonly CST.SourceToken[] | undefined, to: number): boolean {
  const mark = marks?.findLast(({ type }) => type === "map-value-ind" || type === "seq-item-ind");
  return mark !== undefined && text.slice(mark.offset, to).includes("\n");
}

class Locator {
  readonly #open: readonly Collection[];

  constructor(
    readonly text: string,
    readonly cursor: Cursor,
    /** Where the word begins: on the cursor's own line, even for a text that began above. */
    readonly from: number,
    readonly column: number,
  ) {
    this.#open = cursor.open;
  }

  find(): Found {
    const top = this.#open.at(-1);
    if (top === undefined) return { expects: "key", path: [], above: this.cursor.lost };
    if (top.type === "flow-collection") return this.#inBrackets(top);
    return top.type === "block-seq" ? this.#inList(top) : this.#inMap(top);
  }

  #inBrackets(top: Collection): Found {
    const last = top.items.at(-1);
    const isKey = !isList(top) && (last === undefined || !hasColon(last));
    const path = pathOf(this.#open);
    if (!isKey) return { expects: "value", path };
    return { expects: "key", path, above: keysOf(top, last?.key) };
  }

  #inList(top: CST.BlockSequence): Found {
    const path = pathOf(this.#open);
    const entry = top.items.findLast(({ start }) => start.some(({ type }) => type === "seq-item-ind"));
    const value = entry?.value;
    return { expects: "key", path, above: value?.type === "block-map" ? keysOf(value) : [] };
  }

  #inMap(top: CST.BlockMap): Found {
    const last = top.items.at(-1);
    // What is typed was attached to the key before it, or became a key itself.
    if (last !== undefined && hasColon(last)) {
      const path = pathOf(this.#open);
      return {
        expects: isBelow(this.text, last.sep, this.from) && !this.#continues() ? "key" : "value",
        path,
      };
    }
    const around = this.#open.slice(0, -1);
    const outer = pathOf(around);
    const lost = around.length === 0 ? this.cursor.lost : [];
    const before = lastPair(top, last);
    const key = keyOf(before?.key);
    const value = before?.value;
    if (this.column <= top.indent) {
      const list = key !== undefined && value?.type === "block-seq" && value.indent === this.column;
      const above = [...lost, ...keysOf(top, last?.key)];
      return { expects: "key", path: outer, above, ...(list ? { list: [...outer, key] } : {}) };
    }
    if (key === undefined) return { expects: "key", path: outer, above: lost };
    const inner = [...outer, key];
    if (value?.type === "block-seq") {
      const index = value.items.filter(({ start }) =>
        start.some(({ type }) => type === "seq-item-ind"),
      ).length;
      if (value.indent === this.column) return { expects: "item", path: inner };
      return { expects: "key", path: [...inner, Math.max(0, index - 1)] };
    }
    return { expects: "key", path: inner, above: value?.type === "block-map" ? keysOf(value) : [] };
  }

  /** Whether the text that is being typed began on a line above. */
  #continues(): boolean {
    return this.text.slice(this.cursor.typed.start, this.from).includes("\n");
  }
}

/** The keys that follow in the same map: the rest of the text is read as that map, and only up to its end. */
function keysAfter(text: string, wordEnd: number, column: number, cursor: Cursor): string[] {
  const flow = cursor.open.at(-1);
  const rest = text.slice(wordEnd);
  const ends = /^["']?[ \t]*:/.test(rest);
  if (flow?.type !== "flow-collection") {
    const map = `${" ".repeat(column)}k${ends ? rest.replace(/^["']/, "") : `:${rest}`}`;
    return keysOfFirstMap(map, false).slice(1);
  }
  const around = cursor.open.findLast(({ type }) => type !== "flow-collection");
  // The lexer ends brackets that were never closed where the lines are indented no further than what contains them.
  const opening = around === undefined ? "{ k" : `${" ".repeat(around.indent)}k: { k`;
  const next = ends || /^["']?\s*(?:[,}]|$)/.test(rest) ? rest.replace(/^["']/, "") : `,${rest}`;
  return keysOfFirstMap(opening + next, true).slice(1);
}

function wordEndAt(text: string, from: number, stop: RegExp): number {
  let end = from;
  while (end < text.length && !stop.test(text[end] ?? "")) end++;
  return end;
}

/** The context of an offset in a definition file. */
export function contextAt(text: string, offset: number): EditContext {
  const cursor = cursorAt(text, offset);
  const lineStart = lineStartOf(text, offset);
  const lineIndent = /^ */.exec(text.slice(lineStart, offset))?.[0].length ?? 0;
  const { quote } = cursor;
  const nothing = {
    present: [],
    span: { start: offset, end: offset },
    typed: "",
    quote,
    inline: false,
    colon: false,
    indent: lineIndent,
  };
  if (cursor.at === "other") return { ...nothing, expects: "text", path: [] };
  if (cursor.at === "block") return { ...nothing, expects: "text", path: pathOf(cursor.open) };

  let from = Math.max(cursor.typed.start, Math.min(lineStart, offset));
  while (from < offset && /\s/.test(text[from] ?? "")) from++;
  const column = from - lineStart - (from === cursor.typed.start ? quote.length : 0);
  const place = new Locator(text, cursor, from, column).find();
  const inline = cursor.open.at(-1)?.type === "flow-collection";
  const stop = stopOf(quote, place.expects === "value" && !inline);
  let end = Math.max(offset, wordEndAt(text, offset, stop));
  if (place.expects === "value" && !inline)
    end = Math.max(offset, from + text.slice(from, end).trimEnd().length);
  const colon = /^["']?[ \t]*:/.test(text.slice(end, end + 1000));
  const typed = text.slice(from, offset);
  const context = { path: place.path, span: { start: from, end }, typed, quote, inline, colon } as const;
  if (place.expects !== "key")
    return {
      ...context,
      expects: place.expects,
      present: [],
      indent: inline || place.expects === "value" ? lineIndent : column,
    };
  const present = [...(place.above ?? []), ...keysAfter(text, end, column, cursor)].filter(
    (key) => key !== "",
  );
  const list = place.list === undefined ? {} : { list: place.list };
  return { ...context, ...list, expects: "key", present, indent: inline ? lineIndent : column };
}

/** Where the word under the cursor ends. */
function stopOf(quote: EditContext["quote"], isLine: boolean): RegExp {
  if (isLine) return quote === "" ? /[\n\r#]/ : /[\n\r"']/;
  return quote === "" ? /[\s:,}\]#"']/ : quote === '"' ? /[\n\r"]/ : /[\n\r']/;
}
