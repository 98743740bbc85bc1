import assert from "node:assert/strict";
import {
  alignColumns,
  formatCount,
  formatDuration,
  formatTokens,
  formatUsd,
} from "../../../src/cli/text/format";
import { safeLine, safeText } from "../../../src/cli/text/safe";
import { cutToWidth, displayWidth, wrapText } from "../../../src/cli/text/width";
import { wideWidth } from "../../../src/cli/text/wide-text";
import { groupedExactly } from "../../../src/engine/model/grouped";

describe("text for a terminal", () => {
  it("shows control characters instead of sending them", () => {
    assert.equal(safeText("a\u001b[31mred\u001b[0m\u0007"), "a␛[31mred␛[0m␇");
    assert.equal(safeText("\u009b2J\u007f"), "\ufffd2J␡");
    assert.equal(safeText("over\rwritten"), "over␍written");
  });

  it("keeps lines and tabs, and takes Windows line ends for line ends", () => {
    assert.equal(safeText("a\r\n\tb\n"), "a\n\tb\n");
  });

  it("takes the power from marks that turn text around", () => {
    assert.equal(safeText("a\u202eb\u2066c"), "a\ufffdb\ufffdc");
  });

  it("leaves every other text as it is", () => {
    const text = "Grüße, 数学 — “quoted” 👩‍💻 e\u0301";
    assert.equal(safeText(text), text);
  });

  it("becomes one line", () => {
    assert.equal(safeLine(" a\n\tb\u2028c "), "a b\ufffdc");
  });
});

describe("widths", () => {
  it("count wide characters twice and marks not at all", () => {
    assert.equal(displayWidth("abc"), 3);
    assert.equal(displayWidth("数学"), 4);
    assert.equal(displayWidth("e\u0301"), 1);
    assert.equal(displayWidth("🚀"), 2);
  });

  it("are those of the tables also where the tables are not loaded", () => {
    for (let code = 0x20; code < 0x3000; code += 1) {
      const character = String.fromCharCode(code);
      // Alone, a mark that belongs to the character before it has no width that could be compared.
      if (/\p{M}|\p{C}/u.test(character)) continue;
      assert.equal(displayWidth(character), wideWidth(character), `U+${code.toString(16)}`);
    }
  });

  it("cut to what fits, with an ellipsis", () => {
    assert.equal(cutToWidth("abcdef", 6), "abcdef");
    assert.equal(cutToWidth("abcdefg", 6), "abcde…");
    assert.ok(displayWidth(cutToWidth("数学数学", 6)) <= 6);
    assert.equal(cutToWidth("abc", 0), "");
  });

  it("wrap without losing a word, and break what is too long", () => {
    assert.deepEqual(wrapText("one two three", 9), ["one two", "three"]);
    assert.deepEqual(wrapText("  one two", 8), ["  one", "  two"]);
    assert.deepEqual(wrapText("abcdefghijklmnopqrs", 10), ["abcdefghij", "klmnopqrs"]);
    assert.deepEqual(wrapText("a\n\nb", 20), ["a", "", "b"]);
  });
});

describe("numbers for people", () => {
  it("mark estimates, and never show an unknown count as zero", () => {
    assert.equal(formatCount({ count: 1234, source: "measured" }), "1,234");
    assert.equal(formatCount({ count: 1234, source: "estimated" }), "~1,234");
    assert.equal(formatCount({ count: 0, source: "measured" }), "0");
    assert.equal(formatCount(undefined), "–");
    assert.equal(formatTokens({}), "–");
    assert.equal(formatTokens({ output: { count: 7, source: "estimated" } }), "– in, ~7 out");
    assert.equal(formatUsd(undefined), "–");
  });

  it("are written the same on every machine", () => {
    assert.equal(groupedExactly(1234567), "1,234,567");
    assert.equal(groupedExactly(0.5), "0.5");
    assert.equal(formatUsd(0.01234), "$0.0123");
    assert.equal(formatUsd(2), "$2.00");
    assert.deepEqual([40, 1500, 61_000, 3_661_000].map(formatDuration), [
      "40 ms",
      "1.5 s",
      "1 min 1 s",
      "1 h 1 min",
    ]);
  });

  it("stand in columns, wide characters too", () => {
    assert.deepEqual(
      alignColumns([
        ["a", "b"],
        ["数学", "d"],
      ]),
      ["a     b", "数学  d"],
    );
  });
});
