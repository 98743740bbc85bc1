import type { ToolSpec } from "../../port/model-provider";

/** How a call is written as text. */
export const textCallForm = 'To use a tool, write one JSON object on its own: {"tool": "NAME", "args": {…}}';

/** Tells a model without native tool calls how to write them. */
export function describeTextTools(tools: readonly ToolSpec[]): string {
  const lines = tools.map((tool) => {
    const properties = Object.keys(tool.parameters["properties"] ?? {});
    return `- ${tool.name}(${properties.join(", ")}): ${tool.description}`;
  });
  return [
    "You can use these tools:",
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
