import type { ToolSpec } from "../../port/model-provider";

/** How a call is written as text. */
export const textCallForm = 'To use a tool, write one JSON object on its own: {"tool": "NAME", "args": {…}}';

/** Explains to a model without native tool calls how to write them. */
export function describeTextTools(tools: readonly ToolSpec[]): string {
  const lines = tools.map((tool) => {
    return `- ${tool.name}(${argumentsOf(tool.parameters).join(", ")}): ${tool.description}`;
  });
  return [
    "You can use these tools (an argument with ? can be left out):",
    ...lines,
    "",
    textCallForm,
    "To write a file you can also write:",
    "TOOL: write_file",
    "PATH: the/path",
    "CONTENT:",
    "the whole content of the file",
    "END",
    ...(tools.some(({ name }) => name === "edit_file") ? severalTexts : []),
    "",
    "The results come in the next message. When you are done, answer in plain text without a tool.",
  ].join("\n");
}

/** The block form with more than one long text. */
const severalTexts = [
  "Every tool can be written this way: a number or true behind the colon, and several long texts, each with its own END:",
  "TOOL: edit_file",
  "PATH: the/path",
  "OLD_TEXT:",
  "the lines to replace",
  "END OLD_TEXT",
  "NEW_TEXT:",
  "the lines that stand there instead",
  "END NEW_TEXT",
  "END",
];

interface Schema {
  readonly type?: unknown;
  readonly enum?: unknown;
  readonly anyOf?: unknown;
  readonly items?: unknown;
  readonly properties?: unknown;
  readonly required?: unknown;
  readonly additionalProperties?: unknown;
}

const asSchema = (value: unknown): Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** How deep the parts of an argument are described. */
const maxDepth = 3;

/** `path: string`, `start_line?: integer`: each argument with its type, and whether it is required. */
function argumentsOf({ properties, required }: Schema, depth = 0): string[] {
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  return Object.entries(asSchema(properties) as Record<string, unknown>).map(
    ([name, schema]) => `${name}${isRequired(name) ? "" : "?"}: ${typeText(asSchema(schema), depth)}`,
  );
}

/** A type in words, from its JSON Schema: `list of { old_text: string, new_text: string }`. */
function typeText(schema: Schema, depth: number): string {
  const { anyOf, enum: words, type } = schema;
  if (Array.isArray(words)) return words.map(String).join(" | ");
  const kinds: readonly Schema[] = Array.isArray(anyOf)
    ? anyOf.map(asSchema)
    : Array.isArray(type)
      ? type.map((one: unknown) => ({ ...schema, type: one }))
      : [];
  if (kinds.length > 0) return [...new Set(kinds.map((one) => typeText(one, depth)))].join(" | ");
  if (type === "array") {
    const items = typeText(asSchema(schema.items), depth + 1);
    return items === "any" ? "list" : `list of ${items}`;
  }
  if (type === "object") return objectText(schema, depth);
  return typeof type === "string" ? type : "any";
}

function objectText(schema: Schema, depth: number): string {
  const fields = depth < maxDepth ? argumentsOf(schema, depth + 1) : [];
  if (fields.length > 0) return `{ ${fields.join(", ")} }`;
  const values = typeText(asSchema(schema.additionalProperties), depth + 1);
  return values === "any" ? "object" : `object of ${values}`;
}
