import * as z from "zod";
import { matchesWhole, patternProblem } from "./pattern";
import { defined } from "./defined";

/** A JSON value: the content of results, answers and inputs. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export const jsonSchema = z.json() as unknown as z.ZodType<Json>;

export const fieldTypes = ["string", "number", "boolean", "list", "object", "path"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A list's entries or an object's fields: a type, or a map of fields. */
export type FieldContent = FieldType | FieldMap;
export type FieldMap = Readonly<Record<string, FieldSpec>>;

/** What a value must be: the common notation of inputs, results and answers. `{}` is a string. */
export interface FieldSpec {
  readonly type?: FieldType | undefined;
  readonly description?: string | undefined;
  readonly default?: Json | undefined;
  readonly enum?: readonly (string | number | boolean)[] | undefined;
  readonly of?: FieldContent | undefined;
  readonly max?: number | undefined;
  readonly pattern?: string | undefined;
  readonly multiline?: boolean | undefined;
  readonly optional?: boolean | undefined;
}

/** A field's name, as `{{steps.ID.result.FIELD}}` can use it. */
export const fieldNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, {
  error: "use letters, digits, '_' and '-', starting with a letter (64 characters at most)",
});

/** A pattern that can be matched in bounded time. */
export const patternSchema = z
  .string()
  .min(1)
  .max(500)
  .refine((pattern) => patternProblem(pattern) === undefined, {
    error: ({ input }) => `the pattern cannot be used: ${patternProblem(String(input)) ?? ""}`,
  });

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const fieldSpecSchema: z.ZodType<FieldSpec> = z
  .strictObject({
    type: z.enum(fieldTypes).optional().describe("The kind of value: string unless said otherwise."),
    description: z.string().optional().describe("What the value is, for the one who gives it."),
    default: jsonSchema.optional().describe("Used where no value is given."),
    enum: z.array(scalar).min(1).optional().describe("The values that are allowed."),
    get of() {
      return z
        .union([z.enum(fieldTypes), fieldMapSchema])
        .optional()
        .describe(
          "What a list holds or an object has: a type, or a map of fields. A list without it holds strings.",
        );
    },
    max: z
      .number()
      .min(0)
      .optional()
      .describe("Most entries of a list, most characters of a text, or the largest number."),
    pattern: patternSchema
      .optional()
      .describe(
        "A regular expression that the whole text must match: characters, classes, groups, `|` and repetitions; no look-around and no back-references.",
      ),
    multiline: z.boolean().optional().describe("The text may have several lines."),
    optional: z.boolean().optional().describe("The value may be absent."),
  })
  .describe("What a value must be.");

export const fieldMapSchema: z.ZodType<FieldMap> = z.record(
  fieldNameSchema,
  z.lazy(() => fieldSpecSchema),
);

export function typeOf(spec: FieldSpec): FieldType {
  return spec.type ?? "string";
}

export type Reading = { readonly value: Json | undefined } | { readonly problems: readonly string[] };

function named(name: string, what: string): { problems: readonly string[] } {
  return { problems: [`${name} ${what}`] };
}

/**
 * A value converted to the field's type, or a sentence for each error. Accepts what is unambiguous: numbers
 * and flags in quotes, a list or an object as JSON text, null for an optional field.
 * @param name the field's name in messages.
 */
export function readField(name: string, spec: FieldSpec, given: unknown): Reading {
  const value = given === null && spec.optional === true ? undefined : given;
  if (value === undefined) {
    if (spec.default !== undefined) return { value: spec.default };
    return spec.optional === true ? { value: undefined } : named(name, "is missing.");
  }
  const read = readType(name, spec, value);
  if ("problems" in read || spec.enum === undefined) return read;
  const isAllowed = spec.enum.some((choice) => choice === read.value);
  return isAllowed ? read : named(name, `must be one of ${spec.enum.join(", ")}, not ${shown(value)}.`);
}

function readType(name: string, spec: FieldSpec, value: unknown): Reading {
  switch (typeOf(spec)) {
    case "string":
      return readText(name, spec, value);
    case "path":
      return readPath(name, spec, value);
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number))
        return named(name, `must be a number, not ${shown(value)}.`);
      if (spec.max !== undefined && number > spec.max)
        return named(name, `must be at most ${spec.max}, not ${number}.`);
      return { value: number };
    }
    case "boolean": {
      if (typeof value === "boolean") return { value };
      if (value === "true" || value === "false") return { value: value === "true" };
      return named(name, `must be true or false, not ${shown(value)}.`);
    }
    case "list":
      return readList(name, spec, fromText(value));
    case "object": {
      const { of = {} } = spec;
      return typeof of === "string" || Object.keys(of).length === 0
        ? readAny(name, fromText(value))
        : readFields(of, fromText(value), name);
    }
  }
}

function readText(name: string, spec: FieldSpec, value: unknown): Reading {
  const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  // A choice may be a number or a flag even if the type does not say so.
  if (spec.type === undefined && spec.enum?.some((choice) => choice === value) === true)
    return { value: value as Json };
  if (typeof text !== "string") return named(name, `must be text, not ${shown(value)}.`);
  if (spec.max !== undefined && text.length > spec.max)
    return named(name, `may have ${spec.max} characters at most; it has ${text.length}.`);
  if (spec.pattern !== undefined && (text.length > maxPatternText || !matchesWhole(spec.pattern, text)))
    return named(name, `must match ${spec.pattern}; ${shown(text)} does not.`);
  return { value: text };
}

