import type { NamedKind, SourceKind } from "../text/file-kind";
import { scoreViewOf, pathId } from "./score-view";
import { textAt } from "./read";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** What a name in a definition file can refer to. */
export type Entity =
  NamedKind | "role" | "step" | "field" | "input" | "note" | "verdict" | "artifact" | "command" | "node";

/** Which kind of file an entity belongs to; names of files belong to the project. */
export const entityOwner: Readonly<Record<Entity, SourceKind | "project">> = {
  flow: "project",
  band: "project",
  venue: "project",
  score: "project",
  role: "band",
  step: "score",
  verdict: "score",
  artifact: "score",
  field: "score",
  command: "flow",
  input: "flow",
  note: "flow",
  node: "venue",
};

/** The meaning of a value or a key beyond its type. */
export type Meaning =
  | { readonly is: "definition" | "reference"; readonly entity: Entity }
  /** The path of another definition file. */
  | { readonly is: "file"; readonly kind: SourceKind }
  /** `compared`: the value that a condition compares with. */
  | {
      readonly is:
        "folder" | "instructions" | "skill" | "tool" | "model" | "secret" | "template" | "task" | "compared";
    };

export interface Field {
  /** Path in the file: `*` is any one part; `@`, at the beginning, an entry of a Score within any groups. */
  readonly at: string;
  readonly on: "key" | "value";
  readonly meaning: Meaning;
  /** For names with a limited scope: the name of that scope. */
  readonly scope?: (source: SourceDocument, path: ValuePath) => string | undefined;
}

const named = (entity: NamedKind): Field => ({
  at: "name",
  on: "value",
  meaning: { is: "definition", entity },
});
const refers = (at: string, entity: Entity, on: Field["on"] = "value"): Field => ({
  at,
  on,
  meaning: { is: "reference", entity },
});
const defines = (at: string, entity: Entity, on: Field["on"] = "value"): Field => ({
  at,
  on,
  meaning: { is: "definition", entity },
});
const is = (
  at: string,
  what: "folder" | "instructions" | "skill" | "tool" | "model" | "secret" | "template" | "task" | "compared",
): Field => ({
  at,
  on: "value",
  meaning: { is: what },
});

/** The id of the step or group that contains a path of a Score. */
const stepAround = (source: SourceDocument, path: ValuePath): string | undefined => {
  const { length } = itemPathOf(path);
  return length === 0 ? undefined : scoreViewOf(source).idAt.get(pathId(path.slice(0, length)));
};
/** The step and the fields around a field that is declared under a key: `plan`, `plan.files`. */
const fieldAround =
  (key: string) =>
  (source: SourceDocument, path: ValuePath): string | undefined => {
    const step = stepAround(source, path);
    const names = path.slice(path.indexOf(key, itemPathOf(path).length) + 1, -1);
    return step === undefined ? undefined : [step, ...names.filter((_, index) => index % 2 === 0)].join(".");
  };
/** The text of `step` next to the last of these keys. */
const stepBeside =
  (key: string) =>
  (source: SourceDocument, path: ValuePath): string | undefined =>
    textAt(source, [...path.slice(0, path.lastIndexOf(key)), "step"]);
/** Inputs under `with` are those of the Score that the step names. */
const usedScore = (source: SourceDocument, path: ValuePath): string | undefined =>
  textAt(source, [...path.slice(0, path.lastIndexOf("with")), "use"]);
const stepOfReply = (_source: SourceDocument, path: ValuePath): string | undefined => String(path[1]);

const groups = ["loop", "each", "parallel", "sequence"] as const;

/** The fields of a condition, wherever one occurs: alone or in a list. */
const conditions: readonly Field[] = [
  "@.when",
  ...groups.flatMap((group) => [`@.${group}.when`, `@.${group}.until`]),
]
  .flatMap((at) => [at, `${at}.*`])
  .flatMap((at): Field[] => [
    refers(`${at}.step`, "step"),
    { ...refers(`${at}.verdict`, "verdict"), scope: stepBeside("verdict") },
    { ...refers(`${at}.verdict.*`, "verdict"), scope: stepBeside("verdict") },
    { ...refers(`${at}.field`, "field"), scope: stepBeside("field") },
    refers(`${at}.input`, "input"),
    ...["is", "is.*", "is_not", "is_not.*"].map((key) => is(`${at}.${key}`, "compared")),
  ]);

/**
 * The meanings of fields, by kind of file. Types, keys and texts come from the schemas; this adds what they cannot express.
 * All editing help is driven by the two, so that a new kind of file needs a schema and a few lines here.
 */
