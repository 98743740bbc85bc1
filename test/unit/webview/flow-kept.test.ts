import assert from "node:assert/strict";
import type { FlowBox } from "../../../src/protocol/flow-view";
import { changedBoxes } from "../../../src/app/panel/flow-changes";
import { holds, withChanged } from "../../../webview/flow/kept";

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

/** What the view shows once the extension has sent what changed; undefined: it sends a whole screen. */
function updated(before: readonly FlowBox[], now: readonly FlowBox[]): readonly FlowBox[] | undefined {
  const changed = changedBoxes(before, now);
  return changed && withChanged(before, new Map(changed.map((box) => [box.id, box])));
}

describe("the boxes of the flow view", () => {
  it("are those that were there before, where nothing has changed", () => {
    const before = screen();

    assert.deepEqual(changedBoxes(before, screen()), []);
    assert.equal(updated(before, screen()), before);
  });

  it("are sent and made anew only where something changed, and around it", () => {
    const before = screen();
    const now = screen({ status: "done", used: "3 s" });
    const after = updated(before, now);

    assert.deepEqual(
      changedBoxes(before, now)?.map(({ id }) => id),
      ["build"],
    );
    assert.deepEqual(after, now);
    assert.equal(after[0], before[0]);
    assert.equal(after[1]?.boxes[1], before[1]?.boxes[1]);
  });

  it("change in every way that shows", () => {
    const ways: readonly Partial<FlowBox>[] = [
      { status: "running" },
      { used: "1 s" },
      { heat: 2 },
      { kind: "run" },
      { label: "other" },
      { across: true },
      { facts: ["coder", "a model"] },
      { facts: ["tester"] },
    ];
    for (const way of ways) assert.deepEqual(updated(screen(), screen(way)), screen(way));
  });

  it("keep what is in a group that changes itself", () => {
    const before = screen();
    const now = before.map((box) => (box.id === "loop" ? { ...box, facts: ["up to 9 rounds"] } : box));

    assert.deepEqual(updated(before, now), now);
  });

  it("are sent whole where the Score is another", () => {
    const before = screen();

    assert.equal(changedBoxes(before, [...screen()].reverse()), undefined);
    assert.equal(changedBoxes(before, [role("other")]), undefined);
    assert.equal(changedBoxes(before, [role("plan"), { ...role("loop"), kind: "loop" }]), undefined);
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
