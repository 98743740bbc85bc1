import assert from "node:assert/strict";
import { describeTextTools } from "../../../src/engine/agent/tool/text-form";
import { toolsOfStep } from "../../../src/engine/agent/tool/registry";
import { noExternalTools } from "../../../src/engine/port/external-tools";
import { step } from "../../fakes/engine-harness";

describe("The list of tools for models without native calls", () => {
  it("says the type of each argument, and which can be left out", () => {
    const tools = toolsOfStep(
      ["read_file", "set_verdict"],
      step("review", "reviewer", { verdict: ["pass", "fail"] }),
      { external: noExternalTools, commands: undefined, features: { available: true } },
    );
    const text = describeTextTools(tools);
    assert.match(text, /^- read_file\(path: string, start_line\?: integer, end_line\?: integer\): Reads/m);
    assert.match(text, /^- set_verdict\(verdict: pass \| fail, reason\?: string\): /m);
  });
});
