import assert from "node:assert/strict";
import type { SessionEvent } from "../../../src/engine/event/event";
import { EventIndex } from "../../../src/host/screen/event-index";
import { eventLine } from "../../../src/host/screen/event-line";
import { oneLine, shown } from "../../../src/host/screen/text";

function event(seq: number): SessionEvent {
  const step = `step-${seq % 3}`;
  const at = new Date(seq).toISOString();
  return seq % 2 === 0
    ? {
        seq,
        at,
        step,
        type: "verdict_set",
        data: { call_id: "1.1", verdict: seq % 4 === 0 ? "approve" : "reject" },
      }
    : {
        seq,
        at,
        step,
        type: "tool_denied",
        data: { call_id: "1.1", tool: "read_file", rule: "R1", message: "No." },
      };
}

const events = Array.from({ length: 1000 }, (_, seq) => event(seq));

describe("the index of a session's events", () => {
  it("gives rows by place, and by nothing more than asked", () => {
    const index = new EventIndex();
    index.take(events);

    assert.equal(index.total, 1000);
    assert.deepEqual(
      index.rows(998, 2000).map(({ seq }) => seq),
      [998, 999],
    );
    assert.deepEqual(index.types, ["tool_denied", "verdict_set"]);
    assert.deepEqual(index.steps, ["step-0", "step-1", "step-2"]);
  });

  it("filters by type, step and text, and goes on filtering what comes", () => {
    const index = new EventIndex();
    index.take(events.slice(0, 500));
    index.setFilter({ type: "verdict_set", step: "step-0", text: "APPROVE" });
    const wanted = (list: readonly SessionEvent[]): number[] =>
      list.map(({ seq }) => seq).filter((seq) => seq % 4 === 0 && seq % 3 === 0);
    assert.deepEqual(
      index.rows(0, 1000).map(({ seq }) => seq),
      wanted(events.slice(0, 500)),
    );

    const { edition } = index;
    index.take(events);
    assert.equal(index.matching, wanted(events).length);
    assert.equal(index.edition, edition);
  });

  it("begins a new edition when the events are others", () => {
    const index = new EventIndex();
    index.take(events);
    const { edition } = index;
    index.take(events.slice(0, 10).map((one) => ({ ...one })));

    assert.equal(index.total, 10);
    assert.notEqual(index.edition, edition);
  });

  it("filters 100,000 events by text", () => {
    const many = Array.from({ length: 100_000 }, (_, seq) => event(seq));
    const index = new EventIndex();
    index.take(many);
    index.setFilter({ type: "", step: "", text: "approve" });

    assert.equal(index.matching, 25_000);
  });
});

describe("an event in a line", () => {
  it("says what a person looks for", () => {
    const denied = event(1);
    assert.equal(eventLine(denied), "read_file: No. (R1)");
    assert.equal(
      eventLine({
        seq: 0,
        at: "",
        step: "plan",
        type: "model_call_end",
        data: {
          call: 1,
          turn: 1,
          reply: { text: "" },
          tool_calls: [],
          finish_reason: "length",
          tokens: { output: { count: 5, source: "estimated" } },
          total_ms: 12.4,
          notices: ["It takes no seed."],
        },
      }),
      "– tokens in, ~5 out, 12 ms, length, It takes no seed.",
    );
  });

  it("is one line, and cut", () => {
    assert.equal(oneLine("a\n\tb  c"), "a b c");
    assert.equal(oneLine("x".repeat(300), 10), `${"x".repeat(9)}…`);
    assert.deepEqual(shown("abc", 2), { text: "ab", cutFrom: 3 });
    assert.deepEqual(shown("abc", 3), { text: "abc" });
  });
});
