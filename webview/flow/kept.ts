import type { FlowBox } from "../../src/protocol/flow-view";

/**
 * The boxes with those that changed, which come without the boxes in them; every other box is the object that was there
 * before, so that only what changed is drawn again.
 */
export function withChanged(
  boxes: readonly FlowBox[],
  changed: ReadonlyMap<string, FlowBox>,
): readonly FlowBox[] {
  const next = boxes.map((box) => {
    const inner = withChanged(box.boxes, changed);
    const own = changed.get(box.id);
    if (own !== undefined) return { ...own, boxes: inner };
    return inner === box.boxes ? box : { ...box, boxes: inner };
  });
  return next.some((box, at) => box !== boxes[at]) ? next : boxes;
}

/** Whether the box, or one within it, has this id. */
export function holds(box: FlowBox, id: string | undefined): boolean {
  return id !== undefined && (box.id === id || box.boxes.some((inner) => holds(inner, id)));
}
