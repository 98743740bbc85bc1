import assert from "node:assert/strict";
import { withReads } from "../../../src/language/flow/reads";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { PlanNode, StepNode } from "../../../src/engine/model/definition";
import { defined } from "../../../src/engine/model/defined";

/** The reports in the prompt of each run, by its key. */
async function readIn(steps: readonly PlanNode[]): Promise<Record<string, string[]>> {
  const session = harness(definitionOf(steps), ({ origin }) =>
    origin.stepId === "review"
      ? { calls: [["set_verdict", { verdict: origin.answeredCalls < 1 ? "again" : "good" }]] }
      : `${origin.stepKey} is done`,
  );
  const state = await session.run();
  assert.equal(state.outcome, "completed", state.pause?.message);
  const found: Record<string, string[]> = {};
  for (const { origin, messages } of session.model.requests) {
    const text = messages[1]?.content ?? "";
    found[origin.stepKey] = [...text.matchAll(/^## (\S+) \(/gm)].map(([, key]) => key ?? "");
  }
  return found;
}

const reading = (id: string, reads: StepNode["reads"], more: Partial<StepNode> = {}): StepNode =>
  step(id, "writer", { ...more, ...defined({ reads }) });

describe("The reports that a step reads", () => {
  it("are those that it names, all, or none; without the key, as in older definitions, all", async () => {
    assert.deepEqual(
      await readIn([
        step("a", "writer"),
        step("b", "writer"),
        reading("named", ["a"]),
        reading("none", []),
        reading("every", "all"),
        reading("old", undefined),
      ]),
      {
        a: [],
        b: ["a"],
        named: ["a"],
        none: [],
        every: ["a", "b", "named", "none"],
        old: ["a", "b", "named", "none", "every"],
      },
    );
  });

  it("are by default the nearest one before it in its sequence, else what stands before the group", async () => {
    const steps = withReads([
      step("plan", "writer"),
      step("build", "writer"),
      {
        kind: "parallel",
        id: "both",
        on_failure: "stop",
        branches: [
          step("left", "writer"),
          { kind: "sequence", id: "right", body: [step("r1", "writer"), step("r2", "writer")] },
        ],
      },
      step("last", "writer"),
    ]);
    assert.deepEqual(await readIn(steps), {
      plan: [],
      build: ["plan"],
      left: ["build"],
      r1: ["build"],
      r2: ["r1"],
      last: ["both"],
    });
  });

  it("are in a loop those of this round, or of the round before", async () => {
    const steps = withReads([
      step("plan", "writer"),
      {
        kind: "loop",
        id: "rounds",
        max: 3,
        until: [{ step: "review", verdict: ["good"] }],
        on_exhausted: "fail",
        body: [step("build", "writer"), step("review", "reviewer", { verdict: ["again", "good"] })],
      },
    ]);
    assert.deepEqual(await readIn(steps), {
      plan: [],
      "build#1": ["plan"],
      "review#1": ["build#1"],
      "build#2": ["review#1"],
      "review#2": ["build#2"],
    });
  });

  it("do not grow with the Score: a step's prompt is as long at its end as at its beginning", async () => {
    const steps = withReads(Array.from({ length: 100 }, (_, index) => step(`s${index}`, "writer")));
    const session = harness(definitionOf(steps), () => "A report of some words. ".repeat(40));
    await session.run();
    const bytes = session.model.requests.map(({ messages }) =>
      messages.reduce((sum, { content }) => sum + content.length, 0),
    );
    assert.ok((bytes.at(-1) ?? 0) < (bytes[1] ?? 0) * 1.05);
  });
});
