import type * as z from "zod";

/** Whether a value is certainly valid. `false` only means that the schema itself must decide. */
export type QuickCheck = (value: unknown) => boolean;

type Def = z.core.$ZodTypes["_zod"]["def"];

const no: QuickCheck = () => false;

function text(def: Extract<Def, { type: "string" }>): QuickCheck {
  const patterns: RegExp[] = [];
  let least = 0;
  for (const check of def.checks ?? []) {
    const own = check._zod.def as { check: string; format?: string; pattern?: RegExp; minimum?: number };
    if (own.check === "min_length" && own.minimum !== undefined) {
      least = Math.max(least, own.minimum);
      continue;
    }
    if (own.check !== "string_format" || own.format !== "regex" || !own.pattern) return no;
    patterns.push(own.pattern);
  }
  return (value) =>
    typeof value === "string" && value.length >= least && patterns.every((pattern) => pattern.test(value));
}

function number(def: Extract<Def, { type: "number" }>): QuickCheck {
  let integer = (def as { format?: string }).format === "safeint";
  if ("format" in def && !integer) return no;
  let least = -Infinity;
  for (const check of def.checks ?? []) {
    const own = check._zod.def as { check: string; format?: string; value?: unknown; inclusive?: boolean };
    if (own.check === "number_format" && own.format === "safeint") integer = true;
    else if (own.check === "greater_than" && own.inclusive === true && typeof own.value === "number") {
      least = Math.max(least, own.value);
    } else return no;
  }
  return (value) =>
    typeof value === "number" &&
    Number.isFinite(value) &&
    value >= least &&
    (!integer || Number.isSafeInteger(value));
}

function object(def: Extract<Def, { type: "object" }>): QuickCheck {
  // Only strict objects: any other kind would have to define what happens to unknown keys.
  if (def.catchall?._zod.def.type !== "never" || def.checks?.length) return no;
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
    if (found === fields.size) return true;
    return required.every((key) => Object.hasOwn(fieldsOf, key));
  };
}

function record(def: Extract<Def, { type: "record" }>): QuickCheck {
  const key = def.keyType._zod.def;
  if (key.type !== "string" || key.checks?.length || def.checks?.length) return no;
  const check = quickCheck(def.valueType);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    for (const item of Object.values(value)) if (!check(item)) return false;
    return true;
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
      return text(def);
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
    case "nullable": {
      const inner = quickCheck(def.innerType);
      return (value) => value === null || inner(value);
    }
    case "array": {
      if (def.checks?.length) return no;
      const element = quickCheck(def.element);
      return (value) => Array.isArray(value) && value.every(element);
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
