/*
 * `npm run generate`: the JSON Schemas, docs/formats.md and the tools' parameters, from the engine's own schemas. Written
 * text is in scripts/formats.mjs. `generated()` returns the files without writing them; a test compares them with the committed ones.
 */
import { createRequire } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { formatsPage } from "./formats.mjs";

const root = path.resolve(import.meta.dirname, "..");
const require = createRequire(import.meta.url);
require(path.join(root, "scripts", "transpile-hook.cjs"));
const z = require("zod");
const { fileKinds } = require(path.join(root, "src/language/text/file-kind.ts"));
const { definitionSchema } = require(path.join(root, "src/engine/model/definition-schema.ts"));
const { eventData } = require(path.join(root, "src/engine/event/event.ts"));
const { toolRegistry } = require(path.join(root, "src/engine/agent/tool/registry.ts"));
const { placeholderForms } = require(path.join(root, "src/engine/model/template.ts"));

const draft7 = (schema) => z.toJSONSchema(schema, { target: "draft-7", io: "input" });

/** The journal's lines: the fields of every line, and the data of each type. */
function eventsSchema() {
  const definitions = {};
  const lines = Object.entries(eventData).map(([type, schema]) => {
    const { definitions: inner = {}, ...data } = draft7(schema);
    delete data.$schema;
    Object.assign(definitions, inner);
    return { properties: { type: { const: type }, data } };
  });
  const common = {
    seq: { type: "integer", minimum: 0, description: "Place in the journal, from 0, without a gap." },
    at: { type: "string", description: "UTC, ISO 8601 with milliseconds." },
    type: { enum: Object.keys(eventData) },
    step: {
      type: ["string", "null"],
      description: "The step's run, such as build#2; null for what is about the session.",
    },
    data: { type: "object" },
    prev: { type: "string", description: "SHA-256 of the line before, in hexadecimal." },
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Orket session event",
    description: "One line of a session's journal.jsonl.",
    type: "object",
    properties: common,
    required: ["seq", "at", "type", "step", "data", "prev"],
    additionalProperties: false,
    oneOf: lines,
    ...(Object.keys(definitions).length === 0 ? {} : { definitions }),
  };
}

function schemaFiles() {
  const files = {};
  for (const [kind, { label, schema }] of Object.entries(fileKinds)) {
    files[`schemas/${kind}.schema.json`] = { title: `Orket ${label}`, ...draft7(schema) };
  }
  files["schemas/definition.schema.json"] = { title: "Orket definition.json", ...draft7(definitionSchema) };
  files["schemas/event.schema.json"] = eventsSchema();
  return files;
}

/** What a model is told about the arguments of each tool. */
function toolParameters() {
  const parameters = mapValues(toolRegistry, ({ args }) => {
    const schema = draft7(args);
    delete schema.$schema;
    return schema;
  });
  return `// Written by \`npm run generate\`.
import type { BuiltinTool } from "../../model/tools";

/** The arguments of each tool as a JSON Schema: at the start of a run, deriving them takes as long as reading the Flow's files. */
export const toolParameters: Readonly<Record<BuiltinTool, Readonly<Record<string, unknown>>>> = ${JSON.stringify(parameters)};
`;
}

/** Every generated file with its text. */
export async function generated() {
  const prettier = await import("prettier");
  const schemas = schemaFiles();
  const page = formatsPage({
    schemas,
    fileKinds,
    tools: mapValues(toolRegistry, ({ args, ...facts }) => ({ ...facts, schema: draft7(args) })),
    placeholderForms,
    eventData: mapValues(eventData, draft7),
  });
  const texts = {
    ...mapValues(schemas, (schema) => JSON.stringify(schema, null, 2)),
    "docs/formats.md": page,
    "src/engine/agent/tool/parameters.ts": toolParameters(),
  };
  const files = {};
  for (const [file, text] of Object.entries(texts)) {
    if (file.endsWith(".json")) {
      files[file] = `${text}\n`;
      continue;
    }
    const options = { ...(await prettier.resolveConfig(path.join(root, file))), filepath: file };
    files[file] = await prettier.format(text, options);
  }
  return files;
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

async function write() {
  for (const [file, text] of Object.entries(await generated())) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
}

// Not awaited: a test loads this module from CommonJS.
if (import.meta.filename === path.resolve(process.argv[1] ?? "")) void write();
