/** A call as it appears in a text. `args` as written: an object, or a text that may contain one. */
export interface FoundCall {
  readonly tool: string;
  readonly args: unknown;
}

/** A tool that a call may name, with its parameters in order. */
export interface ReadableTool {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** What a form finds in the text from an offset on. */
export type Found =
  | { readonly kind: "calls"; readonly calls: readonly FoundCall[]; readonly end: number }
  /** It looks like a call and cannot be read. `cut`: the text ends within it. */
  | {
      readonly kind: "broken";
      readonly why: string;
      readonly cut: boolean;
      readonly tool?: string;
      readonly end: number;
    };

const nameKeys = ["tool", "name", "function", "tool_name", "function_name", "action", "recipient_name"];
const argsKeys = [
  "args",
  "arguments",
  "parameters",
  "params",
  "kwargs",
  "input",
  "tool_input",
  "action_input",
  "function_arguments",
];
/** Keys that models put next to a call's arguments; never arguments themselves. */
const beside = new Set([
  "thought",
  "thoughts",
  "reasoning",
  "reason",
  "explanation",
  "id",
  "type",
  "index",
  "call_id",
  "tool_call_id",
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The name without the prefixes and suffixes of some models: `functions.write_file:0`, `default_api.write_file`. */
export function plainName(name: string): string {
  return name
    .trim()
    .replace(/^(?:functions?|default_api|tools?)\./, "")
    .replace(/:\d+$/, "");
}

/**
 * The calls that a JSON value represents; undefined: it is data, not a call. `isKnown` distinguishes names of tools from
 * other words where the value alone is ambiguous.
 */
export function callsOfValue(value: unknown, isKnown: (name: string) => boolean): FoundCall[] | undefined {
  if (Array.isArray(value)) {
    const calls = (value as unknown[]).map((item) => callsOfValue(item, isKnown));
    if (calls.length === 0 || calls.some((item) => item === undefined)) return undefined;
    return calls.flatMap((item) => item ?? []);
  }
  if (!isRecord(value)) return undefined;
  if (Array.isArray(value["tool_calls"])) return callsOfValue(value["tool_calls"], isKnown);
  for (const key of ["function", "function_call", "tool_call", "toolCall"]) {
    if (isRecord(value[key])) return callsOfValue(value[key], isKnown);
  }
  return callOfRecord(value, isKnown) ?? callByOnlyKey(value, isKnown);
}

function callOfRecord(
  value: Record<string, unknown>,
  isKnown: (name: string) => boolean,
): FoundCall[] | undefined {
  const nameKey = nameKeys.find((key) => typeof value[key] === "string");
  if (nameKey === undefined) return undefined;
  const tool = plainName(String(value[nameKey]));
  if (tool === "" || /\s/.test(tool)) return undefined;
  const argsKey = argsKeys.find((key) => Object.hasOwn(value, key));
  if (argsKey !== undefined) {
    const args = value[argsKey];
    // A tool's description, not a call.
    if (isRecord(args) && args["type"] === "object" && isRecord(args["properties"])) return undefined;
    return [{ tool, args: args ?? {} }];
  }
  if (!isKnown(tool)) return undefined;
  // The arguments may be next to the name.
  const rest = Object.entries(value).filter(([key]) => key !== nameKey && !beside.has(key));
  return nameKey === "name" && rest.some(([key]) => key === "description")
    ? undefined
    : [{ tool, args: Object.fromEntries(rest) }];
}

/** `{"write_file": {"path": …}}`. */
function callByOnlyKey(
  value: Record<string, unknown>,
  isKnown: (name: string) => boolean,
): FoundCall[] | undefined {
  const entries = Object.entries(value).filter(([key]) => !beside.has(key));
  const [only] = entries;
  if (entries.length !== 1 || only === undefined || !isKnown(only[0]) || !isRecord(only[1])) return undefined;
  return [{ tool: only[0], args: only[1] }];
}

/** Whether a text that is not JSON was meant as a call: it begins like one and names a tool. */
export function beginsLikeCall(text: string, names: readonly string[]): boolean {
  const head = text.slice(0, 600);
  if (!/^[[{\s]*["']/.test(head)) return false;
  const named =
    /["'](?:tool|name|function|tool_name|function_name|action|recipient_name)["']\s*:\s*["']([\w.:-]+)["']/.exec(
      head,
    );
  if (named !== null && names.includes(plainName(named[1] ?? ""))) return true;
  if (named !== null && /["'](?:args|arguments|parameters)["']\s*:/.test(head)) return true;
  return names.some((name) => new RegExp(`^\\s*\\{\\s*["']${name}["']\\s*:\\s*\\{`).test(head));
}
