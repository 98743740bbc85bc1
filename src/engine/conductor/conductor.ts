import type { EventData } from "../event/event";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";

/** An adjustment that the Conductor gives by itself, and the reason in words. */
export interface ConductorAdjustment {
  readonly event: EventData<"adjustment">;
  readonly reason: string;
}

/** `before_step`: what the Conductor's rules say of the step that stands in front. Calls no model. */
export function reviewBefore(state: SessionState, run: StepRun): ConductorAdjustment | null {
  const by = state.disabledRoles[run.node.role];
  if (by === undefined) return null;
  const reason = `the role ${run.node.role} is switched off`;
  return { event: { kind: "skip", by, step: run.key, reason }, reason };
}
