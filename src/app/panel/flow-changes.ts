import type { FlowBoxView } from "../../engine/view/flow-boxes";

/**
 * The boxes that say something else than before, each without the boxes in it; undefined: they are other boxes, or stand
 * elsewhere. A Score has thousands of them, of which an event changes two.
 */
export function changedBoxes(
  before: readonly FlowBoxView[],
  now: readonly FlowBoxView[],
): readonly FlowBoxView[] | undefined {
  const changed: FlowBoxView[] = [];
  return collect(before, now, changed) ? changed : undefined;
}

function collect(
  before: readonly FlowBoxView[],
  now: readonly FlowBoxView[],
  changed: FlowBoxView[],
): boolean {
  if (before.length !== now.length) return false;
  return now.every((box, at) => {
    const old = before[at];
    if (old === undefined || old.id !== box.id) return false;
    if (!saysTheSame(old, box)) changed.push({ ...box, boxes: [] });
    return collect(old.boxes, box.boxes, changed);
  });
}

function saysTheSame(one: FlowBoxView, other: FlowBoxView): boolean {
  return (
    one.status === other.status &&
    one.verdict === other.verdict &&
    one.red === other.red &&
    one.used === other.used &&
    one.heat === other.heat &&
    one.kind === other.kind &&
    one.label === other.label &&
    one.across === other.across &&
    one.facts.length === other.facts.length &&
    one.facts.every((fact, at) => fact === other.facts[at])
  );
}
