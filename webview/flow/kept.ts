import type { FlowBox } from "../../src/protocol/flow-view";

/**
 * The boxes of a new screen; each that says the same as before is the object that was there before, so that only what changed is
 * drawn again.
 */
export function keptBoxes(before: readonly FlowBox[], now: readonly FlowBox[]): readonly FlowBox[] {
  const known = new Map(before.map((box) => [box.id, box]));
  const boxes = now.map((box) => {
    const old = known.get(box.id);
    return old === undefined ? box : keptBox(old, box);
  });
  const isSame = boxes.length === before.length && boxes.every((box, index) => box === before[index]);
  return isSame ? before : boxes;
}

function keptBox(old: FlowBox, now: FlowBox): FlowBox {
  const boxes = keptBoxes(old.boxes, now.boxes);
  const own = (box: FlowBox): string => JSON.stringify({ ...box, boxes: [] });
  return boxes === old.boxes && own(old) === own(now) ? old : { ...now, boxes };
}

/** Whether the box, or one within it, has this id. */
export function holds(box: FlowBox, id: string | undefined): boolean {
  return id !== undefined && (box.id === id || box.boxes.some((inner) => holds(inner, id)));
}
