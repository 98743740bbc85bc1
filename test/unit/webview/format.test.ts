import assert from "node:assert/strict";
import {
  compactNumber,
  costText,
  durationText,
  plural,
  tokenText,
  tokenTitle,
} from "../../../webview/ui/format";

describe("how numbers read in the panels", () => {
  const numbers: readonly (readonly [number, string])[] = [
    [0, "0"],
    [999, "999"],
    [1000, "1k"],
    [1234, "1.2k"],
    [9949, "9.9k"],
    [9950, "10k"],
    [34_567, "35k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [1_250_000, "1.3M"],
  ];
  for (const [value, text] of numbers) {
    it(`writes ${value} as ${text}`, () => assert.equal(compactNumber(value), text));
  }

  it("marks an estimate, and never shows an unknown count as zero", () => {
    assert.equal(tokenText({ count: 1200, source: "measured" }), "1.2k");
    assert.equal(tokenText({ count: 1200, source: "estimated" }), "~1.2k");
    assert.equal(tokenText(undefined), "–");
    assert.equal(tokenTitle({ count: 1200, source: "estimated" }), "1,200 estimated");
    assert.equal(tokenTitle(undefined), "unknown");
  });

  it("writes times and costs for people", () => {
    assert.equal(durationText(-5), "0 s");
    assert.equal(durationText(59_999), "59 s");
    assert.equal(durationText(65_000), "1:05 min");
    assert.equal(durationText(7_389_000), "2:03:09 h");
    assert.equal(costText(0), "$0.00");
    assert.equal(costText(0.004), "<\u00a0$0.01");
    assert.equal(costText(1.239), "$1.24");
    assert.equal(plural(1, "file"), "1 file");
    assert.equal(plural(2, "file"), "2 files");
    assert.equal(plural(100_002, "event"), "100,002 events");
  });
});
