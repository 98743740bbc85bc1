import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { diagnose, fileKindOf, parseSource } from "../../../src/language";
import { draft, eventTypes } from "../../../src/engine/event/event";

const root = process.cwd();

function schemaOf(name: string): object {
  return JSON.parse(fs.readFileSync(path.join(root, "schemas", `${name}.schema.json`), "utf8")) as object;
}

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((file) => fileKindOf(file) !== undefined)
    .sort();
}

describe("generated files", () => {
  it("are what the schemas say; `npm run generate` makes them", async function () {
    this.timeout(60_000);
    const { generated } = (await import(path.join(root, "scripts", "generate.mjs"))) as {
      generated: () => Promise<Record<string, string>>;
    };
    for (const [file, text] of Object.entries(await generated())) {
      assert.equal(fs.readFileSync(path.join(root, file), "utf8"), text, file);
    }
  });

  // Their own formats are checked by the zod schemas; a JSON Schema only needs the shape.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const file of filesIn("examples")) {
    it(`let ${file} pass`, () => {
      const source = parseSource(file, fs.readFileSync(path.join(root, file)));
      const validate = ajv.compile(schemaOf(source.kind ?? ""));
      assert.ok(validate(source.value), JSON.stringify(validate.errors));
    });
  }

  for (const file of filesIn("test/golden/language/diagnostics")) {
    it(`agree with the diagnostics on the shape of ${path.basename(file)}`, () => {
      const source = parseSource(file, fs.readFileSync(path.join(root, file)));
      const shape = ["orket/unknown-key", "orket/missing-key", "orket/wrong-type"];
      if (source.kind === undefined || source.problems.length > 0) return;
      const wrong = diagnose(source).filter(({ code }) => shape.includes(code));
      const valid = ajv.compile(schemaOf(source.kind))(source.value);
      if (wrong.length > 0) assert.equal(valid, false, wrong[0]?.message);
    });
  }

  it("tell a line of a journal from anything else", () => {
    const validate = ajv.compile(schemaOf("event"));
    const line = { seq: 0, at: "2026-11-22T10:15:03.000Z", prev: "0".repeat(64) };
    const paused = draft("session_paused", null, { reason: "person", message: "Paused." });
    assert.ok(validate({ ...line, ...paused }), JSON.stringify(validate.errors));
    assert.equal(validate({ ...line, ...paused, type: "session_end" }), false);
    assert.equal(validate({ ...line, ...paused, data: { reason: "weather", message: "" } }), false);
    assert.ok(eventTypes.length > 20);
  });
});
