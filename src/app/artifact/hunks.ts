import { diffArrays } from "diff";

/** Lines `before` from..to that are replaced by lines `after` from..to; indices from 0, the end is not included. */
export interface LineChange {
  readonly beforeFrom: number;
  readonly beforeTo: number;
  readonly afterFrom: number;
  readonly afterTo: number;
}

/** Changes that are close together: one `@@` block of a unified diff, and the unit of acceptance. */
export interface Hunk {
  /** From 1, as `--hunk` and the editor name it. */
  readonly number: number;
  readonly changes: readonly LineChange[];
  /** Including the lines of context; from 0, the end is not included. */
  readonly beforeFrom: number;
  readonly beforeTo: number;
  readonly afterFrom: number;
  readonly afterTo: number;
  readonly added: number;
  readonly removed: number;
}

/** Lines of context around a change, as `diff -u` has them. */
const contextLines = 3;
/** Beyond this number of edits, the difference is one change; the search's work grows with their square. */
const mostEdits = 1000;

/** The changes that turn `before` into `after`, in order. */
export function lineChanges(before: readonly string[], after: readonly string[]): LineChange[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let beforeEnd = before.length;
  let afterEnd = after.length;
  while (beforeEnd > start && afterEnd > start && before[beforeEnd - 1] === after[afterEnd - 1]) {
    beforeEnd -= 1;
    afterEnd -= 1;
  }
  if (start === beforeEnd && start === afterEnd) return [];
  const whole = { beforeFrom: start, beforeTo: beforeEnd, afterFrom: start, afterTo: afterEnd };
  if (start === beforeEnd || start === afterEnd) return [whole];
  const parts = diffArrays(before.slice(start, beforeEnd), after.slice(start, afterEnd), {
    maxEditLength: mostEdits,
  });
  return parts === undefined ? [whole] : changesOf(parts, start);
}

function changesOf(
  parts: readonly { added?: boolean; removed?: boolean; value: readonly string[] }[],
  start: number,
): LineChange[] {
  const changes: LineChange[] = [];
  let beforeAt = start;
  let afterAt = start;
  let open: LineChange | undefined;
  for (const { added, removed, value } of parts) {
    if (added !== true && removed !== true) {
      if (open !== undefined) changes.push(open);
      open = undefined;
      beforeAt += value.length;
      afterAt += value.length;
      continue;
    }
    open ??= { beforeFrom: beforeAt, beforeTo: beforeAt, afterFrom: afterAt, afterTo: afterAt };
    if (removed === true) beforeAt += value.length;
    else afterAt += value.length;
    open = { ...open, beforeTo: beforeAt, afterTo: afterAt };
  }
  if (open !== undefined) changes.push(open);
  return changes;
}

/** The changes as hunks: changes whose contexts would meet are one hunk. */
export function hunksOf(before: readonly string[], after: readonly string[]): Hunk[] {
  const groups: LineChange[][] = [];
  for (const change of lineChanges(before, after)) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group !== undefined && last !== undefined && change.beforeFrom - last.beforeTo <= 2 * contextLines)
      group.push(change);
    else groups.push([change]);
  }
  return groups.flatMap((changes, index) => {
    const [first, last] = [changes[0], changes.at(-1)];
    if (first === undefined || last === undefined) return [];
    const lead = Math.min(contextLines, first.beforeFrom);
    const trail = Math.min(contextLines, before.length - last.beforeTo);
    return [
      {
        number: index + 1,
        changes,
        beforeFrom: first.beforeFrom - lead,
        beforeTo: last.beforeTo + trail,
        afterFrom: first.afterFrom - lead,
        afterTo: last.afterTo + trail,
        added: sum(changes, ({ afterFrom, afterTo }) => afterTo - afterFrom),
        removed: sum(changes, ({ beforeFrom, beforeTo }) => beforeTo - beforeFrom),
      },
    ];
  });
}

function sum(changes: readonly LineChange[], of: (change: LineChange) => number): number {
  return changes.reduce((total, change) => total + of(change), 0);
}

/** `before` with the chosen hunks of the changes that lead to `after`. */
export function applyHunks(
  before: readonly string[],
  after: readonly string[],
  hunks: readonly Hunk[],
  chosen: ReadonlySet<number>,
): string[] {
  const parts: (readonly string[])[] = [];
  let at = 0;
  for (const { number, changes } of hunks) {
    if (!chosen.has(number)) continue;
    for (const { beforeFrom, beforeTo, afterFrom, afterTo } of changes) {
      parts.push(before.slice(at, beforeFrom), after.slice(afterFrom, afterTo));
      at = beforeTo;
    }
  }
  parts.push(before.slice(at));
  return parts.flat();
}
