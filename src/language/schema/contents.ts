import * as z from "zod";
import type { BandFile } from "../../engine/model/band";
import type { FlowFile } from "../../engine/model/flow";
import {
  scoreFileSchema,
  scoreGroupKinds,
  scoreItemKindOf,
  scoreItemSchemas,
} from "../../engine/model/score";
import type { ScoreFile, ScoreGroupKind } from "../../engine/model/score";
import type { RepliesFile, VenueFile } from "../../engine/model/venue";
import { fileKinds } from "../text/file-kind";
import type { SourceKind } from "../text/file-kind";
import { ofVersion } from "../text/memo";
import { isRecord, keysOf, valueAt } from "./schema";
import type { Schema } from "./schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** The result of the schema of each kind for a file, with defaults filled in. */
export interface Contents {
  readonly flow: FlowFile;
  readonly band: BandFile;
  readonly venue: VenueFile;
  readonly score: ScoreFile;
  readonly replies: RepliesFile;
}

type Issue = z.core.$ZodIssue;

interface Reading {
  /** What the schema finds wrong, with paths from the top. */
  readonly issues: readonly Issue[];
  /** Present when there is nothing wrong. */
  readonly content?: unknown;
}

const entries = z.array(z.unknown()).min(1);
// The Score's lists are read one entry at a time, so that each entry is measured by its own schema and its mistakes
// are reported where they stand.
const shallowScore = z.strictObject({ ...scoreFileSchema.shape, steps: entries });
const shallowGroups = new Map<ScoreGroupKind, z.ZodType>(
  scoreGroupKinds.map((kind) => [kind, shallowGroup(scoreItemSchemas[kind], kind)]),
);

function shallowGroup(schema: Schema, name: string): z.ZodType {
  const group = keysOf(schema)?.get(name);
  const shape = group === undefined ? undefined : keysOf(group);
  if (shape === undefined) throw new Error(`the schema of '${name}' is not an object`);
  return z.strictObject({ [name]: z.strictObject({ ...Object.fromEntries(shape), steps: entries }) });
}

function readBy(schema: Schema, value: unknown, path: ValuePath): Reading {
  const result = z.safeParse(schema, value);
  if (result.success) return { issues: [], content: result.data };
  return { issues: result.error.issues.flatMap((issue) => ownIssues(issue, path, value)) };
}

/** What is wrong where one of several shapes was meant: the problems of the value's own shape, if it has one. */
function ownIssues(issue: Issue, path: ValuePath, value: unknown): Issue[] {
  const here = [...path, ...issue.path] as ValuePath;
  if (issue.code === "invalid_union" && typeof valueAt(value, issue.path as ValuePath) === "object") {
    const fitting = issue.errors.filter(
      (issues) => !issues.some((one) => one.path.length === 0 && one.code === "invalid_type"),
    );
    const [only] = fitting;
    if (fitting.length === 1 && only !== undefined) {
      const inner = valueAt(value, issue.path as ValuePath);
      return only.flatMap((one) => ownIssues(one, here, inner));
    }
  }
  return [{ ...issue, path: [...here] }];
}

/** `outer` with the given entries in place of its list of steps. */
function withSteps(outer: Reading, value: unknown, path: ValuePath): Reading {
  const given = isRecord(value) ? value.steps : undefined;
  const steps = Array.isArray(given)
    ? given.map((item: unknown, index) => readItem(item, [...path, "steps", index]))
    : [];
  const issues = [...outer.issues, ...steps.flatMap((step) => step.issues)];
  if (issues.length > 0) return { issues };
  return { issues, content: { ...(outer.content as object), steps: steps.map(({ content }) => content) } };
}

function readItem(item: unknown, path: ValuePath): Reading {
  const name = scoreItemKindOf(item);
  const shallow = shallowGroups.get(name as ScoreGroupKind);
  if (shallow === undefined) return readBy(scoreItemSchemas[name], item, path);
  const outer = readBy(shallow, item, path);
  const inner = isRecord(outer.content) ? outer.content[name] : undefined;
  const group = isRecord(item) ? item[name] : undefined;
  const read = withSteps({ issues: outer.issues, content: inner }, group, [...path, name]);
  return read.issues.length > 0 ? read : { issues: [], content: { [name]: read.content } };
}

const reading = ofVersion(({ kind, value }: SourceDocument): Reading => {
  if (kind === undefined) return { issues: [] };
  return kind === "score"
    ? withSteps(readBy(shallowScore, value, []), value, [])
    : readBy(fileKinds[kind].schema, value, []);
});

/** Everything that the schema of its kind finds wrong with a file, with paths from the top. */
export function schemaIssues(source: SourceDocument): readonly Issue[] {
  return reading(source).issues;
}

/** A file of a kind, parsed by its schema; undefined when it is not one, or something is wrong with it. */
export function contentOf<Kind extends SourceKind>(
  source: SourceDocument | undefined,
  kind: Kind,
): Contents[Kind] | undefined {
  if (source?.kind !== kind) return undefined;
  return reading(source).content as Contents[Kind] | undefined;
}
