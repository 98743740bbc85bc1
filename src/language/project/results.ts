import { typeOf } from "../../engine/model/field";
import type { FieldMap, FieldSpec } from "../../engine/model/field";
import type { Links } from "./links";
import { partsFor } from "./links";
import { resolveReference } from "./reference";
import type { KnownFiles } from "./reference";
import { textAt } from "../schema/read";
import { isRecord, valueAt } from "../schema/schema";
import { scoreViewOf } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

type Known = KnownFiles & { readonly links: Links };

/** Maximum nesting of `use` steps that is followed. */
const maxDepth = 20;

/** A map of fields as far as it can be read: a value that is not a map is left out. */
function readMap(value: unknown): FieldMap {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, spec]) =>
      isRecord(spec) ? [[name, spec as FieldSpec]] : spec === null ? [[name, {}]] : [],
    ),
  );
}

/** The Score that a `use` step names. */
export function usedBy(known: KnownFiles, score: SourceDocument, step: StepView): SourceDocument | undefined {
  const reference = step.kind === "use" ? textAt(score, [...step.path, "use"]) : undefined;
  if (reference === undefined || reference === "") return undefined;
  const resolved = resolveReference(known, "score", reference, score.path);
  return "source" in resolved ? resolved.source : undefined;
}

/** The step whose result a Score returns: the one that it names, otherwise its last one. */
function givenBack(score: SourceDocument): StepView | undefined {
  const view = scoreViewOf(score);
  const named = textAt(score, ["result", "step"]);
  return named === undefined ? view.steps.at(-1) : view.byId.get(named);
}

/** The fields of a step's result, and its verdict words; also through `use`. */
export function outcomeOf(
  known: KnownFiles,
  score: SourceDocument,
  step: StepView,
  depth = 0,
): { readonly fields: FieldMap; readonly verdicts: readonly string[] } {
  if (step.kind !== "use") {
    const key = step.kind === "ask" ? "fields" : "result";
    return { fields: readMap(valueAt(score.value, [...step.path, key])), verdicts: step.verdict ?? [] };
  }
  const used = depth < maxDepth ? usedBy(known, score, step) : undefined;
  const last = used === undefined ? undefined : givenBack(used);
  return used === undefined || last === undefined
    ? { fields: {}, verdicts: [] }
    : outcomeOf(known, used, last, depth + 1);
}

/** A field by its path of names; undefined where none is declared. */
export function specAt(fields: FieldMap, path: string): FieldSpec | undefined {
  let map: FieldMap = fields;
  let spec: FieldSpec | undefined;
  for (const part of path.split(".")) {
    spec = Object.hasOwn(map, part) ? map[part] : undefined;
    if (spec === undefined) return undefined;
    map = readMap(typeOf(spec) === "object" ? spec.of : undefined);
  }
  return spec;
}

/** Every field that a path of names can lead to, including the nested fields of objects. */
export function fieldPaths(fields: FieldMap, before = "", depth = 0): { path: string; spec: FieldSpec }[] {
  return Object.entries(fields).flatMap(([name, spec]) => {
    const path = `${before}${name}`;
    const within = typeOf(spec) === "object" && depth < 5 ? readMap(spec.of) : {};
    return [{ path, spec }, ...fieldPaths(within, `${path}.`, depth + 1)];
  });
}

/**
 * The inputs that a file can name: those of the Flows that lead to it, and those of its Score. A Flow and its own Score
 * share an input of the same name; either declaration counts.
 */
export function inputsFor(known: Known, source: SourceDocument): Map<string, FieldSpec> {
  const inputs = new Map<string, FieldSpec>();
  for (const flow of partsFor(known, source, "flow"))
    for (const [name, spec] of Object.entries(inputMap(flow))) inputs.set(name, spec);
  for (const score of partsFor(known, source, "score")) {
    const isOwn = (known.links.through.get(score.path) ?? []).some(
      ({ parts }) => parts.get("score") === score.path,
    );
    for (const [name, spec] of Object.entries(inputMap(score)))
      inputs.set(name, isOwn ? { ...inputs.get(name), ...spec } : spec);
  }
  return inputs;
}

/** The inputs that a file declares. */
export function inputMap(source: SourceDocument): FieldMap {
  return readMap(valueAt(source.value, ["inputs"]));
}

/** The innermost step or group of a Score that contains a path. */
export function itemAround(view: ScoreView, item: ValuePath): StepView | GroupView | undefined {
  const key = item.join("/");
  return [...view.steps, ...view.groups].find(({ path }) => path.join("/") === key);
}

/** What `{{item}}` is within an `each`: the entries of its list. */
function itemOf(known: Known, score: SourceDocument, each: GroupView): FieldSpec {
  const path = [...each.path, "each", "in"];
  const input = textAt(score, [...path, "input"]);
  const step = scoreViewOf(score).byId.get(textAt(score, [...path, "step"]) ?? "");
  const field = textAt(score, [...path, "field"]);
  const list =
    input !== undefined
      ? inputsFor(known, score).get(input)
      : step === undefined || field === undefined
        ? undefined
        : specAt(outcomeOf(known, score, step).fields, field);
  if (list?.of === undefined) return { type: "string" };
  return typeof list.of === "string" ? { type: list.of } : { type: "object", of: readMap(list.of) };
}

/** The fields of the item of the innermost `each` around a step; undefined: it is in none. */
export function itemAt(known: Known, score: SourceDocument, step: StepView): FieldSpec | undefined {
  const each = step.around.findLast(({ kind }) => kind === "each");
  return each === undefined ? undefined : itemOf(known, score, each);
}
