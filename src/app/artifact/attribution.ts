import { hash } from "node:crypto";
import { lineChanges } from "./hunks";
import { bare } from "./text";

/** Who wrote each line of a text. */
export interface Attributed<T> {
  /** Short digests of the lines, without their line ends. */
  readonly lines: readonly string[];
  /** null: a person, or unknown. */
  readonly origins: readonly (T | null)[];
}

/** The digest that identifies a line; 48 bits, so that a file of a million lines hardly ever has two alike. */
function lineDigest(line: string): string {
  return hash("sha256", bare(line).replace(/^\uFEFF/, ""), "hex").slice(0, 12);
}

export function digestsOf(lines: readonly string[]): string[] {
  return lines.map(lineDigest);
}

/** A text that no agent wrote. */
export function unattributed<T>(lines: readonly string[]): Attributed<T> {
  return { lines, origins: lines.map(() => null) };
}

/**
 * The same text after a change: lines that still exist keep their origin, even when moved;
 * new ones have none. An ambiguous line counts as new, so that no person's line is attributed to an agent.
 * @param after digests of the lines.
 */
export function carried<T>(
  before: Attributed<T>,
  after: readonly string[],
): Attributed<T> & { readonly kept: readonly boolean[] } {
  const origins: (T | null)[] = after.map(() => null);
  const taken = new Set<number>();
  const kept = new Array<boolean>(after.length).fill(false);
  const changes = lineChanges(before.lines, after);
  let from = 0;
  let to = 0;
  const keep = (beforeTo: number): void => {
    for (; from < beforeTo; from += 1, to += 1) {
      origins[to] = before.origins[from] ?? null;
      kept[to] = true;
      taken.add(from);
    }
  };
  for (const { beforeFrom, beforeTo, afterTo } of changes) {
    keep(beforeFrom);
    from = beforeTo;
    to = afterTo;
  }
  keep(before.lines.length);
  for (const { afterFrom, afterTo } of changes) doubt(after, origins, kept, afterFrom, afterTo);
  follow(before, after, origins, taken, kept);
  return { lines: after, origins, kept };
}

/** New lines beside equal ones could be placed one line further up or down: which of them is new cannot be determined. */
function doubt<T>(
  after: readonly string[],
  origins: (T | null)[],
  kept: boolean[],
  afterFrom: number,
  afterTo: number,
): void {
  if (afterFrom === afterTo) return;
  const clear = (index: number): void => {
    origins[index] = null;
  };
  for (let down = 0; afterTo + down < after.length && kept[afterTo + down] === true; down += 1) {
    if (after[afterFrom + down] !== after[afterTo + down]) break;
    clear(afterTo + down);
  }
  for (let up = 1; afterFrom - up >= 0 && kept[afterFrom - up] === true; up += 1) {
    if (after[afterTo - up] !== after[afterFrom - up]) break;
    clear(afterFrom - up);
  }
}

/** Lines that have moved from their place, where they are unique. */
function follow<T>(
  before: Attributed<T>,
  after: readonly string[],
  origins: (T | null)[],
  taken: ReadonlySet<number>,
  kept: boolean[],
): void {
  const gone = new Map<string, number[]>();
  before.lines.forEach((line, index) => {
    if (!taken.has(index)) gone.set(line, [...(gone.get(line) ?? []), index]);
  });
  if (gone.size === 0) return;
  const news = new Map<string, number[]>();
  after.forEach((line, index) => {
    if (kept[index] !== true) news.set(line, [...(news.get(line) ?? []), index]);
  });
  const used = new Set<number>();
  for (const [line, [at, ...more]] of news) {
    const [was, ...others] = gone.get(line) ?? [];
    if (at === undefined || was === undefined || more.length > 0 || others.length > 0) continue;
    if (kept[at] === true || used.has(was) || before.lines.indexOf(line) !== before.lines.lastIndexOf(line))
      continue;
    // From a line that occurs only once, its neighbours are known, too.
    for (const direction of [1, -1]) {
      for (let step = direction === 1 ? 0 : 1; ; step += 1) {
        const [next, old] = [at + step * direction, was + step * direction];
        if (next < 0 || old < 0 || next >= after.length || old >= before.lines.length) break;
        if (kept[next] === true || taken.has(old) || used.has(old) || after[next] !== before.lines[old])
          break;
        origins[next] = before.origins[old] ?? null;
        kept[next] = true;
        used.add(old);
      }
    }
  }
}

/** The text after an agent's version of it: the new lines are the agent's. */
export function written<T>(before: Attributed<T>, after: readonly string[], origin: T): Attributed<T> {
  const { origins, kept } = carried(before, after);
  return {
    lines: after,
    origins: origins.map((known, index) => known ?? (kept[index] === true ? null : origin)),
  };
}

/**
 * A text that a person accepted in place of another: existing lines keep their origin, new ones have the
 * proposal's where they are the proposal's lines, and otherwise are the person's own.
 */
export function accepted<T>(
  replaced: Attributed<T>,
  content: readonly string[],
  proposal: Attributed<T>,
): Attributed<T> {
  const { origins, kept } = carried(replaced, content);
  const proposed = carried(proposal, content);
  return {
    lines: content,
    origins: origins.map((known, index) =>
      known !== null || kept[index] === true ? known : (proposed.origins[index] ?? null),
    ),
  };
}
