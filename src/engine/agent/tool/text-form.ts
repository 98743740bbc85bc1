import type { ToolSpec } from "../../port/model-provider";

/** How a call is written as text. */
export const textCallForm = 'To use a tool, write one JSON object on its own: {"tool": "NAME", "args": {…}}';

/** Explains to a model without native tool calls how to write them. */
export function describeTextTools(tools: readonly ToolSpec[]): string {
  const lines = tools.map((tool) => {
    return `- ${tool.name}(${argumentsOf(tool).join(", ")}): ${tool.description}`;
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
    "",
    "The results come in the next message. When you are done, answer in plain text without a tool.",
  ].join("\n");
}

/** `path: string`, `start_line?: integer`: each argument with its type, and whether it is required. */
function argumentsOf({ parameters }: ToolSpec): string[] {
  const required = parameters["required"];
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  const properties = (parameters["properties"] ?? {}) as Record<string, { type?: unknown; enum?: unknown }>;
  return Object.entries(properties).map(([name, { type, enum: words }]) => {
    const what = Array.isArray(words) ? words.join(" | ") : typeof type === "string" ? type : "any";
    return `${name}${isRequired(name) ? "" : "?"}: ${what}`;
  });
}
