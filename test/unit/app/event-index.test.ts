import assert from "node:assert/strict";
import type { SessionEvent } from "../../../src/engine/event/event";
import { EventIndex } from "../../../src/app/panel/event-index";
import type { EventSource } from "../../../src/app/panel/event-index";
import { eventLine } from "../../../src/engine/view/event-line";
import type { Content } from "../../../src/engine/event/content";
import { noFilter } from "../../../src/protocol/session-panel";
import { shown } from "../../../src/protocol/shown-text";
import { oneLine } from "../../../src/engine/view/one-line";

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

/** A session of so many events, of which nobody may hold many at a time. */
class Source implements EventSource {
  readonly asked: number[] = [];

  constructor(public total: number) {}

  readEvents(from: number, count: number): Promise<readonly SessionEvent[]> {
    this.asked.push(count);
    const length = Math.max(0, Math.min(count, this.total - from));
    return Promise.resolve(Array.from({ length }, (_, index) => event(from + index)));
  }

  readText(content: Content): Promise<string> {
    return Promise.resolve("text" in content ? content.text : "");
  }
}

async function scanAll(index: EventIndex): Promise<void> {
  while (index.scanned < index.total) await index.scan();
}

async function numbers(index: EventIndex, from: number, to: number): Promise<number[]> {
  return (await index.rows(from, to)).map(({ seq }) => seq);
}

describe("the index of a session's events", () => {
  it("reads the rows that it is asked for, and without a filter no others", async () => {
    const source = new Source(100_000);
    const index = new EventIndex(source);
    await index.scan();

    assert.equal(index.total, 100_000);
    assert.equal(index.matching, 100_000);
    assert.deepEqual(await numbers(index, 99_998, 200_000), [99_998, 99_999]);
    assert.deepEqual(source.asked, [2]);
  });

  it("filters by kind, step and text, and goes on filtering what comes", async () => {
    const source = new Source(500);
    const index = new EventIndex(source);
    index.setFilter({ ...noFilter, kind: "verdicts", step: "step-0", text: "APPROVE" });
    await scanAll(index);
    const wanted = (total: number): number[] =>
      Array.from({ length: total }, (_, seq) => seq).filter((seq) => seq % 4 === 0 && seq % 3 === 0);
    assert.deepEqual(await numbers(index, 0, 1000), wanted(500));
    assert.deepEqual(await numbers(index, 3, 5), wanted(500).slice(3, 5));

    const { edition } = index;
    source.total = 1000;
    await scanAll(index);
    assert.equal(index.matching, wanted(1000).length);
    assert.equal(index.edition, edition);
  });

  it("filters 100,000 events a piece at a time, and what it found keeps its place meanwhile", async () => {
    const source = new Source(100_000);
    const index = new EventIndex(source);
    index.setFilter({ ...noFilter, text: "approve" });
    await index.scan();
    assert.ok(index.scanned < index.total);
    const early = await numbers(index, 0, 5);
    assert.deepEqual(early, [0, 4, 8, 12, 16]);
    await scanAll(index);

    assert.equal(index.matching, 25_000);
    assert.deepEqual(await numbers(index, 0, 5), early);
    assert.ok(Math.max(...source.asked) <= 512, "the thread would be held too long");
  });

  it("stops where it is told to, keeps what it found, and goes on from there", async () => {
    const index = new EventIndex(new Source(10_000));
    index.setFilter({ ...noFilter, text: "approve" });
    await index.scan();
    index.look(false);
    const { scanned, matching } = index;
    assert.equal(await index.scan(), false);
    assert.deepEqual([index.scanned, index.matching], [scanned, matching]);

    index.look(true);
    await scanAll(index);
    assert.equal(index.matching, 2500);
    index.look(false);
    index.setFilter({ ...noFilter, text: "reject" });
    assert.equal(await index.scan(), true);
  });

  it("forgets what an older filter still finds", async () => {
    const index = new EventIndex(new Source(10_000));
    index.setFilter({ ...noFilter, kind: "verdicts" });
    const older = index.scan();
    index.setFilter({ ...noFilter, kind: "failures" });
    await older;
    await scanAll(index);

    assert.equal(index.matching, 5000);
    assert.deepEqual(await numbers(index, 0, 3), [1, 3, 5]);
  });

  it("begins a new edition when the session turns out to be shorter", async () => {
    const source = new Source(1000);
    const index = new EventIndex(source);
    index.setFilter({ ...noFilter, kind: "verdicts" });
    await scanAll(index);
    const { edition } = index;
    source.total = 10;
    await index.scan();

    assert.equal(index.matching, 5);
    assert.notEqual(index.edition, edition);
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
