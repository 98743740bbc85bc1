import assert from "node:assert/strict";
import type { EventRow, StreamInfo } from "../../../src/protocol/session-panel";
import {
  initialState,
  maxKept,
  missingRange,
  reduce,
  rowAfterKey,
  silence,
} from "../../../webview/session/store";
import type { PanelViewState } from "../../../webview/session/store";

const info: StreamInfo = {
  session: "s1",
  flow: "shapes",
  status: "completed",
  live: false,
  total: 100_000,
  matching: 100_000,
  edition: 1,
  roles: [],
  artifacts: [],
};
const row = (seq: number): EventRow => ({
  seq,
  at: "",
  type: "tool_call",
  words: "Tool call",
  step: null,
  text: "",
});

function withRows(state: PanelViewState, from: number, count: number, edition = 1): PanelViewState {
  const rows = Array.from({ length: count }, (_, index) => row(from + index));
  return reduce(state, { type: "message", message: { type: "rows", edition, from, rows } });
}

describe("the session panel's store", () => {
  const started = reduce(initialState, { type: "message", message: { type: "info", info } });

  it("knows which of the rows on the screen it still must ask for", () => {
    const state = withRows(started, 0, 10);

    assert.equal(missingRange(state, 0, 9), undefined);
    assert.deepEqual(missingRange(state, 5, 14), { from: 10, to: 15 });
    assert.deepEqual(missingRange(withRows(state, 12, 1), 8, 13), { from: 10, to: 14 });
  });

  it("takes no rows of another edition, and forgets its rows when the edition changes", () => {
    assert.equal(withRows(started, 0, 10, 2).rows.size, 0);

    const state = withRows(started, 0, 10);
    const next = reduce(state, { type: "message", message: { type: "info", info: { ...info, edition: 2 } } });
    assert.equal(next.rows.size, 0);
    const grown = reduce(state, {
      type: "message",
      message: { type: "info", info: { ...info, total: 100_001 } },
    });
    assert.equal(grown.rows.size, 10);
  });

  it("keeps a bounded number of rows, those near what is shown", () => {
    let state = started;
    for (let from = 0; from < 20_000; from += 500) state = withRows(state, from, 500);

    assert.ok(state.rows.size <= maxKept);
    assert.equal(state.rows.has(19_999), true);
    assert.equal(state.rows.has(0), false);
  });

  it("takes the extension for gone when it leaves question after question unanswered, until it is heard again", () => {
    let state = started;
    for (let ping = 0; ping < silence; ping += 1) state = reduce(state, { type: "pinged" });
    assert.equal(state.unanswered, silence);

    state = reduce(state, { type: "message", message: { type: "info", info } });
    assert.equal(state.unanswered, 0);
  });

  it("moves by keys and stays inside the list", () => {
    const visible = { first: 2, last: 7 };
    const after = (key: string, selected: number | undefined, count = 10): number | undefined =>
      rowAfterKey(key, selected, count, visible);

    assert.equal(after("ArrowDown", 9), 9);
    assert.equal(after("ArrowUp", 0), 0);
    assert.equal(after("PageDown", 3), 8);
    assert.equal(after("PageUp", 3), 0);
    assert.equal(after("Home", 3), 0);
    assert.equal(after("End", 3), 9);
    assert.equal(after("a", 3), undefined);
    assert.equal(after("End", undefined, 0), undefined);
  });

  it("begins with what can be seen when no row is selected", () => {
    const visible = { first: 99_970, last: 99_999 };
    const after = (key: string): number | undefined => rowAfterKey(key, undefined, 100_000, visible);

    assert.equal(after("ArrowDown"), 99_970);
    assert.equal(after("ArrowUp"), 99_999);
    assert.equal(after("PageUp"), 99_941);
    assert.equal(after("PageDown"), 99_999);
    assert.equal(after("Home"), 0);
  });
});
