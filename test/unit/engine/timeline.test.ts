import assert from "node:assert/strict";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft, SessionEvent } from "../../../src/engine/event/event";
import { covered, without } from "../../../src/engine/view/intervals";
import { TimelineFold } from "../../../src/engine/view/timeline";
import type { TimeSpan } from "../../../src/engine/view/timeline";
import { TimeAxis } from "../../../src/engine/view/timeline-axis";
import { layoutTimeline } from "../../../src/engine/view/timeline-layout";
import { sessionEvents } from "../../panels/session-events";

const sha256 = "a".repeat(64);
const whole = { from: 0, to: 1 };

/** Events at seconds from the beginning. */
function at(...timed: readonly (readonly [seconds: number, event: EventDraft])[]): SessionEvent[] {
  return timed.map(([seconds, one], seq) => ({
    ...one,
    seq,
    at: new Date(1e12 + 1000 * seconds).toISOString(),
  }));
}

function foldOf(events: readonly SessionEvent[]): TimelineFold {
  const fold = new TimelineFold();
  for (const event of events) fold.take(event);
  return fold;
}

const begin = (step: string, role = "coder"): EventDraft =>
  draft("step_start", step, { id: step, role, attempt: 1 });
const end = (step: string): EventDraft =>
  draft("step_end", step, { attempt: 1, summary: { text: "" }, sha256, artifacts: [], turns: 1, tokens: {} });
const call = (step: string, number: number): EventDraft =>
  draft("model_call_start", step, {
    call: number,
    turn: 1,
    attempt: 1,
    provider: "ollama",
    model: "m",
    tool_calls: "native",
    prompt: sha256,
    reserved_tokens: 1,
  });
const ask = (step: string): EventDraft =>
  draft("approval_requested", step, { id: "a1", kind: "before_step", sha256 });
const answer = (step: string): EventDraft =>
  draft("approval_resolved", step, { id: "a1", sha256, decision: "approve", by: "person" });

const named = (spans: readonly TimeSpan[]): string[] =>
  spans.map(({ kind, step, from, to }) => `${kind} ${step} ${(from - 1e12) / 1000}–${(to - 1e12) / 1000}`);

const span = (from: number, to: number, changes: Partial<TimeSpan> = {}): TimeSpan => ({
  kind: "step",
  lane: "coder",
  step: `s${from}`,
  seq: from,
  from,
  to,
  ...changes,
});

describe("stretches of time", () => {
  it("are joined where they overlap, and cut where others are", () => {
    const some = [
      { from: 5, to: 9 },
      { from: 0, to: 3 },
      { from: 2, to: 4 },
    ];
    assert.deepEqual(covered(some), [
      { from: 0, to: 4 },
      { from: 5, to: 9 },
    ]);
    assert.deepEqual(
      without(
        covered(some),
        covered([
          { from: 1, to: 2 },
          { from: 3, to: 6 },
          { from: 8, to: 20 },
        ]),
      ),
      [
        { from: 0, to: 1 },
        { from: 2, to: 3 },
        { from: 6, to: 8 },
      ],
    );
  });
});

