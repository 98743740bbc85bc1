import { readField, textOfJson } from "../../engine/model/field";
import type { FieldSpec } from "../../engine/model/field";
import { inputSpecSchema } from "../../engine/model/flow";
import type { InputSpec, InputValue } from "../../engine/model/flow";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { keySpan, nearestPlace } from "../text/places";
import type { Report } from "../schema/report";
import { keysAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import { defined } from "../../engine/model/defined";

/** What a Flow asks for when a run starts. */
export interface InputDescription {
  readonly name: string;
  readonly type: InputSpec["type"];
  readonly description?: string;
  readonly default?: InputValue;
  readonly enum?: readonly InputValue[];
  /** Has no default, so that a run needs a value. */
  readonly required: boolean;
  /** Requirements on the value beyond its type and choices; absent if there are none. */
  readonly spec?: FieldSpec;
}

/** The inputs of a Flow, in the file's order; those that cannot be read are left out. */
export function listInputs(flow: SourceDocument): InputDescription[] {
  return keysAt(flow, ["inputs"]).flatMap((name) => {
    const spec = inputSpecSchema.safeParse(valueAt(flow.value, ["inputs", name]));
    if (!spec.success) return [];
    const { type, description, default: preset, enum: choices, optional, ...more } = spec.data;
    const isPlain = type in plainTypes && Object.values(more).every((one) => one === undefined);
    return {
      name,
      type,
      ...defined({ description, default: preset, enum: choices }),
      required: preset === undefined && optional !== true,
      ...(isPlain ? {} : { spec: { ...more, type, ...defined({ enum: choices }) } }),
    };
  });
}

/** The inputs for which a run was given values, as far as the values show; choices are only in the Flow's file. */
export function inputsGiven(values: Readonly<Record<string, InputValue>>): InputDescription[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    type: typeof value as InputSpec["type"],
    default: value,
    required: true,
  }));
}

const plainTypes = { string: true, number: true, boolean: true } as const;
const typeNames = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  list: "a list (as JSON)",
  object: "an object (as JSON)",
  path: "a path relative to the project",
} as const;

/** The value of an input from what was given, or a sentence that explains why it cannot have it. */
export function readInput(
  input: InputDescription,
  given: InputValue,
): { readonly value: InputValue } | { readonly problem: string } {
  if (input.spec !== undefined) {
    const read = readField("it", input.spec, given);
    if ("problems" in read)
      return { problem: read.problems.join(" ").replace(/^it /, "it ").replace(/\.$/, "") };
    return { value: read.value ?? "" };
  }
  const value = convert(input.type, given);
  if (value === undefined)
    return { problem: `it must be ${typeNames[input.type]}, not ${quoted(textOfJson(given))}` };
  if (input.enum !== undefined && !input.enum.includes(value)) {
    return {
      problem: `it must be one of ${input.enum.map(textOfJson).join(", ")}, not ${quoted(textOfJson(value))}`,
    };
  }
  return { value };
}

function convert(type: InputSpec["type"], given: InputValue): InputValue | undefined {
  if (typeof given === type) return given;
  if (type === "string") return textOfJson(given);
  if (typeof given !== "string") return undefined;
  const word = given.trim();
  if (type === "number") {
    const number = Number(word);
    return word !== "" && Number.isFinite(number) ? number : undefined;
  }
  return word === "true" ? true : word === "false" ? false : undefined;
}

/** The presets of a Flow's inputs, checked against their own types and choices. */
export function checkInputs(flow: SourceDocument, report: Report): void {
  for (const input of listInputs(flow)) {
    const path = ["inputs", input.name];
    input.enum?.forEach((choice, index) => {
      if (typeof choice === input.type || !(input.type in plainTypes)) return;
      const message = `A choice of the input ${quoted(input.name)} must be ${typeNames[input.type]}, not ${quoted(textOfJson(choice))}.`;
      report.at(flow, [...path, "enum", index], "orket/input-default", message);
    });
    if (input.default === undefined) continue;
    const at = [...path, "default"];
    if (input.spec !== undefined) {
      const read = readInput(input, input.default);
      if ("problem" in read)
        report.at(
          flow,
          at,
          "orket/input-default",
          `The default of the input ${quoted(input.name)}: ${read.problem}.`,
        );
    } else if (typeof input.default !== input.type) {
      const message = `The default of the input ${quoted(input.name)} must be ${typeNames[input.type]}, not ${quoted(textOfJson(input.default))}.`;
      report.at(flow, at, "orket/input-default", message);
    } else if (input.enum !== undefined && !input.enum.includes(input.default)) {
      const message = `The default of the input ${quoted(input.name)} is not one of ${input.enum.map(textOfJson).join(", ")}.`;
      report.at(flow, at, "orket/input-default", message);
    }
  }
}

/** The values of a run's inputs: those given, otherwise the defaults. Problems are the caller's, not the file's. */
export function takeInputs(
  flow: SourceDocument,
  given: Readonly<Record<string, InputValue>>,
  requireAll: boolean,
  report: Report,
): Record<string, InputValue> {
  const inputs = listInputs(flow);
  const names = keysAt(flow, ["inputs"]);
  const values: Record<string, InputValue> = {};
  const place = keySpan(flow, ["inputs"]) ?? nearestPlace(flow, []);
  const origin = "options";
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const known =
      names.length === 0 ? "The Flow has no inputs." : `Its inputs are ${names.slice(0, 20).join(", ")}.`;
    report.span(flow, place, "orket/input-unknown", `The Flow has no input ${quoted(name)}.`, {
      origin,
      hint: near === undefined ? known : `Did you mean ${quoted(near)}?`,
    });
  }
  for (const input of inputs) {
    const value = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
    const span = keySpan(flow, ["inputs", input.name]) ?? place;
    if (value !== undefined) {
      const read = readInput(input, value);
      if ("value" in read) values[input.name] = read.value;
      else
        report.span(flow, span, "orket/input-value", `The input ${quoted(input.name)}: ${read.problem}.`, {
          origin,
        });
    } else if (input.default !== undefined) {
      values[input.name] = input.default;
    } else if (requireAll && input.required) {
      report.span(
        flow,
        span,
        "orket/input-missing",
        `The input ${quoted(input.name)} has no default and was not given.`,
        {
          origin,
          hint: `Give it a value: ${input.name}=…`,
        },
      );
    }
  }
  return values;
}
