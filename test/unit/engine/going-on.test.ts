import { strict as assert } from "node:assert";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { ProviderErrorCode } from "../../../src/engine/error/provider-error";
import type { AdjustmentBody } from "../../../src/engine/event/event";
import { replay } from "../../../src/engine/history/replay";
import type { StepNode } from "../../../src/engine/model/definition";
import { freezeState, thawState } from "../../../src/engine/state/freeze";
import { viewSession } from "../../../src/engine/view/session-view";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply, Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

const note = (value: number): FakeReply => ({
  text: `Turn ${value}.`,
  calls: [["update_notes", { set: { turn: String(value) } }]],
});
const failure = (code: ProviderErrorCode = "unauthorized"): ProviderError => new ProviderError(code, "No.");

/** A session whose model gives these replies, one after another. */
function scripted(replies: readonly FakeReply[], more: Partial<StepNode> = {}): Harness {
  return harness(
    definitionOf([step("build", "writer", more)]),
    (_, call) => replies[call - 1] ?? failure("unknown"),
  );
}

/** Resumes the session as a person does, after these adjustments. */
async function goOn(session: Harness, ...adjustments: readonly AdjustmentBody[]): Promise<string | null> {
  const by = "person";
  for (const adjustment of adjustments)
    session.orchestrator.submit({ kind: "adjust", adjustment: { ...adjustment, by } });
  if (session.orchestrator.state.status === "paused") session.orchestrator.resume(by);
  return (await session.run()).outcome;
}

const retries = (session: Harness): readonly unknown[] =>
  session
    .eventsOf("adjustment")
    .flatMap(({ data }) => (data.kind === "retry" ? [data.from_turn ?? data.anew] : []));

async function assertReplays(session: Harness): Promise<void> {
  const report = await replay(session.definition, session.store.events, replayPorts(session.store));
  assert.equal(report.divergence, undefined);
  assert.deepEqual(freezeState(report.state), freezeState(session.orchestrator.state));
}

