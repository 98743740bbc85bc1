import assert from "node:assert/strict";
import { backTest } from "../../../src/app/session/drift";
import { OrketError } from "../../../src/engine/error/orket-error";
import { replay } from "../../../src/engine/history/replay";
import { viewSession } from "../../../src/engine/view/session-view";
import { definitionOf, harness } from "../../fakes/engine-harness";
import type { Answer, Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import { planBuildReview } from "./recordings";

type Drift = "off" | "suggest" | "pause";

/** A team whose coder answers the first review with words alone. */
const stubborn: Answer = ({ origin, messages }) => {
  const { stepId, stepKey } = origin;
  const isFirst = messages.every(({ role }) => role !== "tool");
  if (stepId === "plan" && isFirst)
    return { calls: [["write_file", { path: "PLAN.md", content: "a.py, b.py" }]] };
  if (stepId === "review")
    return { calls: [["set_verdict", { verdict: stepKey === "review#1" ? "request_changes" : "approve" }]] };
  if (stepKey === "build#1" && isFirst)
    return { calls: [["write_file", { path: "a.py", content: "a = 1\n" }]] };
  return stepKey === "build#2" ? "It is fine as it is." : "Done.";
};

const session = (drift: Drift, answer = stubborn): Harness =>
  harness(definitionOf(planBuildReview(), { conductor: { disabled_roles: [], drift } }), answer);

const replays = async ({ definition, store }: Harness): Promise<void> => {
  const { divergence } = await replay(definition, store.events, replayPorts(store));
  assert.equal(divergence, undefined, JSON.stringify(divergence));
};

describe("A drift rule that finds something", () => {
  it("gives a suggestion with its evidence and an adjustment, and the run goes on", async () => {
    const run = session("suggest");
    const state = await run.run();

    assert.equal(state.outcome, "completed");
    const [suggestion, ...others] = run.eventsOf("suggestion");
    assert.deepEqual(others, []);
    assert.equal(suggestion?.step, "build#2");
    const { rule, evidence, adjustment } = suggestion.data;
    assert.equal(rule, "ignored_verdict");
    assert.deepEqual(
      evidence.map((seq) => run.store.events[seq]?.type),
      ["verdict_set", "step_end"],
    );
    assert.equal(adjustment?.kind, "patch");
    assert.match(adjustment.instruction, /^Do build\.\n\nreview said request_changes\./);
    assert.deepEqual(run.eventsOf("adjustment"), []);
    await replays(run);
  });

  it("pauses the run where the Flow says so, before the next step, and says why", async () => {
    const run = session("pause");
    const state = await run.run();

    assert.equal(state.status, "paused");
    assert.equal(state.pause?.reason, "drift");
    assert.match(state.pause.message, /review said request_changes, and build#2 wrote nothing/);
    assert.deepEqual(run.types("review#2"), []);
    run.orchestrator.resume("person");
    assert.equal((await run.run()).outcome, "completed", "it pauses once for it");
    await replays(run);
  });

  it("is not asked where the Flow says off", async () => {
    const run = session("off");
    await run.run();
    assert.deepEqual(run.eventsOf("suggestion"), []);
    assert.ok(run.eventsOf("step_end").every(({ data }) => data.names === undefined));
  });

  it("says nothing of a session that was recorded before the rules, which replays as it was", async () => {
    const run = session("off");
    await run.run();
    const events = structuredClone(run.store.events);
    const [start] = events;
    assert.equal(start?.type, "session_start");
    delete start.data.drift_rules;
    const definition = definitionOf(planBuildReview());
    const { divergence } = await replay(definition, events, replayPorts(run.store));
    assert.equal(divergence, undefined, JSON.stringify(divergence));

    const found = await backTest({
      state: { ...(await run.run()), events: events.length, definition },
      readEvents: (from, count) => Promise.resolve(events.slice(from, from + count)),
      readText: (content) => run.store.getText(content),
    });
    assert.deepEqual(
      found.map(({ rule, step }) => [rule, step]),
      [["ignored_verdict", "build#2"]],
    );
  });
});

describe("A suggestion", () => {
  const paused = async (): Promise<Harness> => {
    const run = session("pause");
    await run.run();
    return run;
  };

  it("is taken by making its adjustment, and is open no more", async () => {
    const run = await paused();
    const [open] = viewSession(run.orchestrator.state).suggestions;
    assert.equal(open?.id, "d1");
    run.orchestrator.submit({ kind: "resolve_suggestion", id: "d1", decision: "taken", by: "person" });

    const [made] = run.eventsOf("adjustment").slice(-1);
    assert.equal(made?.data.kind, "patch");
    assert.equal(made.data.by, "person");
    assert.equal(made.data.reason, open.message);
    assert.deepEqual(viewSession(run.orchestrator.state).suggestions, []);
    run.orchestrator.resume("person");
    await run.run();
    await replays(run);
  });

  it("is taken as it was edited", async () => {
    const run = await paused();
    const adjustment = { kind: "patch", step: "build", instruction: "Change the file." } as const;
    run.orchestrator.submit({
      kind: "resolve_suggestion",
      id: "d1",
      decision: "taken",
      adjustment,
      by: "person",
    });
    assert.equal(run.orchestrator.state.patches["build"], "Change the file.");
  });

  it("is dismissed with a reason and changes nothing", async () => {
    const run = await paused();
    const { patches } = run.orchestrator.state;
    run.orchestrator.submit({
      kind: "resolve_suggestion",
      id: "d1",
      decision: "dismissed",
      reason: "The review is wrong.",
      by: "person",
    });
    assert.equal(run.eventsOf("suggestion_resolved").at(-1)?.data.reason, "The review is wrong.");
    assert.deepEqual(run.orchestrator.state.patches, patches);
    assert.deepEqual(viewSession(run.orchestrator.state).suggestions, []);
  });

  it("is decided about once", async () => {
    const run = await paused();
    const dismiss = { kind: "resolve_suggestion", id: "d1", decision: "dismissed", by: "person" } as const;
    run.orchestrator.submit(dismiss);
    assert.throws(
      () => run.orchestrator.submit(dismiss),
      (error) => OrketError.is(error) && error.code === "approval_unknown",
    );
  });

  it("is still open after a crash", async () => {
    const run = await paused();
    const again = run.reopen();
    assert.deepEqual(
      again.orchestrator.state.suggestions.map(({ id, step }) => [id, step]),
      [["d1", "build#2"]],
    );
  });
});
