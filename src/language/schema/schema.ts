import type * as z from "zod";
import { scoreItemKindOf, scoreItemSchema, scoreItemSchemas } from "../../engine/model/score";
import { fileKinds } from "../text/file-kind";
import type { SourceKind } from "../text/file-kind";
import type { ValuePath } from "../text/tree";

/** Any schema, as a node for traversal. */
export type Schema = z.core.$ZodType;

/** Whether a value is a map in the YAML sense. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema without wrappers that only make it optional or lazy. */
function unwrapSchema(schema: Schema): Schema {
  let inner = schema as z.core.$ZodTypes;
  for (;;) {
    const { def } = inner._zod;
    if (
      def.type === "optional" ||
      def.type === "default" ||
      def.type === "nullable" ||
      def.type === "readonly"
    ) {
      inner = def.innerType as z.core.$ZodTypes;
    } else if (def.type === "lazy") {
      if ((inner as Schema) === scoreItemSchema) return inner;
      inner = def.getter() as z.core.$ZodTypes;
    } else {
      return inner;
    }
  }
}

/** The schema of one entry of a Score, selected by the entry's own key. */
function scoreItemSchemaOf(item: unknown): Schema {
  return scoreItemSchemas[scoreItemKindOf(item)];
}

/** The keys that a map of this schema may have, each with its schema; undefined where any key is allowed. */
export function keysOf(schema: Schema): ReadonlyMap<string, Schema> | undefined {
  const inner = unwrapSchema(schema) as z.core.$ZodTypes;
  const { def } = inner._zod;
  return def.type === "object" ? new Map(Object.entries(def.shape)) : undefined;
}

/** The schema that governs the value at `path` of a file of this kind; `value` decides between alternatives. */
export function schemaAt(kind: SourceKind, path: ValuePath, value: unknown): Schema | undefined {
  let schema: Schema | undefined = fileKinds[kind].schema;
  let here = value;
  for (const part of path) {
    schema = stepInto(resolveItem(schema, here), part);
    if (schema === undefined) return undefined;
    here = isRecord(here) || Array.isArray(here) ? (here as Record<string, unknown>)[part] : undefined;
  }
  return resolveItem(schema, here);
}

function resolveItem(schema: Schema, value: unknown): Schema {
  const inner = unwrapSchema(schema);
  return inner === scoreItemSchema ? scoreItemSchemaOf(value) : inner;
}

function stepInto(schema: Schema, part: string | number): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
    case "record":
      return def.valueType;
    case "array":
      return def.element;
    default:
      return undefined;
  }
}

/** The type of a value of this schema, for display. */
export function describeType(schema: Schema): string {
  const { def } = (unwrapSchema(schema) as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return "text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
    case "lazy":
      return "keys and values";
    case "enum":
      return "one of " + Object.values(def.entries).join(", ");
    case "literal":
      return def.values.join(", ");
    case "union":
      return [...new Set(def.options.map(describeType))].join(" or ");
    default:
      return "a value";
  }
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: ValuePath): unknown {
  let here = value;
  for (const part of path) {
    if (Array.isArray(here)) here = (here as unknown[])[Number(part)];
    else if (isRecord(here) && Object.hasOwn(here, part)) here = here[part];
    else return undefined;
  }
  return here;
}
