import type { ToolSpec } from "../../port/model-provider";

/** A tool call found in a reply's text. */
export interface TextToolCall {
  readonly tool: string;
  /** JSON text of the arguments. */
  readonly argsJson: string;
}

/** Tells a model without native tool calls how to write them. */
export function describeTextTools(tools: readonly ToolSpec[]): string {
  const lines = tools.map((tool) => {
    return `- ${tool.name}(${argumentsOf(tool).join(", ")}): ${tool.description}`;
  });
  return [
    "You can use these tools (an argument with ? can be left out):",
    ...lines,
    "",
    'To use a tool, write one JSON object on its own: {"tool": "NAME", "args": {…}}',
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

/** `path: string`, `start_line?: integer`: each argument with its type, and whether it is needed. */
function argumentsOf({ parameters }: ToolSpec): string[] {
  const required = parameters["required"];
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  const properties = (parameters["properties"] ?? {}) as Record<string, { type?: unknown; enum?: unknown }>;
  return Object.entries(properties).map(([name, { type, enum: words }]) => {
    const what = Array.isArray(words) ? words.join(" | ") : typeof type === "string" ? type : "any";
    return `${name}${isRequired(name) ? "" : "?"}: ${what}`;
  });
}

/**
 * Finds tool calls in a reply: JSON objects with a `tool` key, and `TOOL:` blocks, in the order in which they stand.
 * Names outside `known` are left as text, so that prose about JSON is not a call.
 */
export function findTextToolCalls(text: string, known: ReadonlySet<string>): TextToolCall[] {
  const found = [...findBlocks(text), ...findObjects(text)].filter(({ call }) => known.has(call.tool));
  found.sort((a, b) => a.start - b.start);
  const calls: TextToolCall[] = [];
  let end = 0;
  for (const item of found) {
    if (item.start < end) continue;
    calls.push(item.call);
    end = item.end;
  }
  return calls;
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly call: TextToolCall;
}

/** How often a reply may be read in search of the ends of objects: text that opens many and closes none is no call. */
const mostReadings = 16;

function findObjects(text: string): Found[] {
  const found: Found[] = [];
  let left = mostReadings * text.length;
  const opening = /\{\s*"(?:tool|args)"\s*:/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const end = endOfObject(text, match.index);
    left -= (end ?? text.length) - match.index;
    if (left < 0) break;
    if (end === undefined) continue;
    const call = readCall(text.slice(match.index, end));
    if (call === undefined) continue;
    found.push({ start: match.index, end, call });
    opening.lastIndex = end;
  }
  return found;
}

function readCall(json: string): TextToolCall | undefined {
  try {
    const value = JSON.parse(json) as Record<string, unknown>;
    const { tool, args } = value;
    if (typeof tool !== "string") return undefined;
    return { tool, argsJson: JSON.stringify(args ?? {}) };
  } catch {
    return undefined;
  }
}

/** The offset behind the object that opens at `start`, or undefined when it does not close. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return undefined;
}

function findBlocks(text: string): Found[] {
  const found: Found[] = [];
  const opening = /^[ \t]*TOOL:[ \t]*(\S+)[ \t]*\r?$/gm;
  const starts: { start: number; bodyStart: number; tool: string }[] = [];
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    starts.push({ start: match.index, bodyStart: match.index + match[0].length + 1, tool: match[1] ?? "" });
  }
  starts.forEach(({ start, bodyStart, tool }, number) => {
    const limit = starts[number + 1]?.start ?? text.length;
    const body = text.slice(bodyStart, limit);
    const { args, length } = readBlock(body);
    found.push({
      start,
      end: Math.min(bodyStart + length, limit),
      call: { tool, argsJson: JSON.stringify(args) },
    });
  });
  return found;
}

/** Reads `NAME: value` lines; a name with nothing behind it takes all lines up to `END`. */
function readBlock(body: string): { args: Record<string, string>; length: number } {
  const args: Record<string, string> = {};
  const lines = body.split("\n");
  let length = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? "").replace(/\r$/, "");
    const field = /^[ \t]*([A-Z][A-Z_]*):[ \t]*(.*)$/.exec(line);
    if (line.trim() === "END") return { args, length: length + line.length };
    if (field === null) return { args, length };
    length += line.length + 1;
    const name = (field[1] ?? "").toLowerCase();
    if (field[2] !== "") {
      args[name] = field[2] ?? "";
      continue;
    }
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((other) => other.trim() === "END");
    const value = (end < 0 ? rest : rest.slice(0, end)).join("\n");
    args[name] = withoutFence(end < 0 ? value.trimEnd() + "\n" : value + "\n");
    return { args, length: length + value.length + 4 };
  }
  return { args, length };
}

/** Models like to wrap a file in a Markdown fence; the fence is not part of the file. */
function withoutFence(text: string): string {
  return /^\s*```[^\n]*\n([\s\S]*?\n)```\s*$/.exec(text)?.[1] ?? text;
}
