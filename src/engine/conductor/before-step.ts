import type { EventData } from "../event/event";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";
import { entryOf } from "../model/entry-of";

/** `before_step`: what the Conductor's rules report about the step that comes next. Calls no model. */
export function reviewBefore(state: SessionState, run: StepRun): EventData<"adjustment"> | null {
  const by = entryOf(state.disabledRoles, run.node.role);
  if (by === undefined) return null;
  return { kind: "skip", by, step: run.key, reason: `the role ${run.node.role} is switched off` };
}
