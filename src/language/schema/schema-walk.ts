import * as z from "zod";
import { fileKinds } from "../text/file-kind";
import type { SourceKind } from "../text/file-kind";
import type { Schema } from "./schema";
import type { ValuePath } from "../text/tree";

type AnySchema = z.core.$ZodTypes;

interface Wrapped {
  readonly inner: Schema;
  readonly description: string | undefined;
  /** The value when the key is absent; undefined when there is none. */
  readonly preset: unknown;
  readonly optional: boolean;
}

const wrapped = new WeakMap<Schema, Wrapped>();

/** A schema without its wrappers, and the information in them. */
export function unwrapAll(schema: Schema): Wrapped {
  const known = wrapped.get(schema);
  if (known !== undefined) return known;
  let here = schema as AnySchema;
  let description: string | undefined;
  let preset: unknown;
  let optional = false;
  for (;;) {
    description ??= z.globalRegistry.get(here)?.description;
    const { def } = here._zod;
    if (def.type === "optional" || def.type === "nullable" || def.type === "readonly") {
      optional ||= def.type === "optional";
      here = def.innerType as AnySchema;
    } else if (def.type === "default") {
      preset = def.defaultValue;
      optional = true;
      here = def.innerType as AnySchema;
    } else if (def.type === "lazy") {
      here = def.getter() as AnySchema;
    } else break;
  }
  const result = { inner: here, description, preset, optional };
  wrapped.set(schema, result);
  return result;
}

function defOf(schema: Schema): AnySchema["_zod"]["def"] {
  return (unwrapAll(schema).inner as AnySchema)._zod.def;
}

/** The schema itself, or its alternatives, without wrappers. */
export function alternatives(schema: Schema): readonly Schema[] {
  const { inner } = unwrapAll(schema);
  const { def } = (inner as AnySchema)._zod;
  return def.type === "union" ? def.options.flatMap(alternatives) : [inner];
}

/** The schemas that can govern the value at a path; the keys on the way decide between alternatives. */
export function schemasAt(kind: SourceKind, path: ValuePath): readonly Schema[] {
  let schemas: readonly Schema[] = [fileKinds[kind].schema];
  for (const part of path) {
    schemas = schemas.flatMap(alternatives).flatMap((schema): Schema[] => {
      const { def } = (schema as AnySchema)._zod;
      if (def.type === "object") {
        const next = Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
        return next === undefined ? [] : [next];
      }
      if (def.type === "record") return typeof part === "string" ? [def.valueType] : [];
      return def.type === "array" && typeof part === "number" ? [def.element] : [];
    });
  }
  return schemas;
}

export interface KeyInfo {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The keys that can be added to a map; alternatives that the present keys rule out are excluded. */
export function missingKeys(schemas: readonly Schema[], present: readonly string[]): KeyInfo[] {
  const keys = new Map<string, KeyInfo>();
  let fitting = 0;
  for (const schema of schemas.flatMap(alternatives)) {
    const { def } = (schema as AnySchema)._zod;
    if (def.type !== "object") continue;
    const own = Object.entries(def.shape);
    const known = present.filter((key) => Object.hasOwn(def.shape, key));
    const others = schemas.flatMap(alternatives).some((other) => {
      const shape = shapeOf(other);
      return other !== schema && shape !== undefined && present.some((key) => Object.hasOwn(shape, key));
    });
    if (known.length === 0 && others) continue;
    for (const [name, inner] of own) {
      if (present.includes(name) || keys.has(name)) continue;
      keys.set(name, { name, schema: inner, required: !unwrapAll(inner).optional });
    }
    fitting++;
  }
  // Where one of several shapes is not determined yet, no key is required.
  if (fitting > 1) return [...keys.values()].map((key) => ({ ...key, required: false }));
  return [...keys.values()];
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { def } = (schema as AnySchema)._zod;
  return def.type === "object" ? def.shape : undefined;
}

/** The values that a schema lists: enum values, literals, true and false. */
export function choicesOf(schema: Schema): (string | number | boolean)[] {
  return alternatives(schema).flatMap((one): (string | number | boolean)[] => {
    const { def } = (one as AnySchema)._zod;
    if (def.type === "enum") return Object.values(def.entries);
    if (def.type === "literal") return def.values.filter((value) => value != null).map(plain);
    return def.type === "boolean" ? [true, false] : [];
  });
}

function plain(value: unknown): string | number | boolean {
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

/** The parts of the value of a key, for writing it. */
export function shapeKind(schema: Schema): "map" | "record" | "maps" | "list" | "scalar" {
  const { def } = (alternatives(schema)[0] as AnySchema)._zod;
  if (def.type === "object") return "map";
  if (def.type === "record") return "record";
  if (def.type !== "array") return "scalar";
  const element = defOf(alternatives(def.element)[0] ?? def.element);
  return element.type === "object" ? "maps" : "list";
}

/** The schema of a list's entries or a record's values. */
export function elementOf(schema: Schema): Schema | undefined {
  const def = defOf(schema);
  return def.type === "array" ? def.element : def.type === "record" ? def.valueType : undefined;
}