describe("the timeline of a session", () => {
  it("has a span for each step, call, command and question, on the lane of its role", () => {
    const spans = foldOf(sessionEvents).spans;
    const lanes = new Map(spans.map(({ kind, lane }) => [`${kind} ${lane}`, true]));
    assert.deepEqual(
      [...lanes.keys()].sort(),
      [
        "call architect",
        "call coder",
        "call reviewer",
        "command command tests",
        "question architect",
        "question scope",
        "step architect",
        "step coder",
        "step command tests",
        "step reviewer",
      ].sort(),
    );
    assert.equal(spans.find(({ kind }) => kind === "command")?.failed, true);
  });

  it("ends what was under way when the session stopped, and counts the pause as a wait", () => {
    const fold = foldOf(
      at(
        [0, begin("a")],
        [1, call("a", 1)],
        [3, draft("session_paused", null, { reason: "cancelled", message: "" })],
        [60, draft("session_resumed", null, { by: "person" })],
        [61, call("a", 2)],
        [65, end("a")],
      ),
    );
    assert.deepEqual(named(fold.spans), ["step a 0–65", "call a 1–3", "call a 61–65"]);
    assert.deepEqual(
      fold.spans.map(({ failed, open }) => [failed, open]),
      [
        [undefined, undefined],
        [true, undefined],
        [undefined, true],
      ],
    );
    assert.deepEqual(fold.waits, [{ from: 1e12 + 3000, to: 1e12 + 60_000 }]);
  });

  it("waits for a person only while nothing else works", () => {
    const fold = foldOf(
      at([0, begin("a")], [1, ask("a")], [2, begin("b")], [3, call("b", 1)], [9, answer("a")]),
    );
    assert.deepEqual(fold.waits, [{ from: 1e12 + 1000, to: 1e12 + 3000 }]);
  });
});

describe("the axis of a timeline", () => {
  it("cuts a night of waiting, and keeps the order of everything", () => {
    const axis = new TimeAxis({ from: 0, to: 40_000 }, [{ from: 1000, to: 39_000 }]);
    const places = [0, 500, 1000, 20_000, 39_000, 40_000].map((ms) => axis.placeOf(ms));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.equal(places[0], 0);
    assert.equal(places.at(-1), 1);
    const [gap] = axis.gaps;
    assert.ok(gap !== undefined && gap.to - gap.from < 0.1, "the wait is as long as the work");
    assert.equal(gap.ms, 38_000);
    for (const ms of [200, 1000, 30_000, 39_500])
      assert.ok(Math.abs(axis.timeAt(axis.placeOf(ms)) - ms) < 1e-6, `${ms} is elsewhere`);
  });
});

describe("the layout of a timeline", () => {
  const axis = new TimeAxis({ from: 0, to: 1000 }, []);

  it("places spans by their time, and only those in the visible part", () => {
    const spans = [span(0, 250), span(500, 1000), span(750, 1000, { kind: "call" })];
    const [lane] = layoutTimeline(spans, axis, { from: 0.5, to: 1 }, 100);
    assert.deepEqual(
      lane?.bars.map(({ kind, left, width, line }) => [kind, left, width, line]),
      [
        ["step", 0, 1, 0],
        ["call", 0.5, 0.5, 1],
      ],
    );
    assert.equal(lane?.steps, 1);
  });

  it("puts steps that are at work together on lines of their own", () => {
    const [lane] = layoutTimeline([span(0, 500), span(100, 300), span(600, 700)], axis, whole, 100);
    assert.deepEqual(
      lane?.bars.map(({ line }) => line),
      [0, 1, 0],
    );
  });

  it("is bounded, whatever the number of spans, and loses none", () => {
    const spans = Array.from({ length: 20_000 }, (_, index) =>
      span(index / 20, index / 20 + 0.04, { seq: index }),
    );
    const [lane] = layoutTimeline(spans, axis, whole, 100);
    const bars = lane?.bars ?? [];
    assert.ok(bars.length <= 101, `${bars.length} bars`);
    assert.equal(
      bars.reduce((sum, { count }) => sum + count, 0),
      20_000,
    );
    assert.equal(lane?.steps, 20_000);
    const [zoomed] = layoutTimeline(spans, axis, { from: 0, to: 0.001 }, 100);
    assert.ok(zoomed?.bars.every(({ count }) => count === 1));
  });

  it("shows a failure among many", () => {
    const spans = [span(1, 1.1), span(1.2, 1.3, { failed: true }), span(1.4, 1.5)];
    const [lane] = layoutTimeline(spans, axis, whole, 100);
    assert.deepEqual(
      lane?.bars.map(({ count, failed }) => [count, failed]),
      [[3, true]],
    );
  });
});
