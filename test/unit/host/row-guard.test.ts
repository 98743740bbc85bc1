import assert from "node:assert/strict";
import { RowGuard } from "../../../src/host/trees/row-guard";
import { armingMs } from "../../../src/protocol/press-guard";

describe("presses on the rows of a tree", () => {
  let nowMs = 0;
  const guard = (rows: readonly string[]): RowGuard => {
    nowMs = 0;
    const made = new RowGuard(() => nowMs);
    made.shows(rows);
    nowMs = 2 * armingMs;
    return made;
  };

  it("count once the row has been in its place for a while", () => {
    const rows = guard(["b"]);
    rows.shows(["b", "a"]);
    nowMs += armingMs - 1;
    assert.equal(rows.takes("a"), false);
    nowMs += 2 * armingMs;
    assert.equal(rows.takes("a"), true);
  });

  it("count at once in a list that was empty, where they cannot have been meant for another row", () => {
    const rows = new RowGuard(() => nowMs);
    rows.shows(["a"]);
    assert.equal(rows.takes("a"), true);
  });

  for (const gapMs of [0, 150, 420, armingMs - 1]) {
    it(`act on one row only, ${gapMs} ms after another, on the same row and on its neighbour`, () => {
      for (const second of ["a", "b"]) {
        const rows = guard(["a", "b"]);
        assert.equal(rows.takes("a"), true);
        nowMs += gapMs;
        assert.equal(rows.takes(second), false);
      }
    });
  }

  it("do not act on the row that moved under the pointer", () => {
    const rows = guard(["a", "b", "c"]);
    rows.shows(["b", "c"]);
    assert.equal(rows.takes("b"), false);
    nowMs += 2 * armingMs;
    assert.equal(rows.takes("b"), true);
  });

  it("do not act on a row that means something else by now, nor on one that is gone", () => {
    const rows = guard(["a paused", "b paused"]);
    rows.shows(["a running", "b paused"]);
    assert.equal(rows.takes("a running"), false);
    nowMs += 2 * armingMs;
    assert.equal(rows.takes("a paused"), false);
  });

  it("still act on a row that stays where it is while another one changes", () => {
    const rows = guard(["a", "b"]);
    rows.shows(["a", "c"]);
    assert.equal(rows.takes("a"), true);
  });
});
