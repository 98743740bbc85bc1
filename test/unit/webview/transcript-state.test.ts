import assert from "node:assert/strict";
import type { TranscriptRow } from "../../../src/protocol/session-panel";
import {
  noTranscript,
  partKey,
  rowsAround,
  rowsBeyond,
  rowsToRead,
  streamOf,
  withRows,
  withStreams,
  withText,
} from "../../../webview/session/transcript-state";
import type { TranscriptState } from "../../../webview/session/transcript-state";

const row = (index: number, open = false): TranscriptRow => ({
  seq: index,
  index,
  at: "",
  kind: "tool",
  head: `call ${index}`,
  facts: [],
  parts: [],
  ...(open ? { open: true as const } : {}),
});

function take(state: TranscriptState, from: number, to: number, edition = 1): TranscriptState {
  const entries = Array.from({ length: to - from }, (_, index) => row(from + index));
  return withRows(state, { type: "transcript", edition, from, to, entries });
}

describe("the part of a transcript that is loaded", () => {
  it("begins around a place, inside the list", () => {
    assert.deepEqual(rowsAround(500, 1000), { from: 480, to: 520 });
    assert.deepEqual(rowsAround(999, 1000), { from: 960, to: 1000 });
    assert.deepEqual(rowsAround(3, 10), { from: 0, to: 10 });
  });

  it("grows in both directions and knows where the list ends", () => {
    const state = take(take(noTranscript, 100, 140), 140, 180);
    assert.deepEqual([state.from, state.to, state.entries.length], [100, 180, 80]);
    assert.deepEqual(rowsBeyond(state, "earlier", 1000), { from: 60, to: 100 });
    assert.deepEqual(rowsBeyond(state, "later", 190), { from: 180, to: 190 });
    assert.equal(rowsBeyond(state, "later", 180), undefined);
    assert.equal(rowsBeyond(take(noTranscript, 0, 10), "earlier", 1000), undefined);
  });

  it("is replaced by a part that does not join it, and by one of another edition", () => {
    const state = take(noTranscript, 100, 140);
    assert.equal(take(state, 500, 540).from, 500);
    assert.equal(take(state, 140, 180, 2).from, 140);
  });

  it("is bounded: the end that was left is dropped", () => {
    let state = take(noTranscript, 0, 40);
    for (let from = 40; from < 2000; from += 40) state = take(state, from, from + 40);
    assert.equal(state.to, 2000);
    assert.ok(state.entries.length <= 600);
    assert.equal(state.entries[0]?.index, state.from);
    for (let to = state.from; to > 0; to = state.from) state = take(state, Math.max(0, to - 40), to);
    assert.equal(state.from, 0);
    assert.ok(state.to <= 600);
  });

  it("is read again from the first entry without its end on", () => {
    const state = withRows(take(noTranscript, 0, 40), {
      type: "transcript",
      edition: 1,
      from: 38,
      to: 40,
      entries: [row(38, true), row(39)],
    });
    assert.deepEqual(rowsToRead(state, 50, false), { from: 38, to: 40 });
    assert.equal(rowsToRead(take(state, 38, 40), 50, false), undefined);
    assert.deepEqual(rowsToRead(state, 100, true), { from: 38, to: 100 });
  });

  it("is read at its new end when that is followed, however far it has moved", () => {
    const state = take(noTranscript, 0, 40);
    assert.deepEqual(rowsToRead(state, 45, true), { from: 5, to: 45 });
    const jumped = rowsToRead(state, 100_000, true);
    assert.deepEqual(jumped, { from: 99_960, to: 100_000 });
    assert.equal(take(state, 99_960, 100_000).from, 99_960);
  });

  it("keeps the text of an opened fold until it is closed", () => {
    const key = partKey(3, "result");
    assert.equal(withText(noTranscript, key, { text: "late" }).texts.has(key), false);
    const opened = withText(withText(noTranscript, key, "request"), key, { text: "hello" });
    assert.equal(opened.texts.get(key)?.text, "hello");
    assert.equal(withText(opened, key, "close").texts.has(key), false);
  });

  it("appends what is streamed to the reply that is open, and drops it once the step has ended", () => {
    const reply: TranscriptRow = { ...row(5, true), kind: "reply", step: "build" };
    const part = (text: string, fresh = false) => ({ step: "build", text, fresh });
    let state = withStreams(noTranscript, { type: "stream", parts: [part("old", true)], steps: ["build"] });
    state = withStreams(state, { type: "stream", parts: [part("The ", true)], steps: ["build"] });
    state = withStreams(state, { type: "stream", parts: [part("square")], steps: ["build"] });

    assert.equal(streamOf(reply, state.streams), "The square");
    assert.equal(streamOf({ ...reply, kind: "tool" }, state.streams), undefined);
    const { open: _, ...ended } = reply;
    assert.equal(streamOf(ended, state.streams), undefined);
    state = withStreams(state, { type: "stream", parts: [], steps: [] });
    assert.deepEqual(state.streams, {});
  });
});
