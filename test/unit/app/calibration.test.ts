import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { keepDensities, rememberedDensities } from "../../../src/app/venue/calibration";
import { definitionOf, step } from "../../fakes/engine-harness";
import { environment, temporaryFolder } from "../../fakes/session";

describe("What servers counted of prompts", () => {
  it("is remembered for the project, and stays as it is when a session measured nothing else", async () => {
    const folder = await temporaryFolder();
    const machine = environment();
    const definition = definitionOf([step("only", "writer")]);
    Object.assign(definition.venue, {
      provider: "ollama",
      endpoint: "http://127.0.0.1:11434",
      model: "small",
    });
    const file = path.join(folder.path, ".orket", "calibration.json");
    try {
      await keepDensities(machine, folder.path, definition, {}, { small: 0.252_219 });
      assert.deepEqual(await rememberedDensities(machine, folder.path, definition), { small: 0.2522 });

      const before = await readFile(file, "utf8");
      // A session that is opened again has the value as it was measured; one that begins, as it is stored.
      for (const known of [0.252_219, 0.2522])
        await keepDensities(machine, folder.path, definition, { small: known }, { small: 0.252_219 });
      assert.equal(await readFile(file, "utf8"), before);

      await keepDensities(machine, folder.path, definition, { small: 0.252_219 }, { small: 0.3 });
      assert.deepEqual(await rememberedDensities(machine, folder.path, definition), { small: 0.3 });
    } finally {
      await folder.remove();
    }
  });
});
