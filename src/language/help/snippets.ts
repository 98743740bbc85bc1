import { roleSchema } from "../../engine/model/band";
import { inputSpecSchema } from "../../engine/model/flow";
import { loopSchema, parallelSchema, stepSchema } from "../../engine/model/score";
import { nodeSchema } from "../../engine/model/venue";
import type { Schema } from "../schema/schema";
import { alternatives, unwrapAll } from "../schema/schema-walk";

export interface Snippet {
  readonly name: string;
  readonly detail: string;
  readonly lines: readonly string[];
  /** The same between brackets. */
  readonly inline?: string;
}

const bySchema: readonly (readonly [Schema, Snippet])[] = [
  [
    stepSchema,
    {
      name: "step",
      detail: "A step: a role at work",
      lines: ["id: ${1:id}", "role: ${2:role}", "instruction: |", "  $0"],
      inline: "{ id: ${1:id}, role: ${2:role} }",
    },
  ],
  [
    loopSchema,
    {
      name: "loop",
      detail: "Steps that are repeated until a verdict",
      lines: [
        "loop:",
        "  max: ${1:3}",
        "  until: { step: ${2:review}, verdict: ${3:approve} }",
        "  steps:",
        "    - id: ${4:build}",
        "      role: ${5:coder}",
        "    - id: ${2:review}",
        "      role: ${6:reviewer}",
        "      verdict: [${3:approve}, ${7:request_changes}]",
      ],
    },
  ],
  [
    parallelSchema,
    {
      name: "parallel",
      detail: "Independent steps side by side",
      lines: [
        "parallel:",
        "  steps:",
        "    - { id: ${1:one}, role: ${2:role} }",
        "    - { id: ${3:two}, role: ${4:role} }",
      ],
    },
  ],
  [
    roleSchema,
    {
      name: "role",
      detail: "A role: its prompt and its tools",
      lines: [
        "${1:role}:",
        "  description: ${2:What it does.}",
        "  prompt: |",
        "    ${3:You are …}",
        "  tools: [${4:read_file}]",
      ],
    },
  ],
  [
    nodeSchema,
    {
      name: "node",
      detail: "A machine of the mesh",
      lines: ["name: ${1:name}", "provider: ${2|ollama,openai|}", "endpoint: ${3:http://127.0.0.1:11434}"],
      inline: "{ name: ${1:name}, provider: ${2|ollama,openai|}, endpoint: ${3:http://127.0.0.1:11434} }",
    },
  ],
  [
    inputSpecSchema,
    {
      name: "input",
      detail: "A value asked for when a run starts",
      lines: ["${1:name}:", "  type: ${2|string,number,boolean|}", "  description: ${3:What to enter.}"],
    },
  ],
];

/** Larger pieces that a list or a record of this schema can begin with. */
export function snippetsFor(schema: Schema): Snippet[] {
  return alternatives(schema).flatMap((one) =>
    bySchema.flatMap(([known, snippet]) => (unwrapAll(known).inner === one ? [snippet] : [])),
  );
}
