import assert from "node:assert/strict";
import { headingOf, labelOf, sessionWords } from "../../../src/engine/view/session-label";
import type { LabelFacts, SessionLabel } from "../../../src/engine/view/session-label";

const facts = (changes: Partial<LabelFacts>): LabelFacts => ({
  status: "running",
  approvals: [],
  questions: [],
  failed: [],
  ...changes,
});

describe("what a session is doing, in one word", () => {
  const question = [{}];
  const cases: readonly (readonly [Partial<LabelFacts>, boolean, SessionLabel])[] = [
    [{ status: "new" }, false, "not_started"],
    [{}, true, "running"],
    [{ approvals: question }, true, "waiting"],
    [{ questions: question }, true, "waiting"],
    [{}, false, "interrupted"],
    [{ approvals: question }, false, "interrupted"],
    [{ status: "paused", pause: { reason: "person" } }, false, "paused"],
    [{ status: "paused", pause: { reason: "limit" } }, false, "paused"],
    [{ status: "paused", pause: { reason: "step_failed" } }, false, "failed"],
    [{ status: "paused", pause: { reason: "person" }, failed: [{}] }, false, "failed"],
    [{ status: "paused", pause: { reason: "approval" } }, false, "waiting"],
    [{ status: "ended", outcome: "completed" }, false, "completed"],
    [{ status: "ended", outcome: "stopped" }, true, "stopped"],
  ];
  for (const [changes, performed, label] of cases) {
    it(`calls ${JSON.stringify(changes)} ${performed ? "performed" : "with nobody at it"} "${sessionWords[label]}"`, () => {
      assert.equal(labelOf(facts(changes), performed), label);
    });
  }

  it("begins a line with a capital letter", () => {
    assert.equal(headingOf("waiting"), "Waiting for you");
  });
});
