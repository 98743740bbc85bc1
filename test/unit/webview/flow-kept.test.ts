import assert from "node:assert/strict";
import type { FlowBox } from "../../../src/protocol/flow-view";
import { holds, keptBoxes } from "../../../webview/flow/kept";

const role = (id: string, changes: Partial<FlowBox> = {}): FlowBox => ({
  id,
  kind: "role",
  label: id,
  facts: ["coder"],
  boxes: [],
  ...changes,
});
const screen = (changes: Partial<FlowBox> = {}): FlowBox[] => [
  role("plan"),
  { ...role("loop"), kind: "loop", boxes: [role("build", changes), role("review")] },
];

describe("the boxes of a new screen in the flow view", () => {
  it("are those of the screen before, where nothing has changed", () => {
    const before = screen();

    assert.equal(keptBoxes(before, screen()), before);
  });

  it("are new only where something changed, and around it", () => {
    const before = screen();
    const after = keptBoxes(before, screen({ status: "done" }));

    assert.deepEqual(after, screen({ status: "done" }));
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.equal(after[1]?.boxes[1], before[1]?.boxes[1]);
  });

  it("follow another order and other boxes", () => {
    const before = screen();
    const swapped = [...screen()].reverse();

    assert.deepEqual(keptBoxes(before, swapped), swapped);
    assert.deepEqual(keptBoxes(before, [role("other")]), [role("other")]);
  });

  it("know which of them holds the focus", () => {
    const [plan, loop] = screen();
    assert.ok(plan && loop);
    assert.deepEqual(
      [holds(loop, "build"), holds(plan, "build"), holds(loop, undefined)],
      [true, false, false],
    );
  });
});
