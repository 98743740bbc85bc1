import assert from "node:assert/strict";
import { sha256 } from "../../src/adapters/system/sha256";
import type { Message, SessionEvent } from "../../src/engine/event/event";
import { currentVersions } from "../../src/engine/event/versions";
import { compareRuns } from "../../src/engine/history/compare-runs";
import { replay } from "../../src/engine/history/replay";
import { definitionOf, harness, step } from "../fakes/engine-harness";
import type { Harness } from "../fakes/engine-harness";
import { replayPorts } from "../fakes/replay-ports";

type Mutable<T extends SessionEvent["type"]> = Extract<SessionEvent, { type: T }>;

async function recorded(): Promise<Harness> {
  const definition = definitionOf([step("plan", "writer"), step("build", "writer")]);
  const session = harness(definition, (request) =>
    request.messages.length > 2
      ? "Written."
      : { calls: [["write_file", { path: `${request.origin.stepId}.txt`, content: "hello\n" }]] },
  );
  await session.run();
  return session;
}

/** The session as an engine of the versions would have written it: its prompts say the same in other words. */
function madeBy(session: Harness, prompt_builder: number | undefined, call_reader: number | undefined) {
  const events = structuredClone(session.store.events);
  const [start] = events;
  assert.equal(start?.type, "session_start");
  delete start.data.prompt_builder;
  delete start.data.call_reader;
  if (prompt_builder !== undefined) start.data.prompt_builder = prompt_builder;
  if (call_reader !== undefined) start.data.call_reader = call_reader;
  if ((prompt_builder ?? 1) < 5) digestTexts(events);
  return events;
}

/** Gives prompts the digest that they had before version 5: over the messages with their texts, which are short here. */
function digestTexts(events: readonly SessionEvent[]): void {
  const before = new Map<string | null, readonly Message[]>();
  for (const event of events) {
    if (event.type !== "prompt_built") continue;
    const { kept, added } = event.data;
    const messages = [...(before.get(event.step) ?? []).slice(0, kept), ...added];
    before.set(event.step, messages);
    const texts = messages.map((message) => {
      assert.ok("text" in message.content);
      const { text } = message.content;
      if (message.role === "tool") return { role: message.role, call_id: message.call_id, text };
      if (message.role !== "assistant") return { role: message.role, text };
      const { role, tool_calls } = message;
      return { role, text, ...(tool_calls === undefined ? {} : { tool_calls }) };
    });
    event.data.sha256 = sha256(JSON.stringify(texts));
    for (const later of events)
      if (
        later.type === "model_call_start" &&
        later.step === event.step &&
        later.data.turn === event.data.turn
      )
        later.data.prompt = event.data.sha256;
  }
}

const first = <T extends SessionEvent["type"]>(events: readonly SessionEvent[], type: T): Mutable<T> => {
  const found = events.find((event): event is Mutable<T> => event.type === type);
  assert.ok(found !== undefined, type);
  return found;
};

describe("A replay of a session that another version made", () => {
  it("makes everything again where the versions are this engine's, and says nothing of it", async () => {
    const session = await recorded();
    const report = await replay(session.definition, session.store.events, replayPorts(session.store));
    assert.equal(report.divergence, undefined);
    assert.deepEqual(report.asRecorded, []);
  });

  it("builds the prompts of version 4 again, which have another digest", async () => {
    const session = await recorded();
    const events = madeBy(session, 4, currentVersions.callReader);
    const report = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(report.divergence, undefined);
    assert.deepEqual(report.asRecorded, []);
    const prompt = first(events, "prompt_built");
    assert.notEqual(prompt.data.sha256, first(session.store.events, "prompt_built").data.sha256);
    prompt.data.sha256 = first(session.store.events, "prompt_built").data.sha256;
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(divergence?.seq, prompt.seq);
  });

  it("finds the prompts of a session of version 4 equal to those of this engine", async () => {
    const session = await recorded();
    const events = madeBy(session, 4, currentVersions.callReader);
    assert.equal(compareRuns(session.store.events, events).parting, undefined);
    const prompt = first(events, "prompt_built");
    prompt.data.added[0] = { role: "system", content: { text: "You write otherwise." } };
    assert.deepEqual(compareRuns(session.store.events, events).parting, { step: "plan", what: "prompt" });
  });

  for (const [prompts, calls] of [
    [undefined, undefined],
    [1, 1],
    [99, 99],
  ] as const) {
    it(`takes prompts and calls of the versions ${prompts ?? "none"} and ${calls ?? "none"} as recorded, and says so`, async () => {
      const session = await recorded();
      const events = madeBy(session, prompts, calls);
      const start = first(events, "model_call_end");
      const { step: key, data } = first(events, "tool_call");
      const before = data.call_id;
      start.data.tool_calls = start.data.tool_calls.map((call) => ({ ...call, id: "made.another.way" }));
      for (const event of events) {
        if ("call_id" in event.data && event.data.call_id === before && event.step === key)
          event.data.call_id = "made.another.way";
      }
      const report = await replay(session.definition, events, replayPorts(session.store));
      assert.equal(report.divergence, undefined);
      assert.deepEqual(report.asRecorded, ["prompts", "calls"]);
    });
  }

  it("still derives every decision again: one that does not follow is named", async () => {
    const session = await recorded();
    const events = madeBy(session, 1, 1);
    const call = events.filter((event): event is Mutable<"step_start"> => event.type === "step_start")[1];
    assert.ok(call !== undefined);
    call.data.attempt = 2;
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(divergence?.seq, call.seq);
    assert.equal(divergence.cause, "engine");
  });

  it("names a recorded prompt that is not what its digest says", async () => {
    const session = await recorded();
    const events = madeBy(session, 1, 1);
    const prompt = first(events, "prompt_built");
    const [message] = prompt.data.added;
    assert.ok(message !== undefined && "text" in message.content);
    message.content.text += " And lie.";
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(divergence?.seq, prompt.seq);
    assert.equal(divergence.cause, "prompt");
  });

  it("names a prompt that stands where none is due", async () => {
    const session = await recorded();
    const events = madeBy(session, 1, 1);
    const at = events.findIndex(({ type }) => type === "model_call_end");
    const prompt = structuredClone(first(events, "prompt_built"));
    events.splice(at, 0, prompt);
    for (const [seq, event] of events.entries()) (event as { seq: number }).seq = seq;
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(divergence?.seq, at);
    assert.equal(divergence.cause, "order");
  });
});
