import assert from "node:assert/strict";
import type { EventRow, StreamInfo } from "../../../src/protocol/session-panel";
import {
  initialState,
  maxKept,
  missingRange,
  reduce,
  rowAfterKey,
  type PanelViewState,
} from "../../../webview/session/store";

const info: StreamInfo = {
  session: "s1",
  flow: "shapes",
  status: "completed",
  live: false,
  total: 100_000,
  matching: 100_000,
  edition: 1,
  types: [],
  steps: [],
};
const row = (seq: number): EventRow => ({ seq, at: "", type: "tool_call", step: null, text: "" });

function withRows(state: PanelViewState, from: number, count: number, edition = 1): PanelViewState {
  const rows = Array.from({ length: count }, (_, index) => row(from + index));
  return reduce(state, { type: "message", message: { type: "rows", edition, from, rows } });
}

describe("the session panel's store", () => {
  const started = reduce(initialState, { type: "message", message: { type: "info", info } });

  it("knows which of the rows on the screen it still has to ask for", () => {
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

  it("moves by keys and stays inside the list", () => {
    assert.equal(rowAfterKey("ArrowDown", undefined, 10, 5), 0);
    assert.equal(rowAfterKey("ArrowUp", undefined, 10, 5), 9);
    assert.equal(rowAfterKey("ArrowDown", 9, 10, 5), 9);
    assert.equal(rowAfterKey("ArrowUp", 0, 10, 5), 0);
    assert.equal(rowAfterKey("PageDown", 3, 10, 5), 8);
    assert.equal(rowAfterKey("PageUp", 3, 10, 5), 0);
    assert.equal(rowAfterKey("Home", 3, 10, 5), 0);
    assert.equal(rowAfterKey("End", 3, 10, 5), 9);
    assert.equal(rowAfterKey("a", 3, 10, 5), undefined);
    assert.equal(rowAfterKey("End", undefined, 0, 5), undefined);
  });
});
