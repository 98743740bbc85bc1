import { instructionOf } from "../../engine/conductor/adjusted";
import type { AdjustmentBody } from "../../engine/event/event";
import type { Definition, StepNode } from "../../engine/model/definition";
import { plannedSteps } from "../../engine/model/plan";
import { planPrompt } from "../../engine/model/plan-flow";
import type { PlannedPrompt } from "../../engine/model/plan-flow";
import { activeRuns } from "../../engine/state/cursor";
import { stepIdOf } from "../../engine/state/place";
import type { SessionState } from "../../engine/state/state";
import { entryOf } from "../../engine/model/entry-of";

/** A prompt before and after an adjustment, whole: what stands where, not only what was changed. */
export interface AdjustedPrompt {
  /** The step whose prompt it is. */
  readonly step: string;
  /** How many other steps get the change too. */
  readonly others: number;
  readonly before: string;
  readonly after: string;
}

/** A prompt as one text, message by message, as far as it is known before it is sent. */
export function plannedPromptText({ system, user, open }: PlannedPrompt, title?: string): string {
  return [
    ...(title === undefined ? [] : [`<!-- ${title} -->`]),
    ...(open.length === 0 ? [] : [`<!-- Filled in as the run goes: ${open.join(", ")} -->`]),
    "<!-- system -->",
    "",
    system.trimEnd(),
    "",
    "<!-- user -->",
    "",
    user.trimEnd(),
    "",
  ].join("\n");
}

/**
 * The whole prompt that an adjustment of an instruction or of a role's prompt leads to, beside the one that it replaces.
 * Of a role that several steps have: the prompt of the step that comes next. Undefined: the adjustment changes no prompt.
 */
export function adjustedPrompt(state: SessionState, adjustment: AdjustmentBody): AdjustedPrompt | undefined {
  if (adjustment.kind !== "patch" && adjustment.kind !== "patch_role") return undefined;
  const { definition } = state;
  const steps = plannedSteps(definition.score.steps).filter(({ node }) => node.does === undefined);
  const affected =
    adjustment.kind === "patch"
      ? steps.filter(({ node }) => node.id === stepIdOf(adjustment.step))
      : steps.filter(({ node }) => node.role === adjustment.role);
  const running = activeRuns(state.score).map(({ run }) => run);
  const ended = new Set(state.steps.slice().map(({ id }) => id));
  const next =
    affected.find(({ node }) => running.some((run) => run.node.id === node.id)) ??
    affected.find(({ node }) => !ended.has(node.id)) ??
    affected[0];
  if (next === undefined) return undefined;
  const { node, within } = next;
  const key = adjustment.kind === "patch" ? adjustment.step : node.id;
  const iteration =
    running.find((run) => run.node.id === node.id)?.iteration ??
    within.filter(({ kind }) => kind === "loop").map(() => 1);
  const textOf = (changed: Definition, instruction: string): string => {
    const step: StepNode = { ...node, instruction };
    return plannedPromptText(planPrompt(changed, step, iteration));
  };
  const old = instructionOf(state, key);
  const after =
    adjustment.kind === "patch"
      ? textOf(definition, adjustment.instruction)
      : textOf(withRolePrompt(definition, adjustment.role, adjustment.prompt), old);
  return { step: key, others: affected.length - 1, before: textOf(definition, old), after };
}

function withRolePrompt(definition: Definition, role: string, prompt: string): Definition {
  const { band } = definition;
  const own = entryOf(band.roles, role);
  if (own === undefined) return definition;
  return { ...definition, band: { ...band, roles: { ...band.roles, [role]: { ...own, prompt } } } };
}
