import assert from "node:assert/strict";
import { draft } from "../../../src/engine/event/event";
import type { Content } from "../../../src/engine/event/content";
import type { EventDraft, SessionEvent } from "../../../src/engine/event/event";
import { FilterRun } from "../../../src/app/panel/event-filter";
import { partText, wholePrompt } from "../../../src/app/panel/part-text";
import { transcriptRows } from "../../../src/app/panel/transcript-rows";
import type { TranscriptSource } from "../../../src/app/panel/transcript-rows";
import { writtenAt } from "../../../src/app/panel/written-at";
import { noFilter } from "../../../src/protocol/session-panel";
import type { EventFilter } from "../../../src/protocol/session-panel";
import { sessionEvents } from "../../panels/session-events";

const stored = { sha256: "c".repeat(64), bytes: 4000 };

function sourceOf(
  events: readonly SessionEvent[],
  changes: Partial<TranscriptSource> = {},
): TranscriptSource {
  return {
    total: events.length,
    live: false,
    readEvents: (from, count) => Promise.resolve(events.slice(from, from + count)),
    readText: (content: Content) =>
      Promise.resolve("text" in content ? content.text : "A stored text about ellipses."),
    includes: () => true,
    stepOf: () => undefined,
    ...changes,
  };
}

const numbered = (drafts: readonly EventDraft[]): SessionEvent[] =>
  drafts.map((one, seq) => ({ ...one, seq, at: "2026-11-22T10:15:03.000Z" }));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

async function found(events: readonly SessionEvent[], filter: Partial<EventFilter>): Promise<number[]> {
  const source = sourceOf(events);
  const run = new FilterRun({ ...noFilter, ...filter }, (content) => source.readText(content));
  return run.passing(events);
}

describe("the rows of a transcript", () => {
  it("are the same wherever the part that is read begins and ends", async () => {
    const source = sourceOf(sessionEvents);
    const whole = await transcriptRows(source, range(0, sessionEvents.length), 0);
    for (const size of [1, 3, 7]) {
      const parts = [];
      for (let from = 0; from < sessionEvents.length; from += size)
        parts.push(
          ...(await transcriptRows(source, range(from, Math.min(from + size, sessionEvents.length)), from)),
        );
      assert.deepEqual(parts, whole);
    }
  });

  it("show what a step is asked before its whole message", async () => {
    const rows = await transcriptRows(sourceOf(sessionEvents), range(0, sessionEvents.length), 0);
    const prompt = rows.find(({ head }) => head === "Prompt");
    assert.deepEqual(
      prompt?.parts.map(({ label, text }) => [label, text?.text]),
      [
        ["What is asked", "Write PLAN.md."],
        ["The whole message", undefined],
        ["Message 1: system", undefined],
      ],
    );
  });

  it("know a call in progress only at the end of a session that runs", async () => {
    const events = numbered([
      draft("tool_call", "a", { call_id: "1", turn: 1, tool: "read_file", args: { text: "{}" } }),
    ]);
    const [running] = await transcriptRows(sourceOf(events, { live: true }), [0], 0);
    const [ended] = await transcriptRows(sourceOf(events), [0], 0);
    assert.deepEqual([running?.open, ended?.open], [true, undefined]);
  });
});

describe("a text of the transcript in full", () => {
  it("is found by its event and its name there", async () => {
    const reply = sessionEvents.find((event) => event.type === "model_call_end");
    const text = await partText(sourceOf(sessionEvents), reply?.seq ?? -1, "reasoning");
    assert.equal(text?.text, "I look at what is there first.");
    assert.equal(await partText(sourceOf(sessionEvents), reply?.seq ?? -1, "nothing"), undefined);
  });

  it("is of a prompt all its messages, also those that it keeps from the prompts before", async () => {
    const prompt = (turn: number, kept: number, texts: readonly string[]): EventDraft =>
      draft("prompt_built", "a", {
        turn,
        kept,
        added: texts.map((text) => ({ role: "user", content: { text } })),
        sha256: stored.sha256,
        estimated_tokens: 1,
        max_tokens: 1,
        omitted: [],
      });
    const events = numbered([
      prompt(1, 0, ["one", "two"]),
      prompt(2, 2, ["three", "dropped"]),
      { ...prompt(1, 0, ["of another step"]), step: "b" },
      prompt(3, 3, ["four"]),
    ]);
    const { text = "" } = (await partText(sourceOf(events), 3, wholePrompt)) ?? {};
    assert.deepEqual(text.match(/^\w+$/gm), ["one", "two", "three", "four"]);
  });
});

describe("what an event wrote to a file", () => {
  const write = (seq: number): EventDraft =>
    draft("artifact_written", "a", {
      call_id: `${seq}`,
      path: "a.ts",
      content: { sha256: `${seq}`.repeat(64).slice(0, 64), bytes: seq },
      base: { sha256: "f".repeat(64), bytes: 99 },
    });

  it("is compared with the version before it, at first with the project's file", async () => {
    const source = sourceOf(numbered([write(1), write(2)]));
    assert.equal((await writtenAt(source, 0, "a.ts"))?.before?.bytes, 99);
    assert.equal((await writtenAt(source, 1, "a.ts"))?.before?.bytes, 1);
    assert.equal(await writtenAt(source, 1, "b.ts"), undefined);
  });
});

describe("the filter of events", () => {
  it("finds a role's events by the steps that it has", async () => {
    const seqs = await found(sessionEvents, { role: "coder" });
    const steps = new Set(seqs.map((seq) => sessionEvents[seq]?.step));
    assert.deepEqual([...steps], ["build#1", "build#2"]);
  });

  it("finds all runs of a step by its id, and one by its key", async () => {
    const steps = async (step: string): Promise<Set<string | null | undefined>> =>
      new Set((await found(sessionEvents, { step })).map((seq) => sessionEvents[seq]?.step));
    assert.deepEqual([...(await steps("build"))], ["build#1", "build#2"]);
    assert.deepEqual([...(await steps("build#2"))], ["build#2"]);
  });

  it("finds a failure whatever its kind", async () => {
    const types = (await found(sessionEvents, { kind: "failures" })).map((seq) => sessionEvents[seq]?.type);
    assert.deepEqual(types, [
      "tool_denied",
      "command_end",
      "model_call_failed",
      "step_failed",
      "session_paused",
    ]);
  });

  it("searches texts that are stored beside the journal", async () => {
    const events = numbered([
      draft("tool_result", "a", { call_id: "1", tool: "read_file", ok: true, content: stored }),
    ]);
    assert.deepEqual(await found(events, { text: "ELLIPSES" }), [0]);
    assert.deepEqual(await found(events, { text: "squares" }), []);
  });
});
