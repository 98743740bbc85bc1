import { LooseProblem, parseLoose, readLooseJson, skipSpace } from "./reader/loose-json";
import { entryOf } from "../model/entry-of";

type Json = Readonly<Record<string, unknown>>;

/** A call's arguments as the tool takes them, or why they cannot be used. */
export type TakenArguments =
  | { readonly ok: true; readonly args: unknown }
  | {
      readonly ok: false;
      /** What is wrong, as the end of a sentence. */
      readonly why: string;
      /** The text ends within the arguments. */
      readonly cut: boolean;
    };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How many levels of JSON within JSON are unwrapped. */
const mostEncodings = 3;

/**
 * Reads a call's arguments as models write them, where the meaning is unambiguous: JSON with the slips that
 * `readLooseJson` allows, encoded twice, numbers and flags in quotes, null for what is optional, an object where a JSON
 * text is expected, and keys that the tool does not know.
 * @param parameters JSON Schema of the arguments: an object schema.
 */
export function takeArguments(text: string, parameters: Json): TakenArguments {
  const parsed = parseArguments(text);
  return parsed.ok ? { ok: true, args: fitted(parsed.args, parameters) } : parsed;
}

function parseArguments(text: string): TakenArguments {
  let current: unknown = text;
  for (let times = 0; times < mostEncodings && typeof current === "string"; times += 1) {
    if (current.trim() === "") return { ok: true, args: {} };
    const parsed = parseLoose(unfenced(current));
    if (parsed === undefined) return problemOf(current);
    current = parsed.value;
  }
  if (current === null) return { ok: true, args: {} };
  return isRecord(current)
    ? { ok: true, args: current }
    : { ok: false, why: "they are not one JSON object", cut: false };
}

const unfenced = (text: string): string => /^\s*```(?:json)?\n([\s\S]*)\n```\s*$/.exec(text)?.[1] ?? text;

function problemOf(text: string): TakenArguments {
  try {
    const start = skipSpace(text, 0);
    const { end } = readLooseJson(text, start);
    const rest = text.slice(end).trim();
    return {
      ok: false,
      why: `something stands behind the JSON object: ${JSON.stringify(rest.slice(0, 40))}`,
      cut: false,
    };
  } catch (error) {
    if (!(error instanceof LooseProblem)) throw error;
    return { ok: false, why: `${error.message} at character ${error.at + 1}`, cut: error.cut };
  }
}

/** Argument names that models use instead of those of the built-in tools. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  path: ["file_path", "filepath", "file", "filename", "file_name", "dir_path", "directory"],
  content: ["contents", "text", "file_content", "file_text"],
  old_text: ["old_string", "old_str", "search"],
  new_text: ["new_string", "new_str", "replace"],
  query: ["pattern", "search", "text"],
};

function fitted(value: unknown, schema: Json): unknown {
  if (!isRecord(value) || !isRecord(schema["properties"])) return value;
  const properties = schema["properties"];
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  const strict = schema["additionalProperties"] === false;
  const args: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const wanted = entryOf(properties, key);
    if (wanted === undefined) {
      // A placeholder for a call that was left out of the prompt: copying it is a mistake, which the tool reports.
      if (!strict || key === "left_out") args[key] = item;
      continue;
    }
    if (item === null && !required.includes(key) && !allows(wanted, "null")) continue;
    args[key] = fit(item, wanted);
  }
  for (const name of Object.keys(properties)) {
    if (Object.hasOwn(args, name)) continue;
    const given = (entryOf(otherNames, name) ?? []).filter(
      (other) => Object.hasOwn(value, other) && !Object.hasOwn(properties, other),
    );
    if (given.length === 1 && given[0] !== undefined)
      args[name] = fit(entryOf(value, given[0]), entryOf(properties, name));
  }
  return args;
}

function typesOf(schema: unknown): readonly unknown[] {
  if (!isRecord(schema)) return [];
  if (Array.isArray(schema["anyOf"])) return (schema["anyOf"] as unknown[]).flatMap(typesOf);
  return Array.isArray(schema["type"]) ? (schema["type"] as unknown[]) : [schema["type"]];
}

const allows = (schema: unknown, type: string): boolean => typesOf(schema).includes(type);

/** One value as its schema requires it; unchanged where that would be a guess. */
function fit(value: unknown, schema: unknown): unknown {
  const types = typesOf(schema);
  if (types.length === 0 || types.includes(undefined)) return value;
  if (typeof value === "string" && !types.includes("string")) return fromText(value, types, schema);
  if (types.includes("string") && types.length === 1 && typeof value === "object" && value !== null)
    return `${JSON.stringify(value, null, 2)}\n`;
  if (types.includes("string") && types.length === 1 && typeof value !== "string" && value !== null)
    return JSON.stringify(value);
  if (typeof value === "number" && types.includes("integer") && Number.isInteger(value)) return value;
  if (isRecord(value) && isRecord(schema) && types.includes("object")) return fittedMap(value, schema);
  return value;
}

/** A map's values by their schema; an object's fields by theirs. */
function fittedMap(value: Record<string, unknown>, schema: Record<string, unknown>): unknown {
  if (isRecord(schema["properties"])) return fitted(value, schema);
  const values = schema["additionalProperties"];
  if (!isRecord(values)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fit(item, values)]));
}

function fromText(value: string, types: readonly unknown[], schema: unknown): unknown {
  const text = value.trim();
  if (types.includes("boolean")) {
    if (/^true$/i.test(text)) return true;
    if (/^false$/i.test(text)) return false;
  }
  if ((types.includes("integer") || types.includes("number")) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (types.includes("null") && /^(null|none|)$/i.test(text)) return null;
  if (types.includes("object") || types.includes("array")) {
    const parsed = parseLoose(text)?.value;
    if (types.includes("array") && Array.isArray(parsed)) return parsed;
    if (types.includes("object") && isRecord(parsed)) return fit(parsed, schema);
  }
  return value;
}