describe("a failed step that a person retries", () => {
  it("continues with the turn whose call failed, with the prompt that it had", async () => {
    const session = scripted([note(1), note(2), failure(), "All done."]);
    assert.equal(await goOn(session), null);
    // A person reads this before they retry.
    assert.equal(viewSession(session.orchestrator.state).failed[0]?.retry, "continues with turn 3");

    assert.equal(await goOn(session), "completed");

    assert.deepEqual(retries(session), [3]);
    assert.deepEqual(session.model.requests[3]?.messages, session.model.requests[2]?.messages);
    const starts = session.eventsOf("step_start").map(({ data }) => [data.attempt, data.from_turn]);
    assert.deepEqual(starts, [
      [1, undefined],
      [2, 3],
    ]);
    assert.equal(session.eventsOf("step_end")[0]?.data.turns, 3);
    await assertReplays(session);
  });

  it("continues from a stored state, and after a restart, the same way", async () => {
    const session = scripted([note(1), failure()]);
    await session.run();
    const stored = JSON.stringify(freezeState(session.orchestrator.state));
    const thawed = thawState(session.definition, JSON.parse(stored) as never);
    assert.equal(JSON.stringify(freezeState(thawed)), stored);

    const reopened = session.reopen(() => "All done.");
    assert.equal(await goOn(reopened), "completed");

    assert.deepEqual(retries(reopened), [2]);
    await assertReplays(reopened);
  });

  it("gets its turns again when they were used up while the model was still at work", async () => {
    const session = scripted([note(1), note(2), note(3), note(4), "All done."], { max_turns: 2 });
    assert.equal(await goOn(session), null);

    assert.equal(await goOn(session), null);
    assert.equal(await goOn(session), "completed");

    assert.deepEqual(retries(session), [3, 5]);
    assert.deepEqual(
      session.model.requests.map(({ messages }) => messages.length),
      [2, 4, 6, 8, 10],
    );
    await assertReplays(session);
  });

  it("keeps its verdict missing, and its turns, when it was at work without one", async () => {
    const verdict: FakeReply = { calls: [["set_verdict", { verdict: "yes" }]] };
    const session = scripted([note(1), note(2), verdict], { max_turns: 2, verdict: ["yes", "no"] });
    await session.run();

    assert.equal(await goOn(session), "completed");
    assert.deepEqual(retries(session), [3]);
    await assertReplays(session);
  });

  it("begins anew without a word when its first call failed: nothing is lost", async () => {
    const session = scripted([failure(), "All done."]);
    await session.run();
    assert.equal(viewSession(session.orchestrator.state).failed[0]?.retry, "begins anew");

    assert.equal(await goOn(session), "completed");
    assert.deepEqual(retries(session), [undefined]);
    await assertReplays(session);
  });

  const changes: readonly (readonly [string, AdjustmentBody, RegExp])[] = [
    [
      "the role's prompt",
      { kind: "patch_role", role: "writer", prompt: "You hurry." },
      /prompt of the role writer changed/,
    ],
    [
      "the step's instruction",
      { kind: "patch", step: "build", instruction: "Be quick." },
      /instruction changed/,
    ],
    ["the model", { kind: "set_model", role: "writer", model: "other" }, /model changed from \S* to other/],
    [
      "what a person says",
      { kind: "retry", step: "build", feedback: "Be quick." },
      /contains what a person says/,
    ],
  ];
  for (const [what, adjustment, reason] of changes) {
    it(`begins anew, and says why, after a change of ${what}`, async () => {
      const session = scripted([note(1), failure(), "All done."]);
      await session.run();

      assert.equal(await goOn(session, adjustment), "completed");
      assert.match(String(retries(session)[0]), reason);
      assert.equal(session.model.requests[2]?.messages.length, 2);
      await assertReplays(session);
    });
  }

  it("begins anew after a change to another provider, and goes on after one of the same model", async () => {
    const anew = scripted([note(1), failure(), "All done."]);
    await anew.run();
    const { venue } = anew.definition;
    anew.orchestrator.submit({
      kind: "change_venue",
      by: "person",
      venue: { ...venue, provider: "ollama", model: "m", endpoint: "http://127.0.0.1:1" },
    });
    await goOn(anew);
    assert.match(String(retries(anew)[0]), /provider changed from scripted to ollama/);

    const same = scripted([note(1), failure(), "All done."]);
    await same.run();
    same.orchestrator.submit({
      kind: "change_venue",
      by: "person",
      venue: { ...venue, name: "moved", retry: { attempts: 1, backoff_seconds: 1 } },
    });
    assert.equal(await goOn(same), "completed");
    assert.deepEqual(retries(same), [2]);
  });

  it("begins anew when its last reply was not accepted", async () => {
    const session = scripted([note(1), "I think so.", "Yes."], { max_turns: 2, verdict: ["yes", "no"] });
    await session.run();

    await goOn(session);
    assert.match(String(retries(session)[0]), /last turn cannot be continued \(verdict_missing\)/);
    assert.equal(session.model.requests[2]?.messages.length, 2);
  });

  it("begins anew when its last reply was cut off", async () => {
    const cut: FakeReply = { text: "I", calls: [["update_notes", { set: { a: "b" } }]], finish: "length" };
    const session = scripted([note(1), cut, "Yes."], { max_turns: 2 });
    await session.run();

    await goOn(session);
    assert.match(String(retries(session)[0]), /cannot be continued \(reply_cut\)/);
  });

  it("begins anew when the same turn failed again, unless the server could not be reached", async () => {
    const refused = scripted([note(1), failure("bad_request"), failure("bad_request"), "All done."]);
    await refused.run();
    await goOn(refused);
    assert.equal(await goOn(refused), "completed");
    assert.deepEqual(retries(refused), [2, "going on from turn 2 failed before"]);
    await assertReplays(refused);

    const away = scripted([note(1), failure(), failure(), "All done."]);
    await away.run();
    await goOn(away);
    assert.equal(await goOn(away), "completed");
    assert.deepEqual(retries(away), [2, 2]);
  });

  it("continues a prompt that did not fit only where the window has grown", async () => {
    const long: FakeReply = {
      calls: [["write_file", { path: "a.txt", content: "a ".repeat(20_000) }]],
      text: "b ".repeat(20_000),
    };
    const session = scripted([note(1), long, "All done.", "All done."]);
    const { venue } = session.definition;
    await session.run();
    assert.equal(session.eventsOf("step_failed")[0]?.data.code, "prompt_too_large");

    session.orchestrator.submit({
      kind: "change_venue",
      by: "person",
      venue: { ...venue, context_tokens: 200_000 },
    });
    assert.equal(await goOn(session), "completed");
    assert.deepEqual(retries(session), [3]);

    const small = scripted([note(1), long, "All done."]);
    await small.run();
    await goOn(small);
    assert.match(String(retries(small)[0]), /prompt_too_large/);
  });

  it("ignores what a client says about the turn", async () => {
    const session = scripted([failure(), "All done."]);
    await session.run();
    await goOn(session, { kind: "retry", step: "build", from_turn: 7, anew: "because" });
    assert.deepEqual(retries(session), [undefined]);
  });
});
