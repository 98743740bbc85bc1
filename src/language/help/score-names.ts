import { typeOf } from "../../engine/model/field";
import type { FieldSpec } from "../../engine/model/field";
import { partsFor } from "../project/links";
import type { Project } from "../project/project";
import { fieldPaths, inputMap, inputsFor, itemAround, outcomeOf, specAt, usedBy } from "../project/results";
import { fieldAt, itemPathOf } from "../schema/fields";
import { textAt, textsAt } from "../schema/read";
import { canSee, scoreViewOf } from "../schema/score-view";
import type { GroupView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { fieldText, performerOf } from "./placeholders";

/** A name that a reference can have, with a short description; the most likely one has sort "0". */
export interface NameOffer {
  readonly name: string;
  readonly detail: string;
  readonly sort?: string;
}

type Item = StepView | GroupView;

function describeItem(project: Project, score: SourceDocument, item: Item): string {
  if (!("verdict" in item)) return `${item.kind} group`;
  const { verdicts, fields } = outcomeOf(project, score, item);
  const words = verdicts.length === 0 ? "" : `: ${verdicts.join(", ")}`;
  const names = Object.keys(fields);
  return `${performerOf(item)}${words}${names.length === 0 ? "" : ` { ${names.join(", ")} }`}`;
}

/** Whether a condition, a list or a question could name the item: it has a verdict, or a result. */
function says(project: Project, score: SourceDocument, item: Item): boolean {
  if (!("verdict" in item)) return false;
  const { verdicts, fields } = outcomeOf(project, score, item);
  return verdicts.length > 0 || Object.keys(fields).length > 0;
}

/** The steps and groups that can be named at a path: those whose output is known there. */
export function stepNames(project: Project, source: SourceDocument, path: ValuePath): NameOffer[] {
  const offers: NameOffer[] = [];
  for (const score of partsFor(project, source, "score")) {
    const view = scoreViewOf(score);
    const here = score === source ? itemAround(view, itemPathOf(path)) : undefined;
    const loop = path.includes("until") ? here : undefined;
    const reads = path.includes("reads") || source.kind !== "score";
    const given = here !== undefined && path.includes("reads") ? readsOf(score, here, path.at(-1)) : [];
    for (const item of [...view.steps, ...view.groups]) {
      const isStep = "verdict" in item;
      if (!isStep && (!reads || source.kind !== "score" || !item.idGiven)) continue;
      if (loop !== undefined && !item.around.some((group) => group === loop)) continue;
      if (loop === undefined && here !== undefined && canSee(here, item) !== "yes") continue;
      if (given.includes(item.id)) continue;
      const likely = !reads && says(project, score, item);
      offers.push({ name: item.id, detail: describeItem(project, score, item), sort: likely ? "0" : "1" });
    }
  }
  return offers;
}

/** The names in the other entries of a step's `reads`. */
function readsOf(score: SourceDocument, item: Item, but: string | number | undefined): string[] {
  return textsAt(score, [...item.path, "reads"]).flatMap(({ text }, index) => (index === but ? [] : [text]));
}

/** The step that a name at a path belongs to, according to the table of fields. */
function stepOf(source: SourceDocument, path: ValuePath): string | undefined {
  return source.kind === undefined ? undefined : fieldAt(source.kind, path, "value")?.scope?.(source, path);
}

/** The verdict words of the step that is meant at a path. */
export function verdictNames(project: Project, source: SourceDocument, path: ValuePath): NameOffer[] {
  const wanted = stepOf(source, path);
  return partsFor(project, source, "score").flatMap((score) =>
    scoreViewOf(score).steps.flatMap((step) => {
      if (wanted !== undefined && wanted !== "" && step.id !== wanted) return [];
      const { verdicts } = outcomeOf(project, score, step);
      return verdicts.map((name) => ({ name, detail: `verdict of ${step.id}` }));
    }),
  );
}

/** The fields of the step's result that are meant at a path; only lists where a list is required. */
export function fieldNames(project: Project, source: SourceDocument, path: ValuePath): NameOffer[] {
  const wanted = stepOf(source, path);
  const listOnly = path.includes("in") || path.includes("from");
  return partsFor(project, source, "score").flatMap((score) => {
    const step = scoreViewOf(score).byId.get(wanted ?? "");
    if (step === undefined) return [];
    const { fields } = outcomeOf(project, score, step);
    const known = fieldPaths(fields).filter(({ path: name }) => !listOnly || !name.includes("."));
    return known
      .filter(({ spec }) => !listOnly || typeOf(spec) === "list")
      .map(({ path: name, spec }) => ({ name, detail: fieldText(spec) }));
  });
}

/** The inputs that can be named at a path, or given there. */
export function inputNames(project: Project, source: SourceDocument, path: ValuePath): NameOffer[] {
  const listOnly = path.includes("in") && path.includes("each");
  const item = source.kind === "score" ? itemAround(scoreViewOf(source), itemPathOf(path)) : undefined;
  const used =
    path.includes("with") && item !== undefined && "verdict" in item
      ? usedBy(project, source, item)
      : undefined;
  const inputs = path.includes("with")
    ? Object.entries(used === undefined ? {} : inputMap(used))
    : [...inputsFor(project, source)];
  return inputs
    .filter(([, spec]) => !listOnly || typeOf(spec) === "list")
    .map(([name, spec]) => ({ name, detail: fieldText(spec) }));
}

/** The commands of the Flows that run a Score. */
export function commandNames(project: Project, source: SourceDocument): NameOffer[] {
  let flows = partsFor(project, source, "flow");
  // A file that no Flow refers to yet may be meant for any.
  if (flows.length === 0) flows = [...project.sources.values()].filter(({ kind }) => kind === "flow");
  return flows.flatMap((flow) => {
    const table = (flow.value as { commands?: unknown } | undefined)?.commands;
    if (typeof table !== "object" || table === null) return [];
    return Object.keys(table).map((name) => ({
      name,
      detail: textAt(flow, ["commands", name, "description"]) ?? `command of ${flow.path}`,
    }));
  });
}

/** The values that the subject of a condition can have. */
export function comparedValues(
  project: Project,
  source: SourceDocument,
  path: ValuePath,
): readonly (string | number | boolean)[] {
  const key = Math.max(path.lastIndexOf("is"), path.lastIndexOf("is_not"));
  const condition = path.slice(0, key);
  const input = textAt(source, [...condition, "input"]);
  const field = textAt(source, [...condition, "field"]);
  const step = scoreViewOf(source).byId.get(textAt(source, [...condition, "step"]) ?? "");
  let spec: FieldSpec | undefined;
  if (input !== undefined) spec = inputsFor(project, source).get(input);
  else if (step !== undefined && field !== undefined)
    spec = specAt(outcomeOf(project, source, step).fields, field);
  if (spec === undefined) return [];
  if (Array.isArray(spec.enum)) return spec.enum as readonly (string | number | boolean)[];
  return typeOf(spec) === "boolean" ? [true, false] : [];
}
