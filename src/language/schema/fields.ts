import type { NamedKind, SourceKind } from "../text/file-kind";
import { scoreViewOf, pathId } from "./score-view";
import { textAt } from "./read";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** What a name in a definition file can stand for. */
export type Entity = NamedKind | "role" | "step" | "input" | "note" | "verdict" | "artifact" | "node";

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
  input: "flow",
  note: "flow",
  node: "venue",
};

/** What a value or a key means beyond its type. */
export type Meaning =
  | { readonly is: "definition" | "reference"; readonly entity: Entity }
  /** The path of another definition file. */
  | { readonly is: "file"; readonly kind: SourceKind }
  | { readonly is: "folder" | "tool" | "model" | "secret" | "template" | "task" };

export interface Field {
  /** Path in the file: `*` is any one part, `**` any number of them. */
  readonly at: string;
  readonly on: "key" | "value";
  readonly meaning: Meaning;
  /** For names that count only within something: what that is called. */
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
const is = (at: string, what: "folder" | "tool" | "model" | "secret" | "template" | "task"): Field => ({
  at,
  on: "value",
  meaning: { is: what },
});

const stepAround = (source: SourceDocument, path: ValuePath): string | undefined =>
  scoreViewOf(source).idAt.get(pathId(path.slice(0, path.lastIndexOf("verdict"))));
const stepOfUntil = (source: SourceDocument, path: ValuePath): string | undefined =>
  textAt(source, [...path.slice(0, -1), "step"]);
const stepOfReply = (_source: SourceDocument, path: ValuePath): string | undefined => String(path[1]);

/**
 * The meanings of fields, by kind of file. Types, keys and texts come from the schemas; this is what they cannot say. All
 * editing help is driven by the two, so that a new kind of file is a schema and a few lines here.
 */
export const fields: Readonly<Record<SourceKind, readonly Field[]>> = {
  flow: [
    named("flow"),
    refers("band", "band"),
    refers("venue", "venue"),
    refers("score", "score"),
    is("task", "task"),
    defines("inputs.*", "input", "key"),
    is("references.*", "folder"),
    refers("conductor.disabled_roles.*", "role"),
  ],
  band: [
    named("band"),
    defines("roles.*", "role", "key"),
    is("roles.*.prompt", "template"),
    is("roles.*.tools.*", "tool"),
  ],
  venue: [
    named("venue"),
    is("model", "model"),
    is("api_key", "secret"),
    refers("roles.*", "role", "key"),
    is("roles.*.model", "model"),
    { at: "replies", on: "value", meaning: { is: "file", kind: "replies" } },
    defines("nodes.*.name", "node"),
    is("nodes.*.model", "model"),
    is("nodes.*.api_key", "secret"),
  ],
  score: [
    named("score"),
    defines("**.steps.*.id", "step"),
    refers("steps.**.role", "role"),
    is("steps.**.instruction", "template"),
    defines("steps.**.produces.*", "artifact"),
    { ...defines("steps.**.verdict.*", "verdict"), scope: stepAround },
    refers("steps.**.until.step", "step"),
    refers("steps.**.reads.*", "step"),
    { ...refers("steps.**.until.verdict", "verdict"), scope: stepOfUntil },
  ],
  replies: [
    refers("steps.*", "step", "key"),
    is("steps.*.*.tool_calls.*.tool", "tool"),
    refers("steps.*.*.tool_calls.*.args.set.*", "note", "key"),
    { ...refers("steps.*.*.tool_calls.*.args.verdict", "verdict"), scope: stepOfReply },
  ],
};

function matches(pattern: readonly string[], path: ValuePath, p = 0, at = 0): boolean {
  for (; p < pattern.length; p++, at++) {
    const part = pattern[p];
    if (part === "**") {
      for (let skip = at; skip <= path.length; skip++) if (matches(pattern, path, p + 1, skip)) return true;
      return false;
    }
    if (at >= path.length || (part !== "*" && part !== path[at])) return false;
  }
  return at === path.length;
}

const compiled = new Map<Field, readonly string[]>();

/** What is known of the key or value at a path. */
export function fieldAt(kind: SourceKind, path: ValuePath, on: Field["on"]): Field | undefined {
  const last = path.at(-1);
  return fields[kind].find((field) => {
    if (field.on !== on) return false;
    let pattern = compiled.get(field);
    if (pattern === undefined) compiled.set(field, (pattern = field.at.split(".")));
    const end = pattern.at(-1);
    return (end === "*" || end === last) && matches(pattern, path);
  });
}

interface LinkField {
  readonly path: ValuePath;
  /** The kind of file that it leads to. */
  readonly kind: SourceKind;
}

function linkOf({ at, on, meaning }: Field): LinkField[] {
  if (on !== "value" || at.includes("*")) return [];
  if (meaning.is === "file") return [{ path: at.split("."), kind: meaning.kind }];
  if (meaning.is !== "reference" || entityOwner[meaning.entity] !== "project") return [];
  return [{ path: at.split("."), kind: meaning.entity as NamedKind }];
}

/** The fields of each kind, at fixed places, that lead to another definition file. */
export const linkFields: Readonly<Record<SourceKind, readonly LinkField[]>> = {
  flow: fields.flow.flatMap(linkOf),
  band: fields.band.flatMap(linkOf),
  venue: fields.venue.flatMap(linkOf),
  score: fields.score.flatMap(linkOf),
  replies: fields.replies.flatMap(linkOf),
};
