import { diff3Merge } from "node-diff3";
import { bare, lineEndOf, withLineEnd } from "./text";
import type { LineEnd } from "./text";

/** The result of two changes of one text. */
export type Merged =
  | { readonly kind: "clean"; readonly lines: readonly string[] }
  | {
      readonly kind: "conflict";
      /** Both sides between conflict markers. */
      readonly lines: readonly string[];
      readonly conflicts: number;
    };

/** The lines around a conflict, in the form that editors know. */
export const markers = {
  project: "<<<<<<< project",
  between: "=======",
  proposal: ">>>>>>> proposal",
} as const;

/** Beyond this number of pairs of equal lines, texts are shown as one conflict instead of merged; the work grows with them. */
const mostPairs = 20_000_000;
const byteOrderMark = "\uFEFF";

/**
 * Three-way merge by lines: changes that do not touch each other are applied, those that do become a conflict, and
 * nothing is guessed. A change of all line ends, or of the byte order mark, is a separate change.
 * @param ancestor the common origin.
 * @param project the project's lines, which the user may have changed.
 * @param proposal the lines that are proposed.
 */
export function mergeLines(
  ancestor: readonly string[],
  project: readonly string[],
  proposal: readonly string[],
): Merged {
  const marks = [ancestor, project, proposal].map(hasMark) as [boolean, boolean, boolean];
  const [ancestorLines, projectLines, proposalLines] = sameLineEnds(
    withoutMark(ancestor),
    withoutMark(project),
    withoutMark(proposal),
  );
  const merged = mergeInner(ancestorLines, projectLines, proposalLines);
  const mark = marks[1] === marks[0] ? marks[2] : marks[1];
  return mark ? { ...merged, lines: withMark(merged.lines) } : merged;
}

function hasMark([first]: readonly string[]): boolean {
  return first?.startsWith(byteOrderMark) === true;
}

function withoutMark(lines: readonly string[]): readonly string[] {
  const [first, ...rest] = lines;
  if (first?.startsWith(byteOrderMark) !== true) return lines;
  return first === byteOrderMark ? rest : [first.slice(1), ...rest];
}

function withMark([first = "", ...rest]: readonly string[]): string[] {
  return [byteOrderMark + first, ...rest];
}

/** All three with the line end that the merge is to have, where each has a uniform one. */
function sameLineEnds(
  ancestor: readonly string[],
  project: readonly string[],
  proposal: readonly string[],
): [readonly string[], readonly string[], readonly string[]] {
  const was = lineEndOf(ancestor);
  const here = lineEndOf(project);
  const there = lineEndOf(proposal);
  if (was === undefined || here === undefined || there === undefined) return [ancestor, project, proposal];
  if (was === here && here === there) return [ancestor, project, proposal];
  const end: LineEnd = here === was ? there : here;
  return [withLineEnd(ancestor, end), withLineEnd(project, end), withLineEnd(proposal, end)];
}

function mergeInner(
  ancestor: readonly string[],
  project: readonly string[],
  proposal: readonly string[],
): Merged {
  const all = [ancestor, project, proposal];
  const shortest = Math.min(...all.map(({ length }) => length));
  let start = 0;
  while (start < shortest && all.every((lines) => lines[start] === ancestor[start])) start += 1;
  let end = 0;
  while (
    start + end < shortest &&
    all.every((lines) => lines[lines.length - 1 - end] === ancestor[ancestor.length - 1 - end])
  )
    end += 1;
  const inner = (lines: readonly string[]): string[] => lines.slice(start, lines.length - end);
  const middle = mergeMiddle(inner(ancestor), inner(project), inner(proposal));
  const lines = [project.slice(0, start), middle.lines, project.slice(project.length - end)].flat();
  return middle.kind === "clean" ? { kind: "clean", lines } : { ...middle, lines };
}

function mergeMiddle(ancestor: string[], project: string[], proposal: string[]): Merged {
  if (pairs(ancestor, project) + pairs(ancestor, proposal) > mostPairs) {
    return { kind: "conflict", conflicts: 1, lines: marked(project, proposal) };
  }
  const regions = diff3Merge(project, ancestor, proposal, { excludeFalseConflicts: true }) as {
    ok?: string[];
    conflict?: { a: string[]; b: string[] };
  }[];
  let conflicts = 0;
  const parts = regions.map(({ ok, conflict }) => {
    if (conflict === undefined) return ok ?? [];
    conflicts += 1;
    return marked(conflict.a, conflict.b);
  });
  const lines = parts.flat();
  return conflicts === 0 ? { kind: "clean", lines } : { kind: "conflict", conflicts, lines };
}

/** The number of pairs of equal lines. */
function pairs(a: readonly string[], b: readonly string[]): number {
  const count = new Map<string, number>();
  for (const line of a) count.set(line, (count.get(line) ?? 0) + 1);
  let total = 0;
  for (const line of b) total += count.get(line) ?? 0;
  return total;
}

function marked(project: readonly string[], proposal: readonly string[]): string[] {
  const end = lineEndOf(project) ?? lineEndOf(proposal) ?? "\n";
  const whole = (lines: readonly string[]): string[] =>
    lines.map((line) => (line.endsWith("\n") ? line : line + end));
  return [
    markers.project + end,
    ...whole(project),
    markers.between + end,
    ...whole(proposal),
    markers.proposal + end,
  ];
}

/** Whether a text still holds a conflict that this module wrote into it. */
export function hasMarkers(lines: readonly string[]): boolean {
  const bareLines = new Set(lines.map(bare));
  return bareLines.has(markers.project) || bareLines.has(markers.proposal);
}
