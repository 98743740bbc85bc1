import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import { flowBoxes } from "../../../src/engine/view/flow-boxes";
import { viewSession } from "../../../src/engine/view/session-view";
import { FlowView } from "../../../webview/flow/boxes";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { flowFixtures } from "../../panels/flows";

const htmlOf = (name: string): string => {
  const screen = flowFixtures[name];
  assert.ok(screen !== undefined, name);
  const nothing = (): void => undefined;
  return renderToString(<FlowView screen={screen} at={undefined} onOpen={nothing} onEvents={nothing} />);
};

describe("the flow view, without an editor", () => {
  it("shows the Score as one tree of nested boxes, each with a name that says what it is", () => {
    const html = htmlOf("running");

    assert.equal((html.match(/role="treeitem"/g) ?? []).length, 11);
    const text = html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
    assert.match(text, /run tests failed command tests 3 s/);
    assert.match(html, /aria-level="3"/);
    assert.equal((html.match(/tabindex="0"/gi) ?? []).length, 1, "the tree is one stop of the Tab key");
    assert.match(html, /class="box role done heat-4"/);
  });

  it("says that a plan has not run, and why there is none", () => {
    assert.match(htmlOf("plan"), /Nothing of it has run/);
    assert.match(htmlOf("problem"), /role="alert">The Flow cannot run as it is/);
  });

  it("is made from the definition and what a session did: states, runs, and heat by cost", async () => {
    const measured = (output: number) => ({
      input: { count: 100, source: "measured" as const },
      output: { count: output, source: "measured" as const },
    });
    const definition = definitionOf([
      step("plan", "writer"),
      {
        kind: "loop",
        id: "rounds",
        max: 3,
        until: { step: "review", verdict: "approve" },
        body: [step("build", "writer"), step("review", "reviewer", { verdict: ["approve", "again"] })],
      },
      { kind: "parallel", branches: [step("left", "writer"), step("right", "writer")] },
    ]);
    const run = harness(definition, ({ origin }) =>
      origin.stepId === "review"
        ? { calls: [["set_verdict", { verdict: origin.stepKey === "review#2" ? "approve" : "again" }]] }
        : { text: "Done.", usage: measured(origin.stepId === "build" ? 900 : 100) },
    );
    const plan = flowBoxes(definition, []);
    assert.deepEqual(
      plan.map(({ kind, label, boxes }) => [kind, label, boxes.map(({ id }) => id)]),
      [
        ["role", "plan", []],
        ["loop", "rounds", ["build", "review"]],
        ["parallel", "Side by side", ["left", "right"]],
      ],
    );
    const boxes = flowBoxes(definition, viewSession(await run.run()).steps);
    const [build] = boxes[1]?.boxes ?? [];
    assert.deepEqual([build?.status, build?.used, build?.heat], ["done", "2 runs · 2,000 tokens", 4]);
    assert.deepEqual([boxes[0]?.status, boxes[0]?.heat], ["done", 0]);
  });
});