const fields: Readonly<Record<SourceKind, readonly Field[]>> = {
  flow: [
    named("flow"),
    refers("band", "band"),
    refers("venue", "venue"),
    refers("score", "score"),
    is("task", "task"),
    defines("inputs.*", "input", "key"),
    defines("commands.*", "command", "key"),
    is("commands.*.argv.*", "template"),
    is("commands.*.stdin", "template"),
    is("commands.*.env.*", "template"),
    is("references.*", "folder"),
    is("policy.foreign_tools.*", "tool"),
    refers("conductor.disabled_roles.*", "role"),
  ],
  band: [
    named("band"),
    defines("roles.*", "role", "key"),
    is("roles.*.prompt", "template"),
    is("roles.*.tools.*", "tool"),
    is("roles.*.instructions.*", "instructions"),
    is("roles.*.skills.*", "skill"),
  ],
  venue: [
    named("venue"),
    is("model", "model"),
    is("api_key", "secret"),
    refers("roles.*", "role", "key"),
    refers("roles.*.venue", "venue"),
    is("roles.*.model", "model"),
    { at: "replies", on: "value", meaning: { is: "file", kind: "replies" } },
    defines("nodes.*.name", "node"),
    is("nodes.*.model", "model"),
    is("nodes.*.api_key", "secret"),
  ],
  score: [
    named("score"),
    defines("inputs.*", "input", "key"),
    refers("result.step", "step"),
    defines("@.id", "step"),
    ...groups.map((group) => defines(`@.${group}.id`, "step")),
    refers("@.role", "role"),
    refers("@.run", "command"),
    refers("@.use", "score"),
    is("@.instruction", "template"),
    is("@.ask", "template"),
    is("@.with.*", "template"),
    { ...refers("@.with.*", "input", "key"), scope: usedScore },
    defines("@.produces.*", "artifact"),
    { ...defines("@.verdict.*", "verdict"), scope: stepAround },
    { ...refers("@.must", "verdict"), scope: stepAround },
    { ...refers("@.must.*", "verdict"), scope: stepAround },
    ...["result", "fields"].flatMap((key) =>
      ["*", "*.of.*", "*.of.*.of.*"].map((at) => ({
        ...defines(`@.${key}.${at}`, "field", "key"),
        scope: fieldAround(key),
      })),
    ),
    refers("@.reads.*", "step"),
    refers("@.ask.from.step", "step"),
    { ...refers("@.ask.from.field", "field"), scope: stepBeside("field") },
    refers("@.each.in.step", "step"),
    { ...refers("@.each.in.field", "field"), scope: stepBeside("field") },
    refers("@.each.in.input", "input"),
    ...conditions,
  ],
  replies: [
    refers("steps.*", "step", "key"),
    is("steps.*.*.tool_calls.*.tool", "tool"),
    refers("steps.*.*.tool_calls.*.args.set.*", "note", "key"),
    { ...refers("steps.*.*.tool_calls.*.args.verdict", "verdict"), scope: stepOfReply },
  ],
};

/** The part of a path that leads to the innermost entry of a Score. */
export function itemPathOf(path: ValuePath): ValuePath {
  let length = 0;
  while (path[length === 0 ? 0 : length + 1] === "steps") {
    const index = length === 0 ? 1 : length + 2;
    if (length > 0 && !(groups as readonly unknown[]).includes(path[length])) break;
    if (typeof path[index] !== "number") break;
    length = index + 1;
  }
  return path.slice(0, length);
}

/** @param item length of the path to the entry of a Score that the path is in. */
function matches({ pattern, inItem }: Compiled, path: ValuePath, item: number): boolean {
  const skip = inItem ? item : 0;
  if ((inItem && item === 0) || pattern.length !== path.length - skip) return false;
  return pattern.every((part, index) => part === "*" || part === path[skip + index]);
}

interface Compiled {
  readonly field: Field;
  /** Without a `@` at the beginning. */
  readonly pattern: readonly string[];
  readonly inItem: boolean;
}

/** The fields of a kind by the last part of their pattern, so that few must be tried. */
const byEnd = new Map<SourceKind, Map<string, Compiled[]>>();

function endingWith(kind: SourceKind, end: string): readonly Compiled[] {
  let known = byEnd.get(kind);
  if (known === undefined) {
    known = new Map<string, Compiled[]>();
    byEnd.set(kind, known);
    for (const field of fields[kind]) {
      const parts = field.at.split(".");
      const inItem = parts[0] === "@";
      const last = parts.at(-1) ?? "";
      const compiled = { field, pattern: inItem ? parts.slice(1) : parts, inItem };
      known.set(last, [...(known.get(last) ?? []), compiled]);
    }
  }
  return known.get(end) ?? [];
}

/** What is known about the key or value at a path. */
export function fieldAt(kind: SourceKind, path: ValuePath, on: Field["on"]): Field | undefined {
  const last = path.at(-1);
  const item = itemPathOf(path).length;
  const fits = (one: Compiled): boolean => one.field.on === on && matches(one, path, item);
  const byName = typeof last === "string" ? endingWith(kind, last).find(fits) : undefined;
  return (byName ?? endingWith(kind, "*").find(fits))?.field;
}

interface LinkField {
  readonly path: ValuePath;
  /** The kind of file that it refers to. */
  readonly kind: SourceKind;
}

function linkOf({ at, on, meaning }: Field): LinkField[] {
  if (on !== "value" || /[*@]/.test(at)) return [];
  if (meaning.is === "file") return [{ path: at.split("."), kind: meaning.kind }];
  if (meaning.is !== "reference" || entityOwner[meaning.entity] !== "project") return [];
  return [{ path: at.split("."), kind: meaning.entity as NamedKind }];
}

/** The fields of each kind, at fixed places, that refer to another definition file. */
export const linkFields: Readonly<Record<SourceKind, readonly LinkField[]>> = {
  flow: fields.flow.flatMap(linkOf),
  band: fields.band.flatMap(linkOf),
  venue: fields.venue.flatMap(linkOf),
  score: fields.score.flatMap(linkOf),
  replies: fields.replies.flatMap(linkOf),
};
