import { isScalar, isMap, isSeq } from "yaml";
import type { Scalar } from "yaml";
import type { TextEdit } from "vscode-languageserver-types";
import { minimalEdit } from "../help/lsp";
import { lineBreakOf } from "../help/edit-yaml";
import { blockIndent } from "../text/scalar-map";
import { parseSource } from "../text/source";
import type { SourceDocument } from "../text/source";
import { nodesAt, nodeSpan } from "../text/tree";
import type { ValuePath } from "../text/tree";
import { valueAt } from "../schema/schema";

interface Place {
  readonly node: Scalar;
  readonly start: number;
  readonly end: number;
  /** Column of the map that contains it; block styles are indented from there. */
  readonly column: number;
  /** Inside brackets, where no block style is possible. */
  readonly inBrackets: boolean;
}

function placeAt(source: SourceDocument, path: ValuePath): Place | undefined {
  const { tree } = source;
  const found = tree === undefined ? undefined : nodesAt(tree, path);
  const node = found?.value;
  if (tree === undefined || node === undefined || !isScalar(node)) return undefined;
  const { start, end } = nodeSpan(node);
  let inBrackets = false;
  for (let length = 0; length < path.length; length++) {
    const around = nodesAt(tree, path.slice(0, length))?.value;
    if ((isMap(around) || isSeq(around)) && around.flow === true) inBrackets = true;
  }
  const holder = found?.key === undefined ? start : nodeSpan(found.key).start;
  return { node: node, start, end, column: source.lines.positionAt(holder).character, inBrackets };
}

function chomping(text: string, keep: boolean): string {
  if (!text.endsWith("\n")) return "-";
  return keep || text.endsWith("\n\n") || text === "\n" ? "+" : "";
}

/** The text as a block scalar: header and lines. */
function asBlock(style: "|" | ">", text: string, place: Place, source: SourceDocument, eol: string): string {
  const { node, start, end, column } = place;
  const isBlock = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const headerEnd = source.lines.lineEnd(start);
  const header = isBlock ? source.text.slice(start, headerEnd) : "";
  const comment = /\s+#.*$/.exec(header)?.[0] ?? "";
  const explicit = /^[|>][+-]?([1-9])/.exec(header)?.[1];
  const found = isBlock && explicit === undefined ? blockIndent(source.text, { start, end }) : undefined;
  const width = explicit === undefined ? Math.max(1, (found ?? column + 2) - column) : Number(explicit);
  const firstText = text.split("\n").find((line) => line !== "") ?? "";
  const leading = /^[ \t]/.test(firstText) || text.trim() === "";
  const indicator = explicit ?? (leading ? String(width) : "");
  const chomp = chomping(text, /^[|>][0-9]*\+/.test(header));
  let body = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (chomp === "+") {
    // Blank lines that follow in the file count as the text's own; they are not written twice.
    const behind = /^(?:[ \t]*(?:\r\n|\n|\r))*/.exec(
      source.text.slice(end).replace(isBlock ? /^/ : /^[^\r\n]*(?:\r\n|\n|\r|$)/, ""),
    );
    const blanks = (behind?.[0].match(/\r\n|\n|\r/g) ?? []).length;
    for (let count = 0; count < blanks && body.endsWith("\n"); count++) body = body.slice(0, -1);
  }
  const lines = style === "|" ? body.split("\n") : fold(body);
  const pad = " ".repeat(column + width);
  const written = text === "" ? [] : lines.map((line) => (line === "" ? "" : pad + line));
  return `${style}${indicator}${chomp}${comment}${eol}${written.join(eol)}`;
}

