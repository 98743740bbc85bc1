import assert from "node:assert/strict";
import { StepDirectory } from "../../../src/app/panel/step-facts";
import { initialState } from "../../../src/engine/state/state";
import { viewSession } from "../../../src/engine/view/session-view";
import type { StepView } from "../../../src/engine/view/session-view";
import { maxStepChoices } from "../../../src/protocol/session-panel";
import { definitionWith } from "../../fakes/long-session";

const state = initialState(definitionWith(1));

function directoryOf(
  keys: readonly (readonly [key: string, role: string, status?: StepView["status"]])[],
): StepDirectory {
  const steps = keys.map(([key, role, status = "done"]): StepView => ({
    key,
    id: key.replace(/#.*/, ""),
    role,
    status,
    attempt: 1,
    turns: 1,
    tokens: {},
  }));
  return new StepDirectory(state, { ...viewSession(state), steps });
}

describe("the steps of a session that can be chosen", () => {
  it("are found by part of their name, all runs of one together first", () => {
    const directory = directoryOf([
      ["plan", "architect"],
      ["build#1", "coder"],
      ["build#2", "coder"],
      ["later", "coder", "planned"],
    ]);

    assert.deepEqual(directory.matching("BUI"), {
      choices: [
        { value: "build", about: "all 2 runs" },
        { value: "build#1", about: "coder" },
        { value: "build#2", about: "coder" },
      ],
      more: 0,
    });
    assert.deepEqual(
      directory.matching("").choices.map(({ value }) => value),
      ["build", "plan", "build#1", "build#2"],
    );
  });

  it("are bounded in a session of ten thousand, and the others are counted", () => {
    const directory = directoryOf(
      Array.from({ length: 10_001 }, (_, index) => [`s${index}`, "writer"] as const),
    );
    const { choices, more } = directory.matching("s");

    assert.deepEqual([choices.length, more], [maxStepChoices, 10_001 - maxStepChoices]);
    assert.deepEqual(
      directory.matching("s9999").choices.map(({ value }) => value),
      ["s9999"],
    );
  });

  it("have roles, those of the Band first, and only those that have begun a step", () => {
    const directory = directoryOf([
      ["check", "command tests"],
      ["s0", "writer"],
      ["later", "nobody", "planned"],
    ]);

    assert.deepEqual(directory.roles, ["writer", "command tests"]);
    assert.equal(directory.factsOf("s0")?.role, "writer");
    assert.equal(directory.factsOf("later"), undefined);
  });
});
