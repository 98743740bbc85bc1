import { parseTemplate, placeholderText } from "./template";
import type { Placeholder } from "./template";

/** Longest value that may be used as an argument, in characters. */
const maxArgumentLength = 4096;

/** An entry of `argv`: a text, a placeholder that is the whole entry, or a sentence about what is wrong with it. */
export type Argument =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "placeholder"; readonly placeholder: Placeholder }
  | { readonly kind: "problem"; readonly message: string };

/** Kinds of placeholders whose values can be typed and bounded; free text never becomes an argument. */
const typed: ReadonlySet<string> = new Set(["input", "result", "item"]);

/** Reads an entry of `argv`. The caller checks what may fill the placeholder: it knows the declarations. */
export function readArgument(entry: string): Argument {
  const { segments, problems } = parseTemplate(entry);
  const [problem] = problems;
  if (problem !== undefined) return { kind: "problem", message: problem.message };
  const [first] = segments;
  if (segments.every(({ kind }) => kind === "text")) {
    return {
      kind: "text",
      text: segments.map((segment) => ("text" in segment ? segment.text : "")).join(""),
    };
  }
  if (segments.length > 1 || first?.kind !== "placeholder") {
    return {
      kind: "problem",
      message: `A placeholder must be a whole argument: split '${entry.slice(0, 60)}', or give the text by 'env' or 'stdin'.`,
    };
  }
  if (!typed.has(first.placeholder.kind)) {
    const name = placeholderText(first.placeholder);
    return {
      kind: "problem",
      message: `${name} is free text and cannot be an argument: give it by 'stdin' or 'env'.`,
    };
  }
  return { kind: "placeholder", placeholder: first.placeholder };
}

/**
 * Why a value cannot be an argument; undefined when it can. Checked when the command starts, whatever its
 * declaration allowed: an argument that begins with `-` would be an option.
 */
function argumentProblem(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    return "it is neither text, a number, true nor false";
  const text = String(value);
  if (text === "") return "it is empty";
  if (text.startsWith("-")) return "it begins with '-' and would be an option";
  if (text.length > maxArgumentLength) return `it has more than ${maxArgumentLength} characters`;
  if (/[\u0000-\u001f\u007f]/.test(text)) return "it holds a control character";
  return undefined;
}

/** The first entry that has a value only within a session: a result, or an item of a list. */
export function sessionArgument(argv: readonly string[]): string | undefined {
  return argv.find((entry) => {
    const argument = readArgument(entry);
    return argument.kind === "placeholder" && argument.placeholder.kind !== "input";
  });
}

/** The argument list of a command, or a sentence about the first invalid argument. */
export type ResolvedArgv = { readonly argv: readonly string[] } | { readonly problem: string };

/**
 * Fills the placeholders of `argv`. `lookup` returns the typed value of a placeholder, undefined where it has none; the
 * value becomes exactly one argument, never expanded again and never split.
 */
export function resolveArgv(
  argv: readonly string[],
  lookup: (placeholder: Placeholder) => unknown,
): ResolvedArgv {
  const resolved: string[] = [];
  for (const entry of argv) {
    const argument = readArgument(entry);
    if (argument.kind === "problem") return { problem: argument.message };
    if (argument.kind === "text") {
      resolved.push(argument.text);
      continue;
    }
    const value = lookup(argument.placeholder);
    const name = placeholderText(argument.placeholder);
    if (value === undefined) return { problem: `${name} has no value here.` };
    const why = argumentProblem(value);
    if (why !== undefined) return { problem: `${name} cannot be an argument: ${why}.` };
    resolved.push(`${value as string | number | boolean}`);
  }
  return { argv: resolved };
}
