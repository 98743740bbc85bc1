import assert from "node:assert/strict";
import { parseDefinition } from "../../../src/adapters/journal/parse-definition";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import { definitionWith } from "../../fakes/long-session";

describe("A definition with many steps", () => {
  it("is read as one with few, while others use the thread", async () => {
    const value: unknown = JSON.parse(JSON.stringify(definitionWith(30_000)));
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turn = setImmediate(count);
    };
    let turn = setImmediate(count);
    const read = await parseDefinition(value);
    clearImmediate(turn);

    assert.ok(turns > 1, `${turns} turns`);
    assert.deepEqual(read.data, definitionSchema.parse(value));
  });

  it("is refused for what is wrong in any of them, with its place", async () => {
    const value = definitionWith(700);
    Object.assign(value.score.steps[600] ?? {}, { max_turns: 0 });
    const { error } = await parseDefinition(value);

    assert.deepEqual(error?.issues[0]?.path, ["score", "steps", 600, "max_turns"]);
  });

  it("is refused for what is wrong beside them", async () => {
    const { error } = await parseDefinition({ ...definitionWith(700), format: "other" });

    assert.deepEqual(error?.issues[0]?.path, ["format"]);
  });
});
