import assert from "node:assert/strict";
import fc from "fast-check";
import { takeArguments } from "../../../src/engine/agent/arguments";
import { readReply } from "../../../src/engine/agent/reader/read-reply";
import { toolsOfStep } from "../../../src/engine/agent/tool/registry";
import { builtinTools } from "../../../src/engine/model/tools";
import { noExternalTools } from "../../../src/engine/port/external-tools";
import { definitionOf, step } from "../../fakes/engine-harness";

type Parameter = { readonly type?: string; readonly enum?: readonly string[] };

const node = step("build", "writer", { verdict: ["yes", "no"] });
const definition = definitionOf([node]);
Object.assign(definition.band.roles["writer"] ?? {}, { tools: [...builtinTools] });
const tools = toolsOfStep(node, { definition, external: noExternalTools, features: { available: true } });
const readable = tools.map(({ name, parameters }) => ({
  name,
  parameters: Object.keys(parameters["properties"] as object),
}));

const short = fc.stringMatching(/^[a-z0-9][a-z0-9 ._/-]{0,20}[a-z0-9]$/);
const long = fc
  .array(fc.oneof(fc.constantFrom("", "END", "  indented", "PATH: x", "}"), short), {
    minLength: 1,
    maxLength: 4,
  })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

/** A value of the parameter's type, as a model would choose it. */
function valueOf({ type, enum: words }: Parameter): fc.Arbitrary<unknown> {
  if (words !== undefined) return fc.constantFrom(...words);
  switch (type) {
    case "integer":
      return fc.integer({ min: 1, max: 10_000 });
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(short, long);
    default:
      return fc.constant(undefined);
  }
}

function written(tool: string, args: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(args).map(([name, value]) => {
    const key = name.toUpperCase();
    return typeof value === "string" && value.includes("\n")
      ? `${key}:\n${value}END ${key}`
      : `${key}: ${String(value)}`;
  });
  return [`TOOL: ${tool}`, ...lines, "END"].join("\n");
}

describe("the block form of every built-in tool", () => {
  for (const { name, parameters } of tools) {
    const properties = parameters["properties"] as Readonly<Record<string, Parameter>>;
    const simple = Object.entries(properties).filter(
      ([, { type, enum: words }]) =>
        words !== undefined || ["integer", "boolean", "string"].includes(type ?? ""),
    );
    if (simple.length === 0) continue;
    it(`gives ${name} the numbers, flags and texts that were written`, () => {
      const shape = Object.fromEntries(simple.map(([key, parameter]) => [key, valueOf(parameter)]));
      fc.assert(
        fc.property(fc.record(shape, { requiredKeys: [] }), (args) => {
          const { calls, unread } = readReply(written(name, args), {
            tools: readable,
            search: "all",
            askAboutQuotes: true,
          });
          assert.deepEqual(unread, []);
          assert.deepEqual(
            calls.map(({ tool }) => tool),
            [name],
          );
          const taken = takeArguments(JSON.stringify(calls[0]?.args), parameters);
          assert.deepEqual(taken, { ok: true, args: { ...args } });
        }),
        { seed: 5, numRuns: 200 },
      );
    });
  }
});
