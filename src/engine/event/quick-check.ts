import type * as z from "zod";

/** Whether a value is certainly valid. `false` only means that the schema itself must decide. */
export type QuickCheck = (value: unknown) => boolean;

type Def = z.core.$ZodTypes["_zod"]["def"];

const no: QuickCheck = () => false;

/** What a check of a schema says; which fields there are depends on `check`. */
interface CheckDef {
  readonly check: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: unknown;
  readonly inclusive?: boolean;
}

const checksOf = ({ checks = [] }: Def): CheckDef[] => checks.map((check) => check._zod.def as CheckDef);

/** The bounds of a length; undefined when there are other checks. */
function lengths(checks: readonly CheckDef[]): { least: number; most: number } | undefined {
  let least = 0;
  let most = Infinity;
  for (const { check, minimum, maximum } of checks) {
    if (check === "min_length" && minimum !== undefined) least = Math.max(least, minimum);
    else if (check === "max_length" && maximum !== undefined) most = Math.min(most, maximum);
    else return undefined;
  }
  return { least, most };
}

function text(def: Extract<Def, { type: "string" }>, schema: z.core.$ZodType): QuickCheck {
  const checks = checksOf(def);
  const patterns = checks.filter(({ check, format }) => check === "string_format" && format === "regex");
  const bounds = lengths(checks.filter((check) => !patterns.includes(check)));
  // Such as an address: the schema decides about this text alone, and may change it.
  if (bounds === undefined || "format" in def)
    return (value) => typeof value === "string" && keeps(schema, value);
  return (value) =>
    typeof value === "string" &&
    value.length >= bounds.least &&
    value.length <= bounds.most &&
    patterns.every(({ pattern }) => pattern?.test(value) === true);
}

function keeps(schema: z.core.$ZodType, value: unknown): boolean {
  const read = schema._zod.run({ value, issues: [] }, { async: false });
  return !(read instanceof Promise) && read.issues.length === 0 && read.value === value;
}

function number(def: Extract<Def, { type: "number" }>): QuickCheck {
  let integer = (def as { format?: string }).format === "safeint";
  if ("format" in def && !integer) return no;
  let least = -Infinity;
  let most = Infinity;
  let above = -Infinity;
  let below = Infinity;
  for (const { check, format, value: bound, inclusive } of checksOf(def)) {
    if (check === "number_format" && format === "safeint") integer = true;
    else if (typeof bound !== "number") return no;
    else if (check === "greater_than" && inclusive === true) least = Math.max(least, bound);
    else if (check === "greater_than") above = Math.max(above, bound);
    else if (check === "less_than" && inclusive === true) most = Math.min(most, bound);
    else if (check === "less_than") below = Math.min(below, bound);
    else return no;
  }
  return (value) =>
    typeof value === "number" &&
    Number.isFinite(value) &&
    (!integer || Number.isSafeInteger(value)) &&
    value >= least &&
    value <= most &&
    value > above &&
    value < below;
}

/** What a refinement of an object or a list says, once its parts are valid; undefined where it is of another kind. */
function refinements(def: Def): QuickCheck | undefined {
  const checks = (def.checks ?? []) as unknown as readonly z.core.$ZodCheck<unknown>[];
  if (checks.some(({ _zod: { def: own } }) => own.check !== "custom" || own.when !== undefined))
    return undefined;
  return (value) => {
    const read = { value, issues: [] };
    const waits = checks.map((check) => check._zod.check(read)).some((done) => done instanceof Promise);
    return !waits && read.issues.length === 0 && read.value === value;
  };
}

function object(def: Extract<Def, { type: "object" }>): QuickCheck {
  // Only strict objects: any other kind would have to define what happens to unknown keys.
  const isRefined = refinements(def);
  if (def.catchall?._zod.def.type !== "never" || isRefined === undefined) return no;
  const fields = new Map<string, QuickCheck>();
  const required: string[] = [];
  for (const [key, schema] of Object.entries(def.shape)) {
    fields.set(key, quickCheck(schema));
    if (schema._zod.def.type !== "optional") required.push(key);
  }
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const fieldsOf = value as Record<string, unknown>;
    let found = 0;
    for (const key in fieldsOf) {
      const check = fields.get(key);
      if (check === undefined || !check(fieldsOf[key])) return false;
      found += 1;
    }
    return (
      (found === fields.size || required.every((key) => Object.hasOwn(fieldsOf, key))) && isRefined(value)
    );
  };
}

function record(def: Extract<Def, { type: "record" }>): QuickCheck {
  const isRefined = refinements(def);
  if (def.keyType._zod.def.type !== "string" || isRefined === undefined) return no;
  const isKey = quickCheck(def.keyType);
  const check = quickCheck(def.valueType);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    // The schema leaves such a key out.
    if (Object.hasOwn(value, "__proto__")) return false;
    return Object.entries(value).every(([key, item]) => isKey(key) && check(item)) && isRefined(value);
  };
}

const lazies = new WeakMap<z.core.$ZodType, QuickCheck>();

/** A recursive schema is read once, on first use. */
function lazily(schema: z.core.$ZodLazy): QuickCheck {
  return (value) => {
    const inner = schema._zod.innerType;
    let check = lazies.get(inner);
    if (check === undefined) lazies.set(inner, (check = quickCheck(inner)));
    return check(value);
  };
}

/**
 * A function that quickly decides whether parsed JSON is valid by the schema: it takes a third of the schema's own time,
 * which matters when a journal of 100,000 lines is read. It never accepts what the schema rejects; what it does not know
 * it leaves to the schema.
 */
export function quickCheck(schema: z.core.$ZodType): QuickCheck {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return text(def, schema);
    case "number":
      return number(def);
    case "boolean":
      return (value) => typeof value === "boolean";
    case "null":
      return (value) => value === null;
    case "literal": {
      const values = new Set<unknown>(def.values);
      return (value) => values.has(value);
    }
    case "enum": {
      const values = new Set<unknown>(Object.values(def.entries));
      return (value) => values.has(value);
    }
    case "optional": {
      // JSON has no undefined: a field that is present must be valid.
      return quickCheck(def.innerType);
    }
    case "default":
      // An object in which it is missing lacks a field, so that the schema fills it in.
      return quickCheck(def.innerType);
    case "unknown":
      return () => true;
    case "nullable": {
      const inner = quickCheck(def.innerType);
      return (value) => value === null || inner(value);
    }
    case "array": {
      const bounds = lengths(checksOf(def));
      if (bounds === undefined) return no;
      const element = quickCheck(def.element);
      return (value) =>
        Array.isArray(value) &&
        value.length >= bounds.least &&
        value.length <= bounds.most &&
        value.every(element);
    }
    case "union": {
      if (def.checks?.length) return no;
      const options = def.options.map(quickCheck);
      return (value) => options.some((option) => option(value));
    }
    case "object":
      return object(def);
    case "record":
      return record(def);
    case "lazy":
      return lazily(schema as z.core.$ZodLazy);
    default:
      return no;
  }
}
