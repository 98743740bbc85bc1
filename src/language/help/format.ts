import { isMap, isScalar, isSeq } from "yaml";
import type { Node } from "yaml";
import type { TextEdit } from "vscode-languageserver-types";
import { parseSource } from "../text/source";
import type { SourceDocument } from "../text/source";
import { nodeSpan } from "../text/tree";
import { minimalEdit } from "./lsp";

/** A key or dash: its current column, and its target column. */
interface Column {
  readonly from: number;
  readonly to: number;
}

interface Layout {
  /** Lines whose text is content: whitespace in it is significant. */
  readonly inside: ReadonlySet<number>;
  /** The shift of a line, so that its first token reaches its target column. */
  readonly shift: ReadonlyMap<number, number>;
  /** The keys and dashes that a line begins with. */
  readonly columns: ReadonlyMap<number, readonly Column[]>;
}

function layoutOf(source: SourceDocument): Layout {
  const inside = new Set<number>();
  const shift = new Map<number, number>();
  const columns = new Map<number, Column[]>();
  const { lines, tree } = source;
  const lineOf = (offset: number): number => lines.positionAt(offset).line;
  const columnOf = (offset: number): number => lines.positionAt(offset).character;
  const want = (offset: number, indent: number): void => {
    const line = lineOf(offset);
    columns.set(line, [...(columns.get(line) ?? []), { from: columnOf(offset), to: indent }]);
    if (!shift.has(line)) shift.set(line, indent - columnOf(offset));
  };
  const content = (node: Node): void => {
    const { start, end } = nodeSpan(node);
    const block = isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
    const last = lineOf(block ? Math.max(start, end - 1) : end);
    for (let line = lineOf(start) + 1; line <= last; line++) inside.add(line);
  };
  const walk = (node: unknown, indent: number): void => {
    if (isMap(node) && node.flow !== true) {
      for (const pair of node.items) {
        const key = pair.key as Node;
        want(nodeSpan(key).start, indent);
        walk(pair.value, indent + 2);
      }
    } else if (isSeq(node) && node.flow !== true) {
      for (const item of node.items) {
        const { start } = nodeSpan(item as Node);
        const dash = source.text.lastIndexOf("-", start);
        if (dash >= 0 && lineOf(dash) === lineOf(start)) want(dash, indent);
        walk(item, indent + 2);
      }
    } else if (isMap(node) || isSeq(node) || isScalar(node)) content(node);
  };
  walk(tree?.root, 0);
  return { inside, shift, columns };
}

/**
 * The shift of a comment: it stays aligned with a key or dash in its column, below it or otherwise above it in the
 * same block, so that an entry that was commented out still fits. Undefined where nothing is in its column.
 */
function commentShift(
  given: readonly string[],
  number: number,
  { inside, columns }: Layout,
): number | undefined {
  const column = given[number]?.search(/\S/) ?? 0;
  const isComment = (line: number): boolean => !inside.has(line) && /^\s*(?:#|$)/.test(given[line] ?? "");
  const found = (line: number): Column | undefined => columns.get(line)?.find(({ from }) => from === column);
  let below = number + 1;
  while (below < given.length && isComment(below)) below++;
  let match = found(below);
  for (let above = number - 1; match === undefined && above >= 0; above--) {
    if (isComment(above) || inside.has(above)) continue;
    match = found(above);
    const first = columns.get(above)?.[0];
    if (first !== undefined && first.from < column) break;
  }
  return match === undefined ? undefined : match.to - match.from;
}

function reformat(source: SourceDocument, reindent: boolean): string {
  const layout = layoutOf(source);
  const { inside, shift } = layout;
  const eol = /\r\n|\n|\r/.exec(source.text)?.[0] ?? "\n";
  const given = source.text.split(/\r\n|\n|\r/);
  const moves: number[] = [];
  let last = 0;
  // A comment moves with what follows it.
  for (let line = given.length - 1; line >= 0; line--) {
    if (inside.has(line)) continue;
    const own = shift.get(line);
    if (own !== undefined) last = own;
    moves[line] = own ?? last;
  }
  let current = 0;
  const out: string[] = [];
  let blanks = 0;
  given.forEach((line, number) => {
    if (!inside.has(number))
      current =
        shift.get(number) ??
        (/^\s*#/.test(line) ? (commentShift(given, number, layout) ?? moves[number] ?? 0) : current);
    const text = inside.has(number) ? line : line.trimEnd();
    if (text === "") {
      if (inside.has(number) || blanks === 0) out.push(text);
      blanks = inside.has(number) ? 0 : blanks + 1;
      return;
    }
    blanks = 0;
    const indent = /^ */.exec(text)?.[0].length ?? 0;
    const move = reindent ? Math.max(-indent, current) : 0;
    out.push(move < 0 ? text.slice(-move) : move > 0 && text.trim() !== "" ? " ".repeat(move) + text : text);
  });
  while (out.length > 0 && out.at(-1) === "") out.pop();
  return out.map((line) => line + eol).join("");
}

/**
 * Formats a definition: two spaces per level, no trailing whitespace, at most one blank line between items. Comments stay.
 * Damaged files and JSON are not changed, and no value is ever changed.
 */
export function format(source: SourceDocument): TextEdit[] {
  const { text, path, problems, tree, format: written } = source;
  if (tree === undefined || problems.length > 0 || written === "json" || source.document?.contents == null)
    return [];
  if (/^(%|---|\.\.\.)/m.test(text)) return [];
  const value = JSON.stringify(source.value);
  for (const reindent of [true, false]) {
    const made = reformat(source, reindent);
    const again = parseSource(path, made);
    if (again.problems.length > 0 || JSON.stringify(again.value) !== value) continue;
    if (reformat(again, reindent) !== made) continue;
    return minimalEdit(source, made);
  }
  return [];
}
