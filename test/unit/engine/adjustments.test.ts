import assert from "node:assert/strict";
import { replay } from "../../../src/engine/history/replay";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { AdjustmentBody } from "../../../src/engine/event/event";
import { freezeState, thawState } from "../../../src/engine/state/freeze";
import { definitionAt, sharedEvents } from "../../../src/engine/history/fork";
import { definitionOf, harness, question, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

/** A session that a person adjusts when this step's result is asked about. */
function asked(): Harness {
  return harness(
    definitionOf([
      step("plan", "writer", { approval: "after_step" }),
      step("build", "writer"),
      step("review", "reviewer"),
      step("more", "writer"),
    ]),
    ({ origin }) => `${origin.stepId} is done`,
  );
}

async function adjust(session: Harness, ...adjustments: readonly AdjustmentBody[]): Promise<void> {
  const running = session.run();
  const { id, sha256 } = await question(session);
  for (const body of adjustments)
    session.orchestrator.submit({ kind: "adjust", adjustment: { ...body, by: "person" } });
  session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });
  await running;
  const { divergence } = await replay(session.definition, session.store.events, replayPorts(session.store));
  assert.equal(divergence, undefined, JSON.stringify(divergence));
}

/** The system prompt and the model that each step was called with. */
const calls = ({ model }: Harness) =>
  model.requests.map(({ messages, settings, origin }) => ({
    step: origin.stepId,
    system: /^You \w+\./.exec(messages[0]?.content ?? "")?.[0],
    model: settings.model,
    temperature: settings.temperature,
  }));

describe("A person's adjustment", () => {
  it("gives a role another prompt from its next step on, and leaves the other roles alone", async () => {
    const session = asked();
    await adjust(session, { kind: "patch_role", role: "writer", prompt: "You hurry." });
    assert.deepEqual(
      calls(session).map(({ system }) => system),
      ["You write.", "You hurry.", "You review.", "You hurry."],
    );
  });

  it("gives a role another model and temperature, from then on or for one step", async () => {
    const always = asked();
    await adjust(always, { kind: "set_model", role: "writer", model: "big", temperature: 0.5 });
    assert.deepEqual(
      calls(always).map(({ model, temperature }) => [model, temperature]),
      [
        ["scripted", undefined],
        ["big", 0.5],
        ["scripted", undefined],
        ["big", 0.5],
      ],
    );
    const once = asked();
    await adjust(once, { kind: "set_model", role: "writer", model: "big", once: true });
    // The step whose result was asked about has been performed, but ends only with the answer: it is not the next one.
    assert.deepEqual(
      calls(once).map(({ model }) => model),
      ["scripted", "big", "scripted", "scripted"],
    );
  });

  it("is taken back as long as it has had no effect", async () => {
    const session = asked();
    const running = session.run();
    const { id, sha256 } = await question(session);
    const by = "person" as const;
    const make = (body: AdjustmentBody): number => {
      session.orchestrator.submit({ kind: "adjust", adjustment: { ...body, by } });
      return session.store.events.at(-1)?.seq ?? -1;
    };
    const made = [
      make({ kind: "patch", step: "build", instruction: "Do nothing." }),
      make({ kind: "skip", step: "review" }),
      make({ kind: "patch_role", role: "writer", prompt: "You hurry." }),
      make({ kind: "set_model", role: "writer", model: "big" }),
    ];
    assert.equal(session.orchestrator.state.pending.length, 4);
    for (const of of made.reverse()) make({ kind: "withdraw", of });
    session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by });
    await running;

    assert.deepEqual(
      calls(session).map(({ step: name, system, model }) => [name, system, model]),
      [
        ["plan", "You write.", "scripted"],
        ["build", "You write.", "scripted"],
        ["review", "You review.", "scripted"],
        ["more", "You write.", "scripted"],
      ],
    );
    assert.match(session.model.requests[1]?.messages.at(-1)?.content ?? "", /Do build\./);
    assert.deepEqual(session.orchestrator.state.patches, {});
  });

  it("cannot be taken back once it has had its effect, and only what is there can be changed", async () => {
    const session = asked();
    const running = session.run();
    const { id, sha256 } = await question(session);
    const by = "person" as const;
    session.orchestrator.submit({
      kind: "adjust",
      adjustment: { kind: "patch", by, step: "plan", instruction: "Other." },
    });
    const of = session.store.events.at(-1)?.seq ?? -1;
    const refused = (body: AdjustmentBody, message: RegExp): void =>
      assert.throws(
        () => session.orchestrator.submit({ kind: "adjust", adjustment: { ...body, by } }),
        (error) => OrketError.is(error) && message.test(error.message),
      );
    session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "retry", by });
    await question(session);
    refused({ kind: "withdraw", of }, /has taken effect/);
    refused({ kind: "patch_role", role: "nobody", prompt: "x" }, /no role nobody/);
    refused({ kind: "patch_role", role: "writer", prompt: "{{nonsense}}" }, /new prompt of writer/);
    refused({ kind: "set_model", role: "writer" }, /Neither a model nor a temperature/);
    session.orchestrator.submit({ kind: "adjust", adjustment: { kind: "pause", by } });
    session.orchestrator.cancel();
    await running;
  });

  it("is kept in a stored state, and in a fork behind it", async () => {
    const session = asked();
    await adjust(session, { kind: "patch_role", role: "writer", prompt: "You hurry." });
    const { state } = session.orchestrator;
    const frozen = JSON.parse(JSON.stringify(freezeState(state))) as ReturnType<typeof freezeState>;
    const thawed = thawState(session.definition, frozen);
    assert.equal(thawed.definition.band.roles["writer"]?.prompt, "You hurry.");
    const shared = sharedEvents(session.store.events, "more");
    assert.equal(definitionAt(session.definition, shared, "more").band.roles["writer"]?.prompt, "You hurry.");
  });

  it("tells the next attempt of a failed step what a person says", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { produces: ["a.md"], max_turns: 1 })]),
      (_, call) => (call === 1 ? "Done." : { calls: [["write_file", { path: "a.md", content: "x" }]] }),
    );
    await session.run();
    session.orchestrator.submit({
      kind: "adjust",
      adjustment: { kind: "retry", by: "person", step: "plan", feedback: "Write a.md." },
    });
    await session.run();
    assert.match(
      session.model.lastMessage(2),
      /A person looked at the attempt before and says: Write a\.md\./,
    );
  });
});
