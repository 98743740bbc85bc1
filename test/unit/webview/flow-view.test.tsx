import assert from "node:assert/strict";
import renderToString from "preact-render-to-string";
import { changedBoxes } from "../../../src/app/panel/flow-changes";
import { flowBoxes, heatMeasure } from "../../../src/engine/view/flow-boxes";
import type { StepView } from "../../../src/engine/view/session-view";
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

  it("compares cost only where it is known of every step that used tokens, and says what it compares", () => {
    const used = (id: string, output: number, costUsd?: number): StepView => ({
      key: id,
      id,
      role: "writer",
      status: "done",
      attempt: 1,
      turns: 1,
      tokens: { output: { count: output, source: "measured" } },
      ...(costUsd === undefined ? {} : { costUsd }),
    });
    const definition = definitionOf([step("cheap", "writer"), step("dear", "writer")]);
    const heats = (steps: readonly StepView[]): unknown[] => [
      heatMeasure(steps),
      ...flowBoxes(definition, steps).map(({ heat }) => heat),
    ];
    assert.deepEqual(heats([]), [undefined, undefined, undefined]);
    assert.deepEqual(heats([used("cheap", 4000, 0.01), used("dear", 1000, 0.04)]), ["cost", 1, 4]);
    assert.deepEqual(heats([used("cheap", 4000), used("dear", 1000, 0.04)]), ["tokens", 4, 1]);

    const boxes = flowBoxes(definition, []);
    const drawn = (heat?: "cost" | "tokens"): string =>
      renderToString(
        <FlowView
          screen={{
            flow: "f",
            session: { id: "s", label: "Running", ...(heat === undefined ? {} : { heat }) },
            boxes,
          }}
          at={undefined}
          onOpen={() => undefined}
          onEvents={() => undefined}
        />,
      );
    assert.match(drawn("tokens"), /share of the session&#39;s tokens|share of the session's tokens/);
    assert.doesNotMatch(drawn(), /share of the session/);
  });

  it("shows a command that did not pass as failed, with what it said, and a step's verdict", () => {
    const definition = definitionOf([step("check", "writer"), step("review", "reviewer")]);
    const base = { attempt: 1, turns: 1, tokens: {}, status: "done" as const };
    const boxes = flowBoxes(definition, [
      { ...base, key: "check", id: "check", role: "command check", verdict: "fail", red: true },
      { ...base, key: "review", id: "review", role: "reviewer", verdict: "approve" },
    ]);
    const html = renderToString(
      <FlowView
        screen={{ flow: "f", session: { id: "s", label: "Running" }, boxes }}
        at={undefined}
        onOpen={() => undefined}
        onEvents={() => undefined}
      />,
    );
    const text = html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
    assert.match(text, /check done: fail/);
    assert.match(text, /review done: approve/);
    assert.match(html, /class="box role failed"/);
    const before = flowBoxes(definition, [{ ...base, key: "check", id: "check", role: "command check" }]);
    assert.deepEqual(
      changedBoxes(before, boxes)?.map(({ id }) => id),
      ["check", "review"],
    );
  });
});
