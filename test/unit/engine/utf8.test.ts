import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8Length } from "../../../src/engine/model/utf8";

/** Units around every border of the encoding, and any others: pairs come about, and halves that stand alone. */
const unit = fc.oneof(
  fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff),
  fc.integer({ min: 0, max: 0xffff }),
);

describe("the length of a text in UTF-8", () => {
  it("is what Node's Buffer makes of it, whatever stands in the text", () => {
    const texts = fc.array(unit, { maxLength: 12 }).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(utf8Length(text), Buffer.byteLength(text, "utf8"));
      }),
      { numRuns: 5000 },
    );
  });

  it("counts half a pair that stands alone as U+FFFD, as TextEncoder does", () => {
    for (const text of ["\ud800", "\udfff", "\udc00\ud800", "\ud800é", "\ud800\ud800\udc00", "🎉"]) {
      assert.equal(utf8Length(text), new TextEncoder().encode(text).length, JSON.stringify(text));
    }
  });
});
