import assert from "node:assert/strict";
import fc from "fast-check";
import { armingMs, PressGuard } from "../../../src/protocol/press-guard";

const first = "approve a1";
const second = "approve a2";

describe("which presses count", () => {
  it("takes nothing in the first moment of a question's life", () => {
    const guard = new PressGuard();
    guard.shown(first, 1000);

    assert.equal(guard.press(first, 1000 + armingMs - 1, 1000 + armingMs), false);
  });

  it("takes a press that began when the question had stood there for a moment", () => {
    const guard = new PressGuard();
    guard.shown(first, 1000);

    assert.equal(guard.press(first, 1000 + armingMs, 1050 + armingMs), true);
  });

  it("takes nothing for a question that is not on the screen", () => {
    const guard = new PressGuard();
    guard.shown(first, 0);
    guard.hidden(first);

    assert.equal(guard.press(first, 5000, 5000), false);
  });

  it("waits again when the control moves, and when the window comes back", () => {
    const guard = new PressGuard();
    guard.shown(first, 0);
    guard.moved(first, 5000);
    assert.equal(guard.armedAt(first), 5000 + armingMs);

    guard.movedAll(9000);
    assert.equal(guard.armedAt(first), 9000 + armingMs);
  });

  for (const gapMs of [0, 11, 26, 150, 300, 450, 599]) {
    it(`answers one question with two clicks ${gapMs} ms apart, though the next one was there already`, () => {
      const guard = new PressGuard();
      guard.shown(first, 0);
      guard.shown(second, 0);
      assert.equal(guard.press(first, 2000, 2000), true);
      guard.hidden(first);

      assert.equal(guard.press(second, 2000 + gapMs, 2000 + gapMs), false);
    });
  }

  it("answers nothing for a key held down, however long", () => {
    const guard = new PressGuard();
    for (let at = 0; at < 10_000; at += 30) {
      const meaning = `approve a${Math.floor(at / 1000)}`;
      guard.shown(meaning, at);
      assert.equal(guard.press(meaning, at, at), false, `at ${at} ms`);
    }
  });

  it("never takes two presses within the arming time, whatever comes, moves and is pressed", () => {
    const step = fc.record({
      meaning: fc.constantFrom(first, second, "stop"),
      what: fc.constantFrom("shown", "moved", "hidden", "press"),
      waitMs: fc.integer({ min: 0, max: 900 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const guard = new PressGuard();
        const shownAt = new Map<string, number>();
        let now = 0;
        let taken = -Infinity;
        for (const { meaning, what, waitMs } of steps) {
          now += waitMs;
          if (what === "press") {
            if (!guard.press(meaning, now, now)) continue;
            assert.ok(now - taken >= armingMs);
            assert.ok(now - (shownAt.get(meaning) ?? now) >= armingMs);
            taken = now;
          } else {
            guard[what](meaning, now);
            if (what === "hidden") shownAt.delete(meaning);
            else if (what === "moved" ? shownAt.has(meaning) : !shownAt.has(meaning))
              shownAt.set(meaning, now);
          }
        }
      }),
      { seed: 15, numRuns: 300 },
    );
  });
});
