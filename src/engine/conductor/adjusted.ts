import type { AdjustmentBody } from "../event/event";
import { stepOf } from "../model/plan";
import { stepIdOf } from "../state/place";
import type { SessionState } from "../state/state";
import { entryOf } from "../model/entry-of";

/** The text that an adjustment contains and a person may edit; undefined: it has none. */
export function textOfAdjustment(adjustment: AdjustmentBody): string | undefined {
  if (adjustment.kind === "patch") return adjustment.instruction;
  return adjustment.kind === "retry" ? adjustment.feedback : undefined;
}

/** The same adjustment with another text. */
export function withText(adjustment: AdjustmentBody, text: string): AdjustmentBody {
  if (adjustment.kind === "patch") return { ...adjustment, instruction: text };
  return adjustment.kind === "retry" ? { ...adjustment, feedback: text } : adjustment;
}

/** The instruction that the next run of a step gets, including changes by users. @param step its id or a run's key. */
export function instructionOf({ definition, patches }: SessionState, step: string): string {
  const id = stepIdOf(step);
  const node = stepOf(definition.score.steps, id);
  return entryOf(patches, step) ?? entryOf(patches, id) ?? node?.instruction ?? "";
}
