import assert from "node:assert/strict";
import { ProviderError } from "../../../src/engine/error/provider-error";
import { draft } from "../../../src/engine/event/event";
import type { AdjustmentBody, SessionEvent } from "../../../src/engine/event/event";
import type { Definition } from "../../../src/engine/model/definition";
import type { Command } from "../../../src/engine/conductor/command";
import { artifactsAtEnd, compareRuns } from "../../../src/engine/history/compare-runs";
import { Steering } from "../../../src/engine/conductor/steering";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply, Harness } from "../../fakes/engine-harness";
import { generateSession } from "../../fakes/generated-session";

const sessions = 500;

/** What the model said to each step run, failures too; a call that was cut off was made again. */
async function repliesOf({ store, eventsOf }: Harness): Promise<Map<string, FakeReply[]>> {
  const replies = new Map<string, FakeReply[]>();
  for (const event of store.events) {
    const reply = await replyOf(event, (content) => store.getText(content));
    if (reply === undefined || event.step === null) continue;
    replies.set(event.step, [...(replies.get(event.step) ?? []), reply]);
  }
  assert.ok(eventsOf("session_end").length === 1);
  return replies;
}

async function replyOf(
  event: SessionEvent,
  textOf: Harness["store"]["getText"],
): Promise<FakeReply | undefined> {
  if (event.type === "model_call_failed") {
    const { code, message } = event.data;
    return code === "cancelled" || code === "interrupted" ? undefined : new ProviderError(code, message);
  }
  if (event.type !== "model_call_end") return undefined;
  const calls: [string, Record<string, unknown>][] = [];
  if (event.data.from_text !== true) {
    for (const { tool, args } of event.data.tool_calls)
      calls.push([tool, JSON.parse(await textOf(args)) as Record<string, unknown>]);
  }
  return { text: await textOf(event.data.reply), calls };
}

/** The definition once more, with a model that says to each step run what it said then. */
async function repeated(session: Harness, definition: Definition) {
  const replies = await repliesOf(session);
  const steering = new Steering(definition, session.store.events, "command_line");
  const again = harness(
    definition,
    ({ origin }) =>
      replies.get(origin.stepKey)?.shift() ?? new ProviderError("bad_request", "It said no more then."),
    { project: { "a.txt": "hello world" }, steer: steering.next },
  );
  const state = await again.run();
  return { again, state, steering };
}

describe("a session that is steered as another one was", function () {
  this.timeout(300_000);

  it("asks and makes the same, whatever people decided, when the model says the same", async () => {
    const carried = new Set<string>();
    for (let seed = 1; seed <= sessions; seed += 1) {
      const { session, definition } = await generateSession(seed, { steered: true });
      const { events } = session.store;
      // A role's backend that takes no tool calls is found out by whichever parallel branch is quicker.
      const found = session.eventsOf("model_call_failed").some(({ data }) => data.switch_to_text === true);
      if (found || artifactsAtEnd(events) === undefined) continue;
      const { again, state, steering } = await repeated(session, definition);
      const label = `seed ${seed}`;
      assert.equal(state.outcome, "completed", `${label}: ${JSON.stringify(state.pause)}`);
      const { sameArtifacts, parting } = compareRuns(events, again.store.events);
      assert.ok(sameArtifacts, label);
      // A step that was skipped while its call was tried again is skipped at the first try: one reply less.
      const skipped = session.eventsOf("step_skipped").map((event) => event.step);
      if (parting?.what !== "reply" || !skipped.includes(parting.step))
        assert.equal(parting, undefined, label);
      assert.deepEqual(steering.notCarried(), [], label);
      for (const { data } of again.eventsOf("adjustment"))
        if (data.by === "command_line") carried.add(data.kind);
      for (const { data } of again.eventsOf("approval_resolved")) carried.add(data.decision);
    }
    const kinds = ["skip", "patch", "enable", "disable", "retry", "set_limit", "approve", "edit"];
    assert.deepEqual(
      kinds.filter((kind) => !carried.has(kind)),
      [],
    );
  });

  const byPerson = (adjustment: AdjustmentBody): Command => ({
    kind: "adjust",
    adjustment: { ...adjustment, by: "person" },
  });

  const later = async (text: string): Promise<string> => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return text;
  };

  it("skips at the call what was skipped while a call that had been cut off was made again", async () => {
    const definition = definitionOf([step("plan", "writer"), step("build", "writer")]);
    const session = harness(definition, (_, call) => {
      queueMicrotask(() => {
        if (call === 1) session.orchestrator.cancel();
        if (call === 2) session.orchestrator.submit(byPerson({ kind: "skip", step: "plan" }));
      });
      return later("ok");
    });
    await session.run();
    session.orchestrator.resume("person");
    await session.run();
    assert.deepEqual(session.types("plan").slice(-3), ["model_call_start", "model_call_end", "step_skipped"]);
    const { again, steering } = await repeated(session, definition);
    assert.deepEqual(again.types("plan").slice(-3), ["model_call_start", "model_call_end", "step_skipped"]);
    assert.deepEqual(steering.notCarried(), []);
  });

  it("leaves alone what was over when it was decided, though the other branch is the quicker one this time", async () => {
    const definition = definitionOf([
      { kind: "parallel", branches: [step("slow", "writer"), step("quick", "reviewer")] },
    ]);
    const session = harness(definition, ({ origin }) => (origin.stepId === "slow" ? later("slow") : "quick"));
    await session.run();
    const said = session.store.events.findIndex(
      ({ type, step: key }) => type === "model_call_end" && key === "slow",
    );
    assert.ok(session.types("quick").includes("step_end"));
    const events = [...session.store.events];
    const decided = draft("adjustment", null, { kind: "skip", by: "person", step: "quick" });
    events.splice(said + 1, 0, { ...decided, seq: said + 1, at: events[said]?.at ?? "" });
    const steering = new Steering(definition, events, "command_line");
    const again = harness(definition, ({ origin }) => (origin.stepId === "quick" ? later("quick") : "slow"), {
      steer: steering.next,
    });
    await again.run();
    assert.deepEqual(again.eventsOf("step_skipped"), []);
    assert.equal(again.eventsOf("step_end").length, 2);
  });

  it("says what it did not come to: a step that does not fail is not tried again", async () => {
    const definition = definitionOf([step("plan", "writer")]);
    const session = harness(definition, (_, call) =>
      call === 1 ? new ProviderError("bad_request", "No.") : "ok",
    );
    await session.run();
    session.orchestrator.resume("person");
    await session.run();
    const steering = new Steering(definition, session.store.events, "command_line");
    const again = harness(definition, () => "ok", { steer: steering.next });
    assert.equal((await again.run()).outcome, "completed");
    const [retry] = session.eventsOf("adjustment");
    assert.deepEqual(steering.notCarried(), [
      `The retry of plan (event ${String(retry?.seq)}): the step did not fail there this time.`,
    ]);
  });

  it("says that what was accepted while the session ran is left to people", () => {
    const definition = definitionOf([step("plan", "writer")]);
    const at = "2026-11-22T10:00:00.000Z";
    const accepted = draft("artifact_accepted", null, {
      path: "a.md",
      content: null,
      replaced: null,
      mode: "whole",
    });
    const end = draft("session_end", null, {
      outcome: "completed",
      tokens: {},
      model_calls: 0,
      artifacts: [],
    });
    const events = [accepted, end, accepted].map((event, seq) => ({ ...event, seq, at }));
    const steering = new Steering(definition, events, "command_line");
    assert.deepEqual(steering.notCarried(), [
      "a.md was accepted while the session ran (event 0): a repetition leaves the project as it is.",
    ]);
  });
});
