import { fieldMapSchema } from "../../engine/model/field";
import type { FieldMap } from "../../engine/model/field";
import { textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import { scoreViewOf } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";

/** What conditions and templates can know about a step or group that has ended. */
export interface Says {
  /** The words of its verdict; empty: it gives none. */
  readonly words: readonly string[];
  /** The fields of its result; empty: it has none. */
  readonly fields: FieldMap;
}

/** The Score that a `use` step of a Score leads to, where the files of its Flow are known. */
export type UsedScore = (score: SourceDocument, step: StepView) => SourceDocument | undefined;

const nothing: Says = { words: [], fields: {} };

function isStep(item: StepView | GroupView): item is StepView {
  return "verdict" in item;
}

/** The entries directly in a group, or in the Score itself, in the file's order. */
function entriesOf({ steps, groups }: ScoreView, group: GroupView | undefined): (StepView | GroupView)[] {
  const place = (item: StepView | GroupView): number => {
    const index = item.path[group === undefined ? 1 : group.path.length + 2];
    return typeof index === "number" ? index : 0;
  };
  return [...steps, ...groups]
    .filter(({ around }) => around.at(-1) === group)
    .sort((a, b) => place(a) - place(b));
}

/** The step or group whose result a Score gives back: the one that it names, otherwise its last entry. */
export function givenBack(score: SourceDocument, view: ScoreView): StepView | GroupView | undefined {
  const named = textAt(score, ["result", "step"]);
  if (named !== undefined) return view.byId.get(named) ?? view.groupById.get(named);
  return entriesOf(view, undefined).at(-1);
}

function isConditional(score: SourceDocument, item: StepView | GroupView): boolean {
  const path = isStep(item) ? item.path : [...item.path, item.kind];
  return valueAt(score.value, [...path, "when"]) !== undefined;
}

/** The steps whose output can be that of a step or group of the same Score. */
export function speakersOf(score: SourceDocument, view: ScoreView, item: StepView | GroupView): StepView[] {
  if (isStep(item)) return [item];
  const found: StepView[] = [];
  if (item.kind === "each" || item.kind === "parallel") return found;
  for (const entry of entriesOf(view, item).reverse()) {
    found.push(...speakersOf(score, view, entry));
    if (!isConditional(score, entry)) break;
  }
  return found;
}

/**
 * The possible output of a step or group. A loop and a sequence output what their last entry that was not skipped
 * outputs; an `each` and a `parallel` only output their summary. Undefined: it is in another file, or cannot be read.
 */
export function saysOf(
  score: SourceDocument,
  view: ScoreView,
  item: StepView | GroupView,
  used?: UsedScore,
): Says | undefined {
  if (isStep(item)) {
    if (item.kind === "use") {
      const other = used?.(score, item);
      const given = other === undefined ? undefined : givenBack(other, scoreViewOf(other));
      if (other === undefined || given === undefined) return undefined;
      return saysOf(other, scoreViewOf(other), given, used);
    }
    const key = item.kind === "ask" ? "fields" : "result";
    const written = valueAt(score.value, [...item.path, key]);
    const read = fieldMapSchema.safeParse(written ?? {});
    return read.success ? { words: item.verdict ?? [], fields: read.data } : undefined;
  }
  if (item.kind === "each" || item.kind === "parallel") return nothing;
  let says = nothing;
  for (const entry of entriesOf(view, item).reverse()) {
    const more = saysOf(score, view, entry, used);
    if (more === undefined) return undefined;
    says = { words: [...says.words, ...more.words], fields: { ...more.fields, ...says.fields } };
    if (!isConditional(score, entry)) break;
  }
  return { ...says, words: [...new Set(says.words)] };
}

/**
 * The part of a path of fields (`a.b`) that is not declared, with the fields that are known in its place; undefined: all
 * of it is declared, or a value of any form is allowed there.
 */
export function unknownField(
  fields: FieldMap,
  path: string,
): { readonly name: string; readonly known: readonly string[] } | undefined {
  let here: FieldMap = fields;
  for (const name of path.split(".")) {
    const spec = Object.hasOwn(here, name) ? here[name] : undefined;
    if (spec === undefined) return { name, known: Object.keys(here) };
    if (spec.type !== "object") return undefined;
    if (typeof spec.of !== "object" || Object.keys(spec.of).length === 0) return undefined;
    here = spec.of;
  }
  return undefined;
}
