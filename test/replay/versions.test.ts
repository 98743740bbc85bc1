import assert from "node:assert/strict";
import type { SessionEvent } from "../../src/engine/event/event";
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
  return events;
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
