import assert from "node:assert/strict";
import fc from "fast-check";
import { LateList } from "../../../src/engine/state/late-list";
import { PersistentList } from "../../../src/engine/state/persistent-list";
import { fromPieces, toPieces } from "../../../src/adapters/journal/json-pieces";

const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(""));

/** A list that is longer than a piece, or not, of what another arbitrary gives. */
const longOrShort = (element: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.array(element, { maxLength: 3 }), fc.constantFrom(0, 1, 256, 257, 600))
    .map(([some, length]) => Array.from({ length }, (_, index) => some[index % 3] ?? index));

const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.jsonValue({ maxDepth: 1 }),
    longOrShort(tie("any")),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "places", "rest", "0")), tie("any"), {
      maxKeys: 4,
    }),
  ),
})).any;

describe("A value in pieces of JSON", () => {
  it("is read as it was, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(value, async (whole) => {
        const plain: unknown = JSON.parse(JSON.stringify(whole));
        assert.deepEqual(await fromPieces(bytesOf([...toPieces(plain)])), plain);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it("has lists that are read by and by, where that was asked for", async () => {
    const elements = Array.from({ length: 700 }, (_, index) => ({ index }));
    const plain = { a: { long: elements, short: [1], other: elements }, b: elements.slice(0, 300) };
    const places = new Set(["a.long", "a.short", "b"]);
    const read = (await fromPieces(bytesOf([...toPieces(plain)]), places)) as typeof plain;
    assert.ok(read.a.long instanceof LateList && read.b instanceof LateList);
    assert.deepEqual({ a: { ...read.a, long: [...read.a.long] }, b: [...read.b] }, plain);
    assert.deepEqual([read.a.long.length, read.b.length], [700, 300]);
    const list = PersistentList.fromLate(read.a.long as LateList<{ index: number }>);
    assert.deepEqual(list.slice(), elements);
    assert.deepEqual(
      [0, 63, 64, 255, 256, 699, 700, -1].map((index) => list.at(index)?.index),
      [0, 63, 64, 255, 256, 699, undefined, undefined],
    );
    const grown = list.push({ index: 700 }).set(300, { index: -1 });
    assert.deepEqual(grown.slice(), [...elements.with(300, { index: -1 }), { index: 700 }]);
    assert.deepEqual(list.slice(), elements);
  });

  it("has no line with more than a part of a long list", () => {
    const lines = [
      ...toPieces({ steps: Array.from({ length: 1000 }, (_, index) => ({ index })), a: { b: [1] } }),
    ];
    assert.deepEqual(
      lines.map((line) => line.length < 6000 && JSON.parse(line) !== undefined),
      Array.from({ length: 5 }, () => true),
    );
  });

  it("is refused when a line of it is missing or cut off", async () => {
    const lines = [...toPieces({ steps: Array.from({ length: 1000 }, (_, index) => index) })];
    await assert.rejects(fromPieces(bytesOf(lines.slice(1))));
    await assert.rejects(fromPieces(bytesOf(lines).subarray(0, -1)));
    await assert.rejects(fromPieces(bytesOf(["[]", ...lines])));
  });
});
