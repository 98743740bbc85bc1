import { roleSchema } from "../../engine/model/band";
import { inputSpecSchema } from "../../engine/model/flow";
import { commandSchema } from "../../engine/model/command";
import { conditionSchema } from "../../engine/model/condition";
import { fieldSpecSchema } from "../../engine/model/field";
import {
  acceptSchema,
  askSchema,
  eachSchema,
  loopSchema,
  parallelSchema,
  runSchema,
  sequenceSchema,
  stepSchema,
  useSchema,
} from "../../engine/model/score";
import { nodeSchema } from "../../engine/model/venue";
import type { Schema } from "../schema/schema";
import { alternatives, unwrapAll } from "../schema/schema-walk";
import { providersWhere, providerTable } from "../../engine/model/providers";

const nodeNames = providersWhere("canBeNode", true);
const nodeProviders = nodeNames.join(",");
const nodeEndpoint = nodeNames.map((name) => providerTable[name].defaultEndpoint)[0];

export interface Snippet {
  readonly name: string;
  readonly detail: string;
  readonly lines: readonly string[];
  /** The same in brackets. */
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
    sequenceSchema,
    {
      name: "sequence",
      detail: "Steps that belong together, such as one branch of a parallel group",
      lines: [
        "sequence:",
        "  steps:",
        "    - { id: ${1:one}, role: ${2:role} }",
        "    - { id: ${3:two}, role: ${4:role} }",
      ],
    },
  ],
  [
    eachSchema,
    {
      name: "each",
      detail: "Steps that are performed once per item of a list",
      lines: [
        "each:",
        "  in: { step: ${1:plan}, field: ${2:files} }",
        "  max: ${3:10}",
        "  steps:",
        "    - id: ${4:work}",
        "      role: ${5:coder}",
        "      instruction: |",
        "        ${6:Work on} {{item}}",
      ],
    },
  ],
  [
    runSchema,
    {
      name: "run",
      detail: "A command of the Flow; its verdict is pass, fail or timeout",
      lines: ["id: ${1:tests}", "run: ${2:tests}"],
      inline: "{ id: ${1:tests}, run: ${2:tests} }",
    },
  ],
  [
    askSchema,
    {
      name: "ask",
      detail: "A question to a person",
      lines: ["id: ${1:direction}", "ask: |", "  ${2:Which way?}", "verdict: [${3:go_on}, ${4:stop}]"],
    },
  ],
  [
    acceptSchema,
    {
      name: "accept",
      detail: "Waits until a person has decided about artifacts",
      lines: ["id: ${1:take}", 'accept: ["${2:**}"]'],
      inline: '{ id: ${1:take}, accept: ["${2:**}"] }',
    },
  ],
  [
    useSchema,
    {
      name: "use",
      detail: "Another Score in this place",
      lines: ["id: ${1:part}", "use: ${2:score}", "with:", "  ${3:input}: ${4:value}"],
    },
  ],
  [
    conditionSchema,
    {
      name: "condition",
      detail: "Holds when a step gave a verdict",
      lines: ["step: ${1:review}", "verdict: ${2:approve}"],
      inline: "{ step: ${1:review}, verdict: ${2:approve} }",
    },
  ],
  [
    fieldSpecSchema,
    {
      name: "field",
      detail: "A field: what its value must be",
      lines: [
        "${1:name}:",
        "  type: ${2|string,number,boolean,list,object,path|}",
        "  description: ${3:What it is.}",
      ],
    },
  ],
  [
    commandSchema,
    {
      name: "command",
      detail: "A command that steps and roles may run",
      lines: ["${1:tests}:", "  argv: [${2:npm}, ${3:test}]"],
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
      lines: ["name: ${1:name}", `provider: \${2|${nodeProviders}|}`, `endpoint: \${3:${nodeEndpoint}}`],
      inline: `{ name: \${1:name}, provider: \${2|${nodeProviders}|}, endpoint: \${3:${nodeEndpoint}} }`,
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

/** Larger snippets with which a list or a record of this schema can begin. */
export function snippetsFor(schema: Schema): Snippet[] {
  return alternatives(schema).flatMap((one) =>
    bySchema.flatMap(([known, snippet]) => (unwrapAll(known).inner === one ? [snippet] : [])),
  );
}
