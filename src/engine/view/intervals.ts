/** A stretch of time or of an axis. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The stretches that the intervals cover together, in order and without overlaps. */
export function covered(intervals: readonly Interval[]): Interval[] {
  const found: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (to > from) found.push({ from, to });
  }
  return found;
}

/** The parts of the first stretches that the second do not cover; both in order and without overlaps. */
export function without(stretches: readonly Interval[], holes: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let next = 0;
  for (const { from, to } of stretches) {
    while ((holes[next]?.to ?? Infinity) <= from) next += 1;
    let at = from;
    for (let index = next; index < holes.length; index += 1) {
      const hole = holes[index];
      if (hole === undefined || hole.from >= to) break;
      if (hole.from > at) left.push({ from: at, to: hole.from });
      at = Math.max(at, hole.to);
    }
    if (at < to) left.push({ from: at, to });
  }
  return left;
}