/** Lines of a folded scalar that produce the text: one for each of its own, blank ones between plain neighbours. */
function fold(text: string): string[] {
  const more = (line: string): boolean => /^[ \t]/.test(line);
  const out: string[] = [];
  let before: string | undefined;
  for (const line of text.split("\n")) {
    // The line end between two plain lines is a space; an additional empty line makes it a line end.
    if (before !== undefined && before !== "" && line !== "" && !more(before) && !more(line)) out.push("");
    if (line === "") out.push("");
    else {
      // A run of empty lines between plain ones has one line end more than it has lines.
      if (before === "" && !more(line) && lastPlain(out, more)) out.push("");
      out.push(line);
    }
    before = line;
  }
  return out;
}

function lastPlain(out: readonly string[], more: (line: string) => boolean): boolean {
  const last = out.findLast((line) => line !== "");
  return last !== undefined && !more(last);
}

function asDouble(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/g,
    (char, _at, _whole) =>
      char >= "\ud800" && char <= "\udfff" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The ways to write the text, those closest to the existing style first. */
function candidates(source: SourceDocument, place: Place, text: string): string[] {
  const { node, inBrackets } = place;
  if (source.format === "json") return [JSON.stringify(text)];
  const eol = lineBreakOf(source.text);
  const flat = !/[\n\r]/.test(text);
  const written: string[] = [];
  const single = `'${text.replaceAll("'", "''")}'`;
  if (node.type === "BLOCK_FOLDED") written.push(asBlock(">", text, place, source, eol));
  else if (node.type === "QUOTE_DOUBLE" && (flat || inBrackets)) written.push(asDouble(text));
  else if (node.type === "QUOTE_SINGLE" && flat) written.push(single);
  else if (node.type === "PLAIN" && flat && text !== "") written.push(text, single);
  if (!inBrackets) written.push(asBlock("|", text, place, source, eol));
  written.push(asDouble(text));
  return written;
}

function without(value: unknown, path: ValuePath): string {
  return JSON.stringify(replaced(value, path));
}

function replaced(value: unknown, path: ValuePath): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return null;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === part ? replaced(item, rest) : item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === String(part) ? replaced(item, rest) : item]),
  );
}

/**
 * The edit that changes the text at a path and keeps everything else byte for byte; undefined where that
 * cannot be done. Each way of writing it is parsed again before it is used.
 */
export function replaceText(source: SourceDocument, path: ValuePath, text: string): TextEdit[] | undefined {
  const place = placeAt(source, path);
  if (place === undefined || typeof place.node.value !== "string") return undefined;
  if (place.node.value === text) return [];
  const others = without(source.value, path);
  const { text: all, path: file } = source;
  const isBlock = place.node.type === "BLOCK_LITERAL" || place.node.type === "BLOCK_FOLDED";
  // A block's extent includes its last line end; what comes after is kept.
  const endsLine = isBlock && /[\r\n]$/.test(all.slice(place.start, place.end));
  const tail = all.slice(place.end);
  for (const written of candidates(source, place, text)) {
    const block = /^[|>]/.test(written) && source.format !== "json";
    const eol = lineBreakOf(all);
    let body = written;
    // A comment in the header of a block is kept after the value.
    const said =
      isBlock && !block
        ? /[^\S\r\n]+#[^\r\n]*/.exec(all.slice(place.start, source.lines.lineEnd(place.start)))?.[0]
        : undefined;
    if (said !== undefined) body += said;
    if (isBlock && endsLine) body += eol;
    const comment = !isBlock && block ? /^[ \t]+#[^\r\n]*/.exec(tail)?.[0] : undefined;
    let rest = tail;
    if (comment !== undefined) {
      // A comment after the value moves to the block's header.
      const headerEnd = body.indexOf(eol);
      body = body.slice(0, headerEnd) + comment + body.slice(headerEnd);
      rest = tail.slice(comment.length);
    }
    const made = all.slice(0, place.start) + body + rest;
    const again = parseSource(file, made);
    if (again.problems.length > source.problems.length) continue;
    if (valueAt(again.value, path) !== text || without(again.value, path) !== others) continue;
    return minimalEdit(source, made);
  }
  return undefined;
}
