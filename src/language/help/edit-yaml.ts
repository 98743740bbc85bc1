import { isMap, isSeq } from "yaml";
import type { Node } from "yaml";
import type { SourceDocument } from "../text/source";
import { nodesAt, nodeSpan } from "../text/tree";
import type { ValuePath } from "../text/tree";
import type { FileEdit } from "./model";

/** Column of an offset in its line. */
function columnOf(source: SourceDocument, offset: number): number {
  return source.lines.positionAt(offset).character;
}

export function lineBreakOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
}

function containerAt(source: SourceDocument, path: ValuePath): Node | undefined {
  const found = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
  return source.tree?.aliases.get(found as never) ?? found;
}

/** Where a block ends: after its last line, before comments that belong to the next block. */
function blockEnd(source: SourceDocument, node: Node): number {
  const { end } = nodeSpan(node);
  const trimmed = source.text.slice(0, end).trimEnd().length;
  return source.lines.lineEnd(Math.max(nodeSpan(node).start, trimmed));
}

/**
 * Adds an entry to the list at a path, or to the map when `key` is given. `block`: the lines of its value in block
 * style, indented from 0; `inline`: the same in brackets. Undefined where nothing can be added without rewriting.
 */
export function addEntry(
  source: SourceDocument,
  path: ValuePath,
  entry: { readonly key?: string; readonly block: readonly string[]; readonly inline: string },
): FileEdit | undefined {
  const node = containerAt(source, path);
  if (node === undefined || !(isMap(node) || isSeq(node)) || isMap(node) !== (entry.key !== undefined)) {
    return undefined;
  }
  const { text, path: file } = source;
  const { start, end } = nodeSpan(node);
  const json = source.format === "json";
  if (node.flow === true) {
    const close = end - 1;
    const inside = text.slice(start + 1, close);
    const at = start + 1 + inside.trimEnd().length;
    const before = inside.trim() === "" ? "" : inside.trimEnd().endsWith(",") ? " " : ", ";
    const key = entry.key === undefined ? "" : `${json ? JSON.stringify(entry.key) : entry.key}: `;
    const pad = isMap(node) && inside.trim() === "" && !json ? " " : "";
    return { file, span: { start: at, end: at }, text: `${before}${pad}${key}${entry.inline}${pad}` };
  }
  if (json) return undefined;
  const eol = lineBreakOf(text);
  const pad = " ".repeat(columnOf(source, start));
  const lines =
    entry.key === undefined
      ? entry.block.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`))
      : [
          `${entry.key}:${entry.block.length === 1 && !/^\S+:/.test(entry.block[0] ?? "") ? ` ${entry.block[0] ?? ""}` : ""}`,
          ...(entry.block.length === 1 && !/^\S+:/.test(entry.block[0] ?? "")
            ? []
            : entry.block.map((line) => `  ${line}`)),
        ];
  const at = blockEnd(source, node);
  return {
    file,
    span: { start: at, end: at },
    text: lines.map((line) => `${eol}${line === "" ? "" : pad + line}`).join(""),
  };
}
