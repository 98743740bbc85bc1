import assert from "node:assert/strict";
import { schemaProblems } from "../../../src/host/provider/json-schema";
import { modelsNamed } from "../../../src/host/provider/model-choice";

describe("the check of a tool's arguments", () => {
  const schema = {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1 },
      mode: { enum: ["read", "write"] },
      lines: { type: "array", items: { type: "integer", minimum: 1 }, maxItems: 2 },
      at: { $ref: "#/$defs/place" },
      either: { anyOf: [{ type: "string" }, { type: "null" }] },
    },
    required: ["path"],
    additionalProperties: false,
    $defs: { place: { type: "object", required: ["line"], properties: { line: { type: "number" } } } },
  };

  it("lets through what fits", () => {
    const args = { path: "a", mode: "read", lines: [1, 2], at: { line: 1.5 }, either: null };
    assert.deepEqual(schemaProblems(args, schema), []);
  });

  for (const [args, problem] of [
    [{}, /'path' is missing/],
    [{ path: 1 }, /'path' must be of the type string/],
    [{ path: "" }, /minLength is 1/],
    [{ path: "a", mode: "run" }, /'mode' must be one of "read", "write"/],
    [{ path: "a", lines: [1, 0] }, /'lines\[1\]': minimum is 1/],
    [{ path: "a", lines: [1, 2, 3] }, /maxItems is 2/],
    [{ path: "a", lines: [1.5] }, /type integer/],
    [{ path: "a", at: {} }, /'at.line' is missing/],
    [{ path: "a", either: 3 }, /fits none/],
    [{ path: "a", more: true }, /'more' may not be given/],
    [[], /type object/],
  ] as const) {
    it(`refuses ${JSON.stringify(args)}`, () => {
      assert.match(schemaProblems(args, schema).join("\n"), problem);
    });
  }

  it("takes what it does not know as fitting, and ends on a schema that leads back to itself", () => {
    assert.deepEqual(schemaProblems({ a: 1 }, undefined), []);
    assert.deepEqual(schemaProblems({ a: 1 }, { contentEncoding: "x", type: "strange" }), []);
    assert.deepEqual(schemaProblems({ a: 1 }, { $ref: "#" }), []);
    assert.deepEqual(schemaProblems({ a: 1 }, { $ref: "https://example.com/other.json" }), []);
  });
});

describe("the choice of a model of the editor", () => {
  const model = (vendor: string, id: string, family: string) => ({ vendor, id, family, name: id });
  const models = [model("b", "one", "gpt"), model("a", "two", "gpt"), model("a", "gpt", "other")];

  it("takes the most exact way of naming first", () => {
    assert.deepEqual(modelsNamed(models, "gpt"), [models[2]]);
    assert.deepEqual(modelsNamed(models, "a/gpt"), [models[2]]);
    assert.deepEqual(modelsNamed(models, "b/gpt"), [models[0]]);
    assert.deepEqual(modelsNamed(models, "three"), []);
  });

  it("does not depend on who registered first", () => {
    const same = [model("b", "x", "f"), model("a", "y", "f")];
    assert.deepEqual(modelsNamed(same, "f"), modelsNamed([...same].reverse(), "f"));
  });
});
