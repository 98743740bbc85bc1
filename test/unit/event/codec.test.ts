import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod";
import { decodeLine, encodeEvent, firstPrev } from "../../../src/engine/event/codec";
import { eventData, eventTypes, draft } from "../../../src/engine/event/event";
import type { SessionEvent } from "../../../src/engine/event/event";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import { quickCheck } from "../../../src/engine/event/quick-check";
import { definitionWith } from "../../fakes/long-session";
import { OrketError } from "../../../src/engine/error/orket-error";

const event: SessionEvent = {
  ...draft("notes_updated", "plan", { call_id: "c1", set: { a: "ü\u2028\n", b: null } }),
  seq: 3,
  at: "2026-11-22T10:15:03.123Z",
};

type Place = readonly string[];

/** The place of each value in another, by its keys. */
function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, key]))].filter(
    (place) => place.length > 0,
  );
}

function put(value: unknown, place: Place, given: unknown): void {
  const [last = ""] = place.slice(-1);
  let inner = value as Record<string, unknown>;
  for (const key of place.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[last] = given;
}

/** JSON Schema of a type to values that often are valid, and often only nearly. */
function near(schema: Record<string, unknown>): fc.Arbitrary<unknown> {
  const junk = fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    { text: "x" },
    "f".repeat(64),
  );
  const mostly = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ arbitrary: good, weight: 40 }, { arbitrary: junk, weight: 1 });
  const options = (schema.anyOf ?? schema.oneOf) as Record<string, unknown>[] | undefined;
  if (options) return mostly(fc.oneof(...options.map(near)));
  if ("const" in schema) return mostly(fc.constant(schema.const));
  if (Array.isArray(schema.enum)) return mostly(fc.constantFrom(...(schema.enum as unknown[])));
  switch (schema.type) {
    case "string":
      return mostly(
        schema.pattern === undefined ? fc.string() : fc.constantFrom("a".repeat(64), "0".repeat(64)),
      );
    case "integer":
      return mostly(fc.integer({ min: 0, max: 9 }));
    case "number":
      return mostly(fc.double());
    case "boolean":
      return mostly(fc.boolean());
    case "array":
      return mostly(fc.array(near(schema.items as Record<string, unknown>), { maxLength: 3 }));
    case "object": {
      const properties = schema.properties as Record<string, Record<string, unknown>> | undefined;
      if (!properties) return mostly(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant(null))));
      const fields = Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, near(one)]));
      const requiredKeys = schema.required as string[];
      const good = fc.record(fields, { requiredKeys });
      const fewer = fc.record(fields, { requiredKeys: [] });
      const more = good.map((value) => ({ ...value, extra: 1 }));
      return mostly(
        fc.oneof(
          { arbitrary: good, weight: 20 },
          { arbitrary: fewer, weight: 1 },
          { arbitrary: more, weight: 1 },
        ),
      );
    }
    default:
      return junk;
  }
}

describe("A line of the journal", () => {
  it("is the event and the hash of the line before, and reads back as it was", () => {
    const line = encodeEvent(event, firstPrev);
    assert.deepEqual(Object.keys(JSON.parse(line) as object), ["seq", "at", "type", "step", "data", "prev"]);
    assert.ok(!line.includes("\n"));
    assert.deepEqual(decodeLine(line, 4), { event, prev: firstPrev });
  });

  it("is refused with its number when any part of it is not as it should be", () => {
    const good = JSON.parse(encodeEvent(event, firstPrev)) as Record<string, unknown>;
    const bad: [Record<string, unknown> | string, RegExp][] = [
      ["{", /not JSON/],
      ["[]", /not a JSON object/],
      ["null", /not a JSON object/],
      [{ ...good, seq: 4 }, /seq is 4 and should be 3/],
      [{ ...good, seq: "3" }, /seq/],
      [{ ...good, at: "2026-11-22 10:15" }, /time/],
      [{ ...good, type: 1 }, /type/],
      [{ ...good, step: 1 }, /step/],
      [{ ...good, prev: "x" }, /prev/],
      [{ ...good, data: { call_id: "c1", set: { a: 1 } } }, /data\.set\.a of notes_updated/],
      [{ ...good, data: null }, /data of notes_updated/],
    ];
    for (const [line, message] of bad) {
      assert.throws(
        () => decodeLine(typeof line === "string" ? line : JSON.stringify(line), 4),
        (error) =>
          OrketError.is(error, "journal_damaged") && error.details.line === 4 && message.test(error.message),
        JSON.stringify(line),
      );
    }
  });

  it("of a newer format is unsupported, not damaged", () => {
    const data = { format: 2, engine: "9.0.0" };
    const line = {
      seq: 0,
      at: "2026-11-22T10:15:03.123Z",
      type: "session_start",
      step: null,
      data,
      prev: firstPrev,
    };
    assert.throws(
      () => decodeLine(JSON.stringify(line), 1),
      (error) => OrketError.is(error, "format_unsupported") && /format 2/.test(error.message),
    );
  });
});

describe("The quick check of events", () => {
  for (const type of eventTypes) {
    it(`says of ${type} what the schema says, and knows it whole`, () => {
      const schema = eventData[type];
      const quick = quickCheck(schema);
      let valid = 0;
      fc.assert(
        fc.property(near(z.toJSONSchema(schema)), (value) => {
          const parsed: unknown = JSON.parse(JSON.stringify(value));
          const says = schema.safeParse(parsed).success;
          if (says) valid += 1;
          assert.equal(quick(parsed), says);
        }),
        { numRuns: 500, seed: 7 },
      );
      assert.ok(valid > 20, `only ${valid} of 500 were valid`);
    });
  }

  it("knows a definition whole, and accepts none that the schema refuses or changes", () => {
    const quick = quickCheck(definitionSchema);
    const whole = definitionWith(3);
    assert.ok(quick(JSON.parse(JSON.stringify(whole))));
    const places = placesIn(whole);
    assert.ok(places.length > 50, String(places.length));
    const junk = [
      undefined,
      null,
      true,
      0,
      -1,
      1.5,
      "",
      "x",
      "a b",
      [],
      {},
      { a: "x" },
      [""],
      { "a b": "x" },
      "x".repeat(1000),
    ];
    for (const place of places) {
      for (const value of junk) {
        const changed = structuredClone(whole) as unknown;
        put(changed, place, value);
        const parsed: unknown = JSON.parse(JSON.stringify(changed));
        if (quick(parsed))
          assert.deepEqual(
            definitionSchema.safeParse(parsed).data,
            parsed,
            `${place.join(".")} ${JSON.stringify(value)}`,
          );
      }
    }
  });

  it("leaves to the schema what it does not know", () => {
    assert.equal(quickCheck(z.string().refine((text) => text !== "x"))("short enough"), true);
    assert.equal(quickCheck(z.string().refine((text) => text !== "x"))("x"), false);
    assert.equal(quickCheck(z.string().trim())(" changed "), false);
    assert.equal(quickCheck(z.object({ a: z.string() }))({ a: "x" }), false);
    assert.equal(quickCheck(z.number().multipleOf(3))(3), false);
    assert.equal(quickCheck(z.string().transform(Number))("1"), false);
    assert.equal(quickCheck(z.array(z.string()).refine(() => true))([]), false);
    const filled = quickCheck(z.strictObject({ a: z.string().default("x") }));
    assert.deepEqual([filled({}), filled({ a: "y" })], [false, true]);
    const keyed = quickCheck(z.record(z.string(), z.string()));
    assert.deepEqual([keyed({ a: "b" }), keyed(JSON.parse('{"__proto__":"b"}'))], [true, false]);
  });
});
