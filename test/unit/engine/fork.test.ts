import assert from "node:assert/strict";
import { OrketError } from "../../../src/engine/error/orket-error";
import { callSettings } from "../../../src/engine/model/definition";
import type { Definition } from "../../../src/engine/model/definition";
import type { SessionEvent } from "../../../src/engine/event/event";
import { stepsOf } from "../../../src/engine/model/plan";
import { changeDefinition, sharedEvents } from "../../../src/engine/history/fork";
import type { ForkChanges } from "../../../src/engine/history/fork";
import { stepIdOf, stepKey } from "../../../src/engine/state/place";
import { definitionOf, step } from "../../fakes/engine-harness";

describe("the changes of a fork", () => {
  function definition(): Definition {
    const made = definitionOf([step("plan", "writer"), step("check", "reviewer")], {
      inputs: { language: "python" },
      limits: { total_tokens: 1000, model_calls: 9 },
    });
    made.venue.model = "big";
    made.venue.roles = { reviewer: { model: "wise", temperature: 0.1 } };
    return made;
  }

  const models = (changes: ForkChanges): string[] => {
    const changed = changeDefinition(definition(), changes);
    return ["writer", "reviewer"].map((role) => callSettings(changed, role).model);
  };

  it("give another model to every role, or to one", () => {
    assert.deepEqual(models({}), ["big", "wise"]);
    assert.deepEqual(models({ model: "small" }), ["small", "small"]);
    assert.deepEqual(models({ models: { reviewer: "small" } }), ["big", "small"]);
    assert.deepEqual(models({ model: "small", models: { writer: "tiny" } }), ["tiny", "small"]);
    const { venue } = changeDefinition(definition(), { models: { reviewer: "small" } });
    assert.deepEqual(venue.roles["reviewer"], { model: "small", temperature: 0.1 });
  });

  it("leave the session's own definition as it was", () => {
    const own = definition();
    const before = JSON.stringify(own);
    changeDefinition(own, {
      task: "Another task.",
      inputs: { language: "rust" },
      limits: { total_tokens: undefined },
      models: { writer: "tiny" },
      prompts: { writer: "Write." },
      instructions: { plan: "Plan {{inputs.language}}." },
      roles: { check: "writer" },
    });
    assert.equal(JSON.stringify(own), before);
  });

  it("are refused, with what there is, when they name what is not there", () => {
    const refusals: readonly (readonly [ForkChanges, RegExp, RegExp?])[] = [
      [{ roles: { check: "nobody" } }, /There is no role nobody/, /writer, reviewer/],
      [{ models: { nobody: "x" } }, /There is no role nobody/],
      [{ prompts: { nobody: "x" } }, /There is no role nobody/],
      [{ instructions: { nothing: "x" } }, /There is no step nothing/, /plan, check/],
      [
        { instructions: { plan: "In {{inputs.tongue}}." } },
        /The new instruction of plan has \{\{inputs\.tongue\}\}: There is no input tongue/,
        /There are: language/,
      ],
      [
        { prompts: { writer: "After {{steps.paln.summary}}" } },
        /prompt of writer has .*There is no step paln/,
      ],
      [{ instructions: { plan: "{{inputs.language" } }, /The new instruction of plan: /],
    ];
    for (const [changes, message, hint] of refusals) {
      assert.throws(
        () => changeDefinition(definition(), changes),
        (error: unknown) => {
          assert.ok(OrketError.is(error, "command_refused"));
          assert.match(error.message, message);
          if (hint !== undefined) assert.match(error.hint ?? "", hint);
          return true;
        },
      );
    }
  });
});

describe("the step of a fork", () => {
  const keys = ["plan", stepKey("build", [1]), stepKey("build", [2]), stepKey("build-all", [2, 1])];
  const events = [null, ...keys].map((key, at): SessionEvent => ({
    seq: at + 1,
    at: new Date(at).toISOString(),
    step: key,
    type: "step_start",
    data: { id: stepIdOf(key ?? ""), role: "r", attempt: 1 },
  }));
  const shared = (at: string): number => sharedEvents(events, at).length;

  it("is named by the key of a run, or by its id for the first run", () => {
    assert.deepEqual(keys.map(stepIdOf), ["plan", "build", "build", "build-all"]);
    assert.deepEqual(keys.map(shared), [1, 2, 3, 4]);
    assert.deepEqual(["build", "build-all"].map(shared), [2, 4]);
  });

  it("is refused, with those that there are, when it is none that has begun", () => {
    for (const at of ["buil", "build#3", "build#", "plan#1"]) {
      assert.throws(
        () => shared(at),
        (error: unknown) =>
          OrketError.is(error, "command_refused") && /plan, build#1, build#2/.test(error.hint ?? ""),
      );
    }
  });

  it("is found in loops and groups", () => {
    const a = step("a", "r");
    const loop = { kind: "loop" as const, max: 2, body: [step("b", "r")] };
    const group = {
      kind: "parallel" as const,
      branches: [step("c", "r"), { ...loop, body: [step("d", "r")] }],
    };
    assert.deepEqual(
      stepsOf([a, loop, group]).map(({ id }) => id),
      ["a", "b", "c", "d"],
    );
  });
});
