import assert from "node:assert/strict";
import type { CommandPlace } from "../../../src/engine/model/command";
import { eventTypes } from "../../../src/engine/event/event";
import { eventKinds, eventWords, isFailure, isOfKind } from "../../../src/engine/view/event-kind";
import type { EventKind } from "../../../src/engine/view/event-kind";
import { partnersOf } from "../../../src/engine/view/event-pairs";
import { transcriptEntry } from "../../../src/engine/view/transcript";
import type { TranscriptContext, TranscriptEntry } from "../../../src/engine/view/transcript";
import { sessionEvents } from "../../panels/session-events";

const partners = partnersOf(sessionEvents);

function entries(changes: Partial<TranscriptContext> = {}): TranscriptEntry[] {
  const context: TranscriptContext = {
    partners: (seq) => partners.get(seq) ?? [],
    includes: () => true,
    awaits: () => false,
    stepOf: () => ({ role: "coder", places: ["Round 1 of 3"], model: "qwen3-coder:latest" }),
    ...changes,
  };
  return sessionEvents.flatMap((event) => transcriptEntry(event, context) ?? []);
}

function entry(head: string, from = entries()): TranscriptEntry {
  const found = from.find((one) => one.head === head);
  assert.ok(found !== undefined, `no entry ${head} among ${from.map((one) => one.head).join(", ")}`);
  return found;
}

describe("the transcript of a session", () => {
  it("folds a tool call with its result, and a model call with its reply", () => {
    const read = entry("read_file");
    assert.deepEqual(
      read.parts.map(({ id, open }) => [id, open]),
      [
        ["args", undefined],
        ["result", undefined],
      ],
    );
    const shown = new Set(entries().map(({ seq }) => seq));
    const folded = sessionEvents.filter(({ seq }) => !shown.has(seq)).map(({ type }) => type);
    assert.deepEqual([...new Set(folded)].sort(), [
      "artifact_written",
      "command_start",
      "model_call_start",
      "tool_denied",
      "tool_result",
      "verdict_set",
    ]);
  });

  it("says where a command ran, and for a container by what and from which image", () => {
    const factsAt = (place: CommandPlace, isolatedBy: string): readonly string[] => {
      const events = sessionEvents.map((event) =>
        event.type === "command_end"
          ? { ...event, data: { ...event.data, place, isolated_by: isolatedBy } }
          : event,
      );
      const context: TranscriptContext = {
        partners: (seq) => partners.get(seq) ?? [],
        includes: () => true,
        awaits: () => false,
        stepOf: () => undefined,
      };
      return events
        .flatMap((event) => transcriptEntry(event, context) ?? [])
        .filter(({ kind }) => kind === "check")
        .flatMap(({ facts }) => facts)
        .filter((fact) => fact.startsWith("isolation"));
    };
    assert.deepEqual(factsAt("sandbox", "bubblewrap 0.8.0"), ["isolation: sandbox"]);
    assert.deepEqual(factsAt("container", "docker 28.0.0, image a:1"), [
      "isolation: container (docker 28.0.0, image a:1)",
    ]);
  });

  it("heads a step with its round, role and model", () => {
    const { kind, facts } = entry("build#1");
    assert.equal(kind, "step");
    assert.deepEqual(facts, ["Round 1 of 3", "coder", "qwen3-coder:latest"]);
  });

  it("shows the step's message of a prompt at once and folds the others", () => {
    const { parts } = entry("Prompt");
    assert.deepEqual(
      parts.map(({ id, open }) => [id, open]),
      [
        ["message 2", true],
        ["message 1", undefined],
      ],
    );
  });

  it("names the file that a call wrote, the verdict that it set, and the rule that denied it", () => {
    const written = entry("Wrote shapes/square.py");
    assert.equal(written.kind, "file");
    assert.deepEqual(
      written.files?.map(({ path }) => path),
      ["shapes/square.py"],
    );
    // What the model is told about it is folded into the same entry.
    assert.deepEqual(
      written.parts.map(({ id }) => id),
      ["args", "result"],
    );
    assert.equal(entry("Verdict: request_changes").say, "The square has no area.");
    const denied = entries().find(({ facts }) => facts.some((fact) => fact.includes("R4")));
    assert.equal(denied?.tone, "bad");
  });

  it("shows a check with its command line, its verdict and the end of its output", () => {
    const { kind, facts, tone, parts } = entry("node tests/run.js");
    assert.equal(kind, "check");
    assert.equal(tone, "bad");
    assert.ok(facts.includes("fail") && facts.includes("exit code 1"));
    assert.deepEqual(
      parts.map(({ id, open }) => [id, open]),
      [
        ["tail", true],
        ["output", undefined],
      ],
    );
  });

  it("says of unknown and estimated tokens what they are", () => {
    const facts = entries().flatMap((one) => (one.kind === "reply" ? [one.facts.join(" ")] : []));
    assert.ok(facts.some((text) => text.includes("unknown tokens in, about 40 out")));
    assert.ok(facts.some((text) => text.includes("1,840 tokens in (1,200 cached), 412 out")));
  });

  it("says what the backend could not do as asked", () => {
    const reply = sessionEvents.find((event) => event.type === "model_call_end");
    assert.ok(reply?.type === "model_call_end");
    const noticed = { ...reply, data: { ...reply.data, notices: ["It takes no seed."] } };
    const none = { partners: () => [], includes: () => true, awaits: () => false, stepOf: () => undefined };
    assert.equal(transcriptEntry(noticed, none)?.say, "It takes no seed.");
    assert.equal(transcriptEntry(reply, none)?.say, undefined);
  });

  it("shows a result by itself where a filter leaves its call out", () => {
    const result = sessionEvents.find(({ type }) => type === "tool_result");
    const filtered = entries({ includes: (seq) => seq === result?.seq });
    assert.ok(filtered.some(({ seq }) => seq === result?.seq));
  });

  it("tells a call in progress from one whose end was lost", () => {
    const lost = entry("read_file", entries({ partners: () => [] }));
    assert.deepEqual([lost.open, lost.facts], [undefined, ["no end recorded"]]);
    const open = entry("read_file", entries({ partners: () => [], awaits: () => true }));
    assert.deepEqual([open.open, open.facts], [true, ["in progress"]]);
  });
});

describe("the kinds of events", () => {
  it("give each type of event words that are no id", () => {
    for (const type of eventTypes) assert.doesNotMatch(eventWords(type), /_/);
    assert.equal(new Set(eventTypes.map(eventWords)).size, eventTypes.length);
  });

  it("show each event under one kind, and failures also under failures", () => {
    for (const event of sessionEvents) {
      const kinds = Object.keys(eventKinds).filter((kind) => isOfKind(event, kind as EventKind));
      const others = kinds.filter((kind) => kind !== "failures");
      assert.ok(others.length === 1 || (others.length === 0 && isFailure(event)), event.type);
      assert.equal(kinds.includes("failures"), isFailure(event), event.type);
    }
  });
});
