import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyFilter, keyPattern, shortestKey } from "../../../src/adapters/provider/http/key-filter";
import { contentRedactor, redactor } from "../../../src/adapters/provider/http/redact";

const hide = (text: string, key: string): string => contentRedactor(key)(text);

/** Keys as `keyFor` lets them through: printable, without blanks. */
const key = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."aB3-_sk"), minLength: shortestKey, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'ab%+/="\\&.$'), minLength: shortestKey, maxLength: 30 }),
);
const writings: readonly ((key: string) => string)[] = [
  (text) => text,
  (text) => `Bearer ${text}`,
  (text) => JSON.stringify({ authorization: text }),
  (text) => JSON.stringify(text).replaceAll("/", "\\/"),
  encodeURIComponent,
  (text) => new URLSearchParams({ key: `?${text}`, [text]: "x" }).toString(),
  (text) => Buffer.from(`Bearer ${text}`).toString("base64"),
  (text) => Buffer.from(`user:${text}\n`).toString("base64"),
  (text) => Buffer.from(`x:${text}`).toString("base64url"),
];
/** A key, and a text in which it and its beginnings stand among other things. */
const scene = key.chain((one) =>
  fc.record({
    key: fc.constant(one),
    parts: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.string({ maxLength: 12 }) },
        { weight: 2, arbitrary: fc.constantFrom(...writings).map((write) => write(one)) },
        { weight: 2, arbitrary: fc.nat(one.length).map((length) => one.slice(0, length)) },
        { weight: 1, arbitrary: fc.nat(one.length).map((length) => one.slice(length)) },
      ),
      { maxLength: 8 },
    ),
    cuts: fc.array(fc.nat(400), { maxLength: 12 }),
  }),
);

describe("A key in what a server says", () => {
  it("is taken out in every spelling", () => {
    fc.assert(
      fc.property(key, fc.constantFrom(...writings), fc.string(), (one, write, around) => {
        const said = hide(around + write(one) + around, one);
        assert(said.includes("[key]"), said);
        assert(!said.includes(one));
        const decoded = Buffer.from(said.replace(/[^A-Za-z0-9+/_-]/g, ""), "base64").toString("latin1");
        assert(!decoded.includes(one) || hide(around, one) !== around);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("is taken out wherever the pieces are cut, as from the whole text", () => {
    fc.assert(
      fc.property(scene, ({ key: one, parts, cuts }) => {
        const text = parts.join("");
        const pattern = keyPattern(one);
        assert(pattern !== undefined);
        const filter = new KeyFilter(pattern);
        const places = [0, ...cuts.map((place) => place % (text.length + 1)), text.length].sort(
          (a, b) => a - b,
        );
        const shown = places.slice(1).map((end, index) => filter.push(text.slice(places[index], end)));
        assert.equal(shown.join("") + filter.rest(), hide(text, one));
        // What was shown on the way never held it either, whatever a broken connection leaves.
        assert(!shown.join("").includes(one.slice(0, Math.max(shortestKey, Math.ceil(one.length / 2)))));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it("leaves every other text as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
        assert.equal(hide(text, "sk-7f3a91c4e2b8d605"), text);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("is shown as soon as it cannot be the key any more", () => {
    const pattern = keyPattern("sk-7f3a91c4e2b8d605");
    assert(pattern !== undefined);
    const filter = new KeyFilter(pattern);
    assert.equal(filter.push("The desk"), "The de");
    assert.equal(filter.push("-"), "");
    assert.equal(filter.push("lamp"), "sk-lamp");
  });

  it("is taken out when it was cut by half or less, and a shorter piece opens nothing", () => {
    const one = "sk-7f3a91c4e2b8d605";
    assert.equal(hide(`key ${one}, ${one.slice(0, -1)}.`, one), "key [key], [key].");
    assert.equal(hide(`key ${one.slice(0, 10)}`, one), "key [key]");
    assert.equal(hide(`key ${one.slice(0, 10)}…`, one), "key [key]…");
    assert.equal(hide("key sk-7f3a", one), "key sk-7f3a");
  });

  it("leaves JSON what it is", () => {
    fc.assert(
      fc.property(key, fc.array(fc.string({ maxLength: 12 })), (one, parts) => {
        // No service puts what JSON must escape into a key.
        fc.pre(!/["\\]/.test(one));
        const text = JSON.stringify({ path: parts.join(one), headers: parts.map((part) => part + one) });
        const clean = hide(text, one);
        assert.doesNotThrow(() => JSON.parse(clean), clean);
        assert(parts.length === 0 || clean.includes("[key]"));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("stays in a reply when it is so short that it may be a word, and goes from messages anyway", () => {
    assert.equal(keyPattern("ollama"), undefined);
    assert.equal(hide("Install ollama.", "ollama"), "Install ollama.");
    assert.equal(redactor("ollama")("wrong key ollama"), "wrong key [key]");
    assert.equal(redactor("")("wrong key"), "wrong key");
  });

  it("takes time that grows with the text, not with its square", () => {
    const one = "sk-7f3a91c4e2b8d605";
    const half = one.slice(0, 10);
    // A square of this would not end today.
    const text = `${half}.`.repeat(200_000);
    assert.equal(hide(text, one), "[key].".repeat(200_000));
    const pattern = keyPattern(one);
    assert(pattern !== undefined);
    assert.equal(new KeyFilter(pattern).push(text), "[key].".repeat(200_000));
  });
});
