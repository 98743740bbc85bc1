import assert from "node:assert/strict";
import { describeTextTools } from "../../../src/engine/agent/tool/text-form";
import { toolsOfStep } from "../../../src/engine/agent/tool/registry";
import { noExternalTools } from "../../../src/engine/port/external-tools";
import { definitionOf, step } from "../../fakes/engine-harness";

describe("The list of tools for models without native calls", () => {
  it("says the type of each argument, and which can be left out", () => {
    const review = step("review", "reviewer", { verdict: ["pass", "fail"] });
    const definition = definitionOf([review]);
    Object.assign(definition.band.roles["reviewer"] ?? {}, { tools: ["read_file", "set_verdict"] });
    const tools = toolsOfStep(review, {
      definition,
      external: noExternalTools,
      features: { available: true },
    });
    const text = describeTextTools(tools);
    assert.match(text, /^- read_file\(path: string, start_line\?: integer, end_line\?: integer\): Reads/m);
    assert.match(text, /^- set_verdict\(verdict: pass \| fail, reason\?: string\): /m);
  });
});