function readPath(name: string, spec: FieldSpec, value: unknown): Reading {
  const read = readText(name, spec, value);
  if ("problems" in read || typeof read.value !== "string") return read;
  const parts = read.value.split("/");
  const isInside =
    read.value !== "" && !/^[A-Za-z]:|\\/.test(read.value) && parts[0] !== "" && !parts.includes("..");
  return isInside
    ? read
    : named(name, `must be a path relative to the project, with '/', not ${shown(value)}.`);
}

function readList(name: string, spec: FieldSpec, value: unknown): Reading {
  if (!Array.isArray(value)) return named(name, `must be a list, not ${shown(value)}.`);
  if (spec.max !== undefined && value.length > spec.max)
    return named(name, `may have ${spec.max} entries at most; it has ${value.length}.`);
  const of: FieldSpec =
    typeof spec.of === "object" ? { type: "object", of: spec.of } : { type: spec.of ?? "string" };
  const problems: string[] = [];
  const entries: Json[] = [];
  value.forEach((entry: unknown, index) => {
    const read = readField(`${name}[${index + 1}]`, of, entry);
    if ("problems" in read) problems.push(...read.problems);
    else if (read.value !== undefined) entries.push(read.value);
  });
  return problems.length > 0 ? { problems } : { value: entries };
}

function readAny(name: string, value: unknown): Reading {
  return isMap(value) ? { value: value as Json } : named(name, `must be an object, not ${shown(value)}.`);
}

/** Reads a map of fields; `name` is its name in messages: "" for the whole. */
export function readFields(fields: FieldMap, value: unknown, name = ""): Reading {
  if (!isMap(value))
    return named(name === "" ? "The result" : name, `must be an object, not ${shown(value)}.`);
  const problems: string[] = [];
  const read: Record<string, Json> = {};
  const called = (key: string): string => (name === "" ? key : `${name}.${key}`);
  for (const key of Object.keys(value))
    if (!Object.hasOwn(fields, key))
      problems.push(`${called(key)} is not asked for; known are ${Object.keys(fields).join(", ")}.`);
  for (const [key, spec] of Object.entries(fields)) {
    const field = readField(called(key), spec, Object.hasOwn(value, key) ? value[key] : undefined);
    if ("problems" in field) problems.push(...field.problems);
    else if (field.value !== undefined) read[key] = field.value;
  }
  return problems.length > 0 ? { problems } : { value: read };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Models, and users on a command line, often write lists and objects as JSON text. */
function fromText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Longest text that a `pattern` is tried on, in characters: patterns come from files, texts from models. */
const maxPatternText = 1000;

/** JSON Schema (draft-7) of a map of fields, for backends and models. */
export function schemaOfFields(fields: FieldMap): Record<string, unknown> {
  return {
    type: "object",
    properties: Object.fromEntries(Object.entries(fields).map(([name, spec]) => [name, schemaOfField(spec)])),
    required: Object.entries(fields).flatMap(([name, { optional, default: preset }]) =>
      optional === true || preset !== undefined ? [] : [name],
    ),
    additionalProperties: false,
  };
}

function schemaOfField(spec: FieldSpec): Record<string, unknown> {
  const { description, max } = spec;
  const more = {
    ...defined({ description }),
    ...(spec.enum === undefined ? {} : { enum: [...spec.enum] }),
  };
  switch (typeOf(spec)) {
    case "string":
    case "path":
      return {
        ...(spec.enum?.some((choice) => typeof choice !== "string") === true ? {} : { type: "string" }),
        ...more,
        ...defined({ maxLength: max }),
        ...(spec.pattern === undefined ? {} : { pattern: `^(?:${spec.pattern})$` }),
      };
    case "number":
      return { type: "number", ...more, ...defined({ maximum: max }) };
    case "boolean":
      return { type: "boolean", ...more };
    case "list": {
      const of = spec.of ?? "string";
      const items = typeof of === "string" ? schemaOfField({ type: of }) : schemaOfFields(of);
      return { type: "array", items, ...more, ...defined({ maxItems: max }) };
    }
    case "object": {
      const of = spec.of ?? {};
      const open = typeof of === "string" || Object.keys(of).length === 0;
      return open ? { type: "object", ...more } : { ...schemaOfFields(of), ...more };
    }
  }
}

/** The fields on one line for a prompt: `files (list of string), risk (low | high)`. */
export function describeFields(fields: FieldMap): string {
  return Object.entries(fields)
    .map(([name, spec]) => `${name} (${describeField(spec)})`)
    .join(", ");
}

function describeField(spec: FieldSpec): string {
  const optional = spec.optional === true || spec.default !== undefined ? ", optional" : "";
  if (spec.enum !== undefined) return `${spec.enum.join(" | ")}${optional}`;
  const type = typeOf(spec);
  const of = spec.of ?? "string";
  if (type === "list") {
    const entries = typeof of === "string" ? of : `{ ${describeFields(of)} }`;
    return `list of ${entries}${spec.max === undefined ? "" : `, ${spec.max} at most`}${optional}`;
  }
  if (type === "object" && typeof of === "object") return `object { ${describeFields(of)} }${optional}`;
  return `${type}${optional}`;
}

/** The value at a path of names: `a.b`; undefined where there is none. */
export function fieldOf(value: Json | undefined, path: string): Json | undefined {
  let here: Json | undefined = value;
  for (const part of path.split(".")) {
    if (typeof here !== "object" || here === null || Array.isArray(here)) return undefined;
    const map = here as { readonly [key: string]: Json };
    here = Object.hasOwn(map, part) ? map[part] : undefined;
  }
  return here;
}

/** A value as it appears in a prompt: text unchanged, anything else as JSON; an absent value is empty text. */
export function textOfJson(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
