import { linesOf, numbered } from "./lines";

/** Most lines that are compared, and characters of each: a file can be large, and the answer is a hint. */
const maxLines = 50_000;
const maxLength = 200;
const shownLines = 6;

/** Minimum share of letter pairs that two lines must have in common to count as near. */
const near = 0.5;

/** Where there is a text similar to the one searched for, as a sentence; undefined: there is nothing like it. */
export function nearestPlaceOf(text: string, wanted: string): string | undefined {
  const lines = linesOf(text).slice(0, maxLines);
  const looked = linesOf(wanted);
  const first = looked.findIndex((line) => line.trim() !== "");
  const key = looked[first]?.trim();
  if (key === undefined) return undefined;
  const pairs = pairsOf(key);
  let best = { line: -1, score: near, same: 0 };
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    const score = trimmed === key ? 1 : similarity(pairs, pairsOf(trimmed));
    if (score < best.score) continue;
    const same = looked.slice(first).filter((one, at) => lines[index + at]?.trim() === one.trim()).length;
    if (score > best.score || same > best.same) best = { line: index, score, same };
  }
  if (best.line < 0) return undefined;
  const start = Math.max(0, best.line - first);
  const shown = lines
    .slice(start, start + Math.min(looked.length, shownLines))
    .map((line) => line.slice(0, maxLength));
  const isSpacing = looked.every((line, at) => lines[start + at]?.trim() === line.trim());
  const how = isSpacing ? "the same but for spaces at the lines' beginnings or ends" : "it reads";
  return `The nearest place is line ${start + 1}, ${how}:\n${numbered(shown, start + 1)}\n`;
}

function pairsOf(line: string): Map<string, number> {
  const pairs = new Map<string, number>();
  const text = line.slice(0, maxLength);
  for (let index = 0; index + 1 < text.length; index += 1) {
    const pair = text.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

/** Share of letter pairs in common: 1 for identical, 0 for nothing in common. */
function similarity(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let common = 0;
  let sum = 0;
  for (const count of a.values()) sum += count;
  for (const [pair, count] of b) {
    sum += count;
    common += Math.min(count, a.get(pair) ?? 0);
  }
  return sum === 0 ? 0 : (2 * common) / sum;
}
