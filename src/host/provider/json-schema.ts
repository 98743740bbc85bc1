/*
 * The part of JSON Schema that descriptions of tools are made of. What is not known here is taken as fitting: the tool
 * checks its input itself, and a model must not be refused for a keyword.
 */

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Problems that are named at most. */
const maxProblems = 5;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

/** What does not fit, a sentence each; empty when it fits. */
export function schemaProblems(value: unknown, schema: unknown): readonly string[] {
  const problems: string[] = [];
  check(value, schema, "", { root: schema, problems, depth: 0 });
  return problems.slice(0, maxProblems);
}

interface Context {
  readonly root: unknown;
  readonly problems: string[];
  readonly depth: number;
}

function check(value: unknown, schema: unknown, at: string, context: Context): void {
  const { problems } = context;
  const where = at === "" ? "The arguments" : `'${at}'`;
  if (schema === false) problems.push(`${where} may not be given.`);
  if (!isObject(schema) || context.depth > 50 || problems.length >= maxProblems) return;
  const deeper = { ...context, depth: context.depth + 1 };
  if (typeof schema["$ref"] === "string") check(value, resolved(schema["$ref"], context.root), at, deeper);

  const allowed = [schema["type"] ?? []]
    .flat()
    .filter((one): one is string => typeof one === "string" && one in types);
  if (allowed.length > 0 && !allowed.some((type) => types[type]?.(value) === true)) {
    problems.push(`${where} must be of the type ${allowed.join(" or ")}.`);
    return;
  }
  if (Array.isArray(schema["enum"]) && !schema["enum"].some((one) => same(one, value))) {
    const values = schema["enum"].map((one) => JSON.stringify(one)).join(", ");
    problems.push(`${where} must be one of ${values}.`);
  }
  if ("const" in schema && !same(schema["const"], value)) {
    problems.push(`${where} must be ${JSON.stringify(schema["const"])}.`);
  }
  if (typeof value === "string")
    checkLength(value.length, schema, ["minLength", "maxLength"], where, problems);
  if (typeof value === "number") checkLength(value, schema, ["minimum", "maximum"], where, problems);
  if (Array.isArray(value)) {
    checkLength(value.length, schema, ["minItems", "maxItems"], where, problems);
    for (const [index, item] of value.entries()) check(item, schema["items"], `${at}[${index}]`, deeper);
  }
  if (isObject(value)) checkObject(value, schema, at, deeper);
  for (const part of listOf(schema["allOf"])) check(value, part, at, deeper);
  for (const key of ["anyOf", "oneOf"]) {
    const choices = listOf(schema[key]);
    const fits = choices.some((choice) => {
      const own: string[] = [];
      check(value, choice, at, { ...deeper, problems: own });
      return own.length === 0;
    });
    if (choices.length > 0 && !fits) problems.push(`${where} fits none of the forms that are allowed.`);
  }
}

function checkObject(value: Schema, schema: Schema, at: string, context: Context): void {
  const { problems } = context;
  const name = (key: string): string => (at === "" ? key : `${at}.${key}`);
  for (const key of listOf(schema["required"])) {
    if (typeof key === "string" && !Object.hasOwn(value, key)) problems.push(`'${name(key)}' is missing.`);
  }
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const others = schema["additionalProperties"];
  for (const [key, item] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) check(item, properties[key], name(key), context);
    else if (schema["patternProperties"] === undefined) check(item, others, name(key), context);
  }
}

function checkLength(
  size: number,
  schema: Schema,
  [min, max]: readonly [string, string],
  where: string,
  problems: string[],
): void {
  const [least, most] = [schema[min], schema[max]];
  if (typeof least === "number" && size < least) problems.push(`${where}: ${min} is ${least}.`);
  if (typeof most === "number" && size > most) problems.push(`${where}: ${max} is ${most}.`);
}

function resolved(ref: string, root: unknown): unknown {
  if (!ref.startsWith("#")) return undefined;
  let found = root;
  for (const part of ref
    .slice(1)
    .split("/")
    .filter((one) => one !== "")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
