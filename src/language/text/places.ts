import { isScalar } from "yaml";
import type { Span } from "./lines";
import type { SourceDocument } from "./source";
import { nodesAt, nodeSpan } from "./tree";
import type { ValuePath } from "./tree";

const top: Span = { start: 0, end: 0 };

/** The key at a path; undefined where the value has no key or there is no value. */
export function keySpan(source: SourceDocument, path: ValuePath): Span | undefined {
  const key = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.key;
  return key === undefined ? undefined : nodeSpan(key);
}

/** The whole value at a path; undefined where there is none or the key has no value. */
export function valueSpan(source: SourceDocument, path: ValuePath): Span | undefined {
  const value = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
  if (value === undefined) return undefined;
  const span = nodeSpan(value);
  return span.end > span.start ? span : undefined;
}

/** What to underline for a value: the value when it is on one line, else its key, else its first line. */
export function valuePlace(source: SourceDocument, path: ValuePath): Span {
  const span = valueSpan(source, path);
  const key = keySpan(source, path);
  if (span === undefined) return key ?? emptyEntry(source, path) ?? nearestPlace(source, path.slice(0, -1));
  const lineEnd = source.lines.lineEnd(span.start);
  if (span.end <= lineEnd) return span;
  return key ?? { start: span.start, end: lineEnd };
}

/** The dash of a list entry without a value. */
function emptyEntry(source: SourceDocument, path: ValuePath): Span | undefined {
  const value = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
  const start = value === undefined ? 0 : nodeSpan(value).start;
  return start > 0 && path.length > 0 ? { start: start - 1, end: start } : undefined;
}

/** What to underline for something that is absent at a path: the key of the nearest value around it. */
export function nearestPlace(source: SourceDocument, path: ValuePath): Span {
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length);
    const key = keySpan(source, here);
    if (key !== undefined) return key;
    const span = valueSpan(source, here);
    if (span !== undefined) return firstLine(source, span);
  }
  const root = source.tree === undefined ? undefined : nodeSpan(source.tree.root);
  return root === undefined ? top : firstLine(source, root);
}

function firstLine(source: SourceDocument, span: Span): Span {
  return { start: span.start, end: Math.min(span.end, source.lines.lineEnd(span.start)) };
}

/**
 * The places of every `{{` of a text value, in order, each with the end of what it opens. The text of a scalar and its
 * source in the file differ (indentation, folding, escapes), but the braces are in both, in the same order.
 */
export function braceSpans(source: SourceDocument, path: ValuePath): Span[] {
  const found = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
  const scalar = source.tree?.aliases.get(found as never) ?? found;
  if (scalar === undefined || !isScalar(scalar)) return [];
  const { start: from, end } = nodeSpan(scalar);
  const block = scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED";
  // The header line of a block can contain a comment.
  let at = block ? source.lines.lineEnd(from) : from;
  const spans: Span[] = [];
  // The next `}}`, searched for again only when it has been passed: the text may be one long run of braces.
  let close = 0;
  for (;;) {
    const start = source.text.indexOf("{{", at);
    if (start < 0 || start >= end) return spans;
    const lineEnd = Math.min(end, source.lines.lineEnd(start));
    if (close < start + 2) {
      const next = source.text.indexOf("}}", start + 2);
      close = next < 0 ? Infinity : next;
    }
    spans.push({ start, end: close + 2 <= lineEnd ? close + 2 : lineEnd });
    at = start + 2;
  }
}
