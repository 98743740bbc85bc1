import type { Adjustment } from "../event/event";
import { findRecord } from "../state/state";
import type { SessionState, StepRecord } from "../state/state";

/**
 * `after_step`: what one of the Conductor's rules says of a step whose result has just been recorded. Pure, calls no
 * model. It is asked again after each adjustment that it gave, so it must see in the state that it has been followed.
 */
export type AfterStepRule = (state: SessionState, step: StepRecord) => Adjustment | null;

/** The rules, in the order in which they are asked. None answers by itself yet. */
const afterStepRules: readonly AfterStepRule[] = [];

/**
 * What the Conductor's rules say of the step that has just ended; null: nothing.
 * @param key of the step's run.
 */
export function reviewAfter(
  state: SessionState,
  key: string,
  rules: readonly AfterStepRule[] = afterStepRules,
): Adjustment | null {
  const step = rules.length === 0 ? undefined : findRecord(state, key);
  if (step === undefined) return null;
  for (const rule of rules) {
    const adjustment = rule(state, step);
    if (adjustment !== null) return adjustment;
  }
  return null;
}
