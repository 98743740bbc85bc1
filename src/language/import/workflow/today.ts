import { stepSchema } from "../../../engine/model/score";
import type { Item } from "./builder";

/** Whether Scores have conditions, results and more kinds of entries; what is imported is cut to what they have. */
const isGrown = Object.hasOwn(stepSchema.shape, "when");

const groups = ["loop", "parallel"] as const;

/** The keys that a step of a role has. */
const stepKeys = new Set(Object.keys(stepSchema.shape));

function plainText(text: string): string {
  return text
    .replace(/\{\{steps\.([\w-]+)\.(?:result\.[\w.-]+|verdict)\}\}/g, "{{steps.$1.summary}}")
    .replace(/\{\{item(?:\.[\w-]+)?\}\}/g, "the item");
}

function cut(item: Item, lost: (what: string) => void): Item[] {
  const group = groups.find((kind) => kind in item);
  if (group !== undefined) {
    const {
      steps,
      when,
      id: _id,
      on_failure: _failure,
      until,
      ...rest
    } = item[group] as Item & { steps: Item[] };
    if (when !== undefined) lost("the condition of a group");
    const inner = steps.flatMap((step) => cut(step, lost));
    const ends = until as { step?: string; verdict?: unknown } | undefined;
    const fits =
      ends?.step !== undefined &&
      typeof ends.verdict === "string" &&
      inner.some(({ id }) => id === ends.step);
    if (until !== undefined && !fits) lost("what ends a loop");
    return inner.length === 0 ? [] : [{ [group]: { ...rest, ...(fits ? { until } : {}), steps: inner } }];
  }
  const other = ["each", "sequence"].find((kind) => kind in item);
  if (other !== undefined) {
    if (other === "each") lost("that steps are performed for each item of a list");
    return (item[other] as { steps: Item[] }).steps.flatMap((step) => cut(step, lost));
  }
  if (!("role" in item)) {
    lost(`the step ${String(item.id)}`);
    return [];
  }
  const kept = Object.entries(item).flatMap(([key, value]): [string, unknown][] => {
    if (stepKeys.has(key)) return [[key, typeof value === "string" ? plainText(value) : value]];
    lost(`'${key}' of ${String(item.id)}`);
    return [];
  });
  return [Object.fromEntries(kept)];
}

/** The entries as the Scores of this version can have them; what they cannot is handed to `lost`. */
export function asScoresAre(items: readonly Item[], lost: (what: string) => void): readonly Item[] {
  return isGrown ? items : items.flatMap((item) => cut(item, lost));
}
