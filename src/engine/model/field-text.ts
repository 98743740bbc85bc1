import { readField, typeOf } from "./field";
import type { FieldMap, FieldSpec, Json, Reading } from "./field";

/** Whether a value is written with one entry per line: a list of texts, numbers or flags. */
export function isLineList(spec: FieldSpec): boolean {
  return typeOf(spec) === "list" && typeof spec.of !== "object" && spec.of !== "object" && spec.of !== "list";
}

/**
 * What a person typed for a field: empty text is no value, a list has one entry per line (or is JSON), an object is JSON.
 * @param name the field's name in messages.
 */
export function readTyped(name: string, spec: FieldSpec, text: string): Reading {
  return readField(name, spec, typedValue(spec, text));
}

/** What was typed for each field, as an answer to a question carries it; the session checks it. */
export function typedAnswers(
  fields: FieldMap,
  texts: Readonly<Record<string, string>>,
): Record<string, Json> {
  const answers: Record<string, Json> = {};
  for (const [name, spec] of Object.entries(fields)) {
    const value = typedValue(spec, Object.hasOwn(texts, name) ? (texts[name] ?? "") : "");
    if (value !== undefined) answers[name] = value;
  }
  return answers;
}

function typedValue(spec: FieldSpec, text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  const choice = spec.enum?.find((one) => String(one) === text.trim());
  if (choice !== undefined) return choice;
  if (!isLineList(spec) || text.trim().startsWith("[")) return text;
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}

/** What a user is shown about a field besides its name: `a number, at most 5; 3 if left empty`. */
export function fieldHint(spec: FieldSpec): string {
  const type = typeOf(spec);
  const parts: string[] = [];
  if (type === "number") parts.push(spec.max === undefined ? "a number" : `a number, at most ${spec.max}`);
  if (type === "path") parts.push("a path in the project");
  if (isLineList(spec)) parts.push("one entry a line");
  else if (type === "list" || type === "object") parts.push("JSON");
  if (spec.default !== undefined) parts.push(`${JSON.stringify(spec.default)} if left empty`);
  else if (spec.optional === true) parts.push("optional");
  return parts.join("; ");
}
