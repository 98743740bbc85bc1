import { currentVersions } from "../event/versions";
import { conditionText } from "../model/condition";
import type { Condition } from "../model/condition";
import { fieldOf, textOfJson } from "../model/field";
import type { Json } from "../model/field";
import type { Place } from "./place";
import { resultHeld } from "./scope";
import type { Scope } from "./scope";

/** Whether conditions hold, with the reason in words. */
export interface Checked {
  readonly holds: boolean;
  readonly reason: string;
}

/** The data that conditions are evaluated on. */
export interface ConditionContext {
  readonly scope: Scope;
  readonly place: Place;
  /** The Flow's inputs; within a `use`, the inputs of that place. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Version of the reasons' words; absent: the words do not matter. */
  readonly reasons?: number;
}

/** Whether all conditions hold. If the step lacks that verdict or result, a condition is false, `is_not` too. */
export function checkConditions(conditions: readonly Condition[], context: ConditionContext): Checked {
  for (const condition of conditions) {
    const found = foundBy(condition, context);
    if (found !== undefined && isWanted(condition, found)) continue;
    const { reasons = currentVersions.reasons } = context;
    return { holds: false, reason: (reasons === 1 ? firstWords : whyNot)(condition, found) };
  }
  return { holds: true, reason: conditions.map(conditionText).join(" and ") };
}

/** Why a condition does not hold: what was found, then what it requires. */
function whyNot(condition: Condition, found: Json | undefined): string {
  const name = nameOf(condition);
  const isVerdict = "verdict" in condition;
  if (found === undefined)
    return isVerdict
      ? `${name} gave no verdict, and ${condition.verdict.join(" or ")} is needed`
      : `${name} has no value`;
  const is = `${name} ${isVerdict ? "says" : "is"} ${textOfJson(found)}`;
  if (isVerdict) return `${is}, not ${condition.verdict.join(" or ")}`;
  return "is" in condition ? `${is}, not ${condition.is.join(" or ")}` : is;
}

/** The words of version 1. */
function firstWords(condition: Condition, found: Json | undefined): string {
  const was =
    found !== undefined
      ? `it is ${textOfJson(found)}`
      : "verdict" in condition
        ? "it gave no verdict"
        : "it has no value";
  return `${conditionText(condition)}: ${was}`;
}

function nameOf(condition: Condition): string {
  if ("input" in condition) return `input ${condition.input}`;
  return "field" in condition ? `${condition.step}.${condition.field}` : condition.step;
}

function foundBy(condition: Condition, { scope, place, inputs }: ConditionContext): Json | undefined {
  if ("input" in condition) {
    const known = place.inputs ?? inputs;
    return Object.hasOwn(known, condition.input) ? known[condition.input] : undefined;
  }
  const held = resultHeld(scope, condition.step, place);
  return "verdict" in condition ? held?.verdict : fieldOf(held?.result, condition.field);
}

function isWanted(condition: Condition, found: Json): boolean {
  if ("verdict" in condition) return condition.verdict.some((word) => word === found);
  return "is" in condition
    ? condition.is.some((value) => value === found)
    : !condition.is_not.some((value) => value === found);
}
