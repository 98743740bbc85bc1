import assert from "node:assert/strict";
import { stepSection } from "../../../src/engine/model/prompt-text";
import type { Content } from "../../../src/engine/event/content";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { MemorySessionStore } from "../../fakes/memory-session-store";

/** Keeps the parts of every text that is stored by its parts. */
class PartsStore extends MemorySessionStore {
  readonly parts: (readonly string[])[] = [];

  override putText(text: string, parts?: readonly string[]): Content {
    if (parts !== undefined) this.parts.push(parts);
    return super.putText(text);
  }
}

describe("What is asked of a step", () => {
  const node = step("build", "writer");
  const headOf = (parts: readonly string[]): string => stepSection(node, [], parts).join("");

  it("is the same text in whatever parts its instruction comes", () => {
    const whole = headOf(["Do it.\n\n It is late. "]);
    for (const parts of [
      ["Do it.\n\n", " It is late. "],
      ["", " \n", "\tDo it.", "\n\n It is late.", " ", "\n"],
      ["Do it.\n", "\n ", "It is late."],
    ])
      assert.equal(headOf(parts), whole);
  });

  it("has no instruction where its parts are white space", () => {
    assert.equal(headOf([" ", "\n"]), headOf([]));
    assert.equal(headOf([]), headOf([""]));
  });

  it("names an earlier report as a part of its own, which is stored already", async () => {
    const report = "It is built, and nothing is left. ".repeat(40).trim();
    const definition = definitionOf([
      step("plan", "writer"),
      step("build", "writer", {
        instruction: "Build it as planned: {{steps.plan.summary}} Then stop.",
        reads: [],
      }),
    ]);
    const store = new PartsStore(() => 0);
    const state = await harness(definition, () => report, { store }).run();
    assert.equal(state.outcome, "completed", state.pause?.message);
    const parts = store.parts.at(-1) ?? [];
    assert.ok(parts.includes(report), parts.join("|"));
    assert.ok(parts.includes("Build it as planned: "));
    assert.ok(parts.includes(" Then stop."));
  });
});
