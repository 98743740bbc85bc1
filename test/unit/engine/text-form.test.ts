import assert from "node:assert/strict";
import { readReply } from "../../../src/engine/agent/reader/read-reply";
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
    assert.doesNotMatch(text, /edit_file/);
    assert.match(text, /^- set_verdict\(verdict: pass \| fail, reason\?: string\): /m);
  });

  it("says what is in lists, objects and alternatives, and shows how several long texts are written", () => {
    const edit = step("build", "writer");
    const definition = definitionOf([edit]);
    Object.assign(definition.band.roles["writer"] ?? {}, {
      tools: ["edit_file", "update_notes", "write_file"],
    });
    const external = { ...noExternalTools };
    const tools = toolsOfStep(edit, { definition, external, features: { available: true } });
    const text = describeTextTools([
      ...tools,
      {
        name: "vscode:odd",
        description: "Odd.",
        parameters: {
          properties: {
            size: { anyOf: [{ type: "integer" }, { type: "null" }] },
            kind: { type: ["string", "boolean"] },
            any: {},
            many: { type: "array" },
            deep: { type: "array", items: { type: "array", items: { type: "object" } } },
          },
          required: ["size"],
        },
      },
    ]);
    assert.match(
      text,
      /edits\?: list of { old_text: string, new_text: string, replace_all\?: boolean }\): Replaces/,
    );
    assert.match(text, /^- update_notes\(set: object of string \| null\): /m);
    assert.match(text, /^- write_file\(path: string, content: string, executable\?: boolean\): /m);
    assert.ok(
      text.includes(
        "- vscode:odd(size: integer | null, kind?: string | boolean, any?: any, many?: list, deep?: list of list of object): Odd.",
      ),
      text,
    );
    assert.match(text, /^OLD_TEXT:\n.*\nEND OLD_TEXT\nNEW_TEXT:\n.*\nEND NEW_TEXT\nEND$/m);
  });

  it("shows only examples that the reader reads", () => {
    const edit = step("build", "writer");
    const definition = definitionOf([edit]);
    Object.assign(definition.band.roles["writer"] ?? {}, { tools: ["edit_file", "write_file"] });
    const tools = toolsOfStep(edit, { definition, external: noExternalTools, features: { available: true } });
    const readable = tools.map(({ name, parameters }) => ({
      name,
      parameters: Object.keys(parameters["properties"] as object),
    }));
    const text = describeTextTools(tools);
    for (const [example = ""] of text.matchAll(/^TOOL:[\s\S]*?\nEND$/gm)) {
      const { calls, unread } = readReply(example, { tools: readable, search: "all", askAboutQuotes: true });
      assert.deepEqual(unread, []);
      assert.equal(calls.length, 1, example);
    }
  });
});
