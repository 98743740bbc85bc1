import assert from "node:assert/strict";
import type { SessionEvent } from "../../src/engine/event/event";
import { replay } from "../../src/engine/history/replay";
import { Chance, generateSession } from "../fakes/generated-session";
import { replayPorts } from "../fakes/replay-ports";

const sessions = Number(process.env["ORKET_GENERATED_SESSIONS"] ?? 1000);

/** The same text with one character changed. */
function changed(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const other = text[at] === "x" ? "y" : "x";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("A replay of a generated session", function () {
  this.timeout(300_000);

  it("is identical to what was recorded, whatever happened in it", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= sessions; seed += 1) {
      const { session, definition } = await generateSession(seed, { steered: seed % 2 === 0 });
      const report = await replay(definition, session.store.events, replayPorts(session.store));
      assert.equal(report.divergence, undefined, `seed ${seed}: ${JSON.stringify(report.divergence)}`);
      for (const { type } of session.store.events) seen.add(type);
    }
    for (const type of [
      "step_skipped",
      "step_failed",
      "model_call_failed",
      "adjustment",
      "limit_reached",
      "session_resumed",
      "tool_denied",
      "approval_resolved",
      "failover",
    ]) {
      assert.ok(seen.has(type), `no generated session had ${type}`);
    }
  });

  it("blames a changed prompt on its step", async () => {
    await tampered(
      "prompt_built",
      (event, chance) => {
        const messages = event.data.added.filter(({ content }) => "text" in content && content.text !== "");
        const message = messages[chance.below(messages.length)];
        if (message === undefined || !("text" in message.content)) return false;
        message.content.text = changed(message.content.text, chance);
        return true;
      },
      ["prompt"],
    );
  });

  it("blames a changed reply that was a step's last word on its step", async () => {
    await tampered(
      "step_end",
      (event, chance) => {
        if (!("text" in event.data.summary) || event.data.summary.text === "") return false;
        event.data.summary.text = changed(event.data.summary.text, chance);
        return true;
      },
      ["reply"],
    );
  });

  it("blames a changed definition on the first step that reads the changed part", async () => {
    let blamed = 0;
    for (let seed = 1; seed <= Math.ceil(sessions / 10); seed += 1) {
      const { session, definition } = await generateSession(seed);
      const first = session.eventsOf("prompt_built")[0];
      if (first === undefined) continue;
      const other = structuredClone(definition);
      other.flow.task = changed(other.flow.task, new Chance(seed));
      const { divergence } = await replay(other, session.store.events, replayPorts(session.store, true));
      assert.equal(divergence?.step, first.step, `seed ${seed}`);
      assert.equal(divergence?.cause, "definition");
      blamed += 1;
    }
    assert.ok(blamed > 0);
  });
});

/** Changes one event of a type in each of many sessions, and expects the replay to stop there. */
async function tampered<T extends SessionEvent["type"]>(
  type: T,
  change: (event: Extract<SessionEvent, { type: T }>, chance: Chance) => boolean,
  causes: readonly string[],
): Promise<void> {
  let blamed = 0;
  for (let seed = 1; seed <= Math.ceil(sessions / 10); seed += 1) {
    const { session, definition } = await generateSession(seed);
    const chance = new Chance(seed);
    const events = structuredClone(session.store.events);
    const candidates = events.filter(
      (event): event is Extract<SessionEvent, { type: T }> => event.type === type,
    );
    if (candidates.length === 0) continue;
    const victim = chance.pick(candidates);
    if (!change(victim, chance)) continue;
    const { divergence } = await replay(definition, events, replayPorts(session.store));
    assert.equal(divergence?.seq, victim.seq, `seed ${seed}`);
    assert.equal(divergence.step, victim.step);
    assert.ok(causes.includes(divergence.cause), `${divergence.cause} for seed ${seed}`);
    blamed += 1;
  }
  assert.ok(blamed > 0);
}
