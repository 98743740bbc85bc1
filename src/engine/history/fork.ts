import { OrketError } from "../error/orket-error";
import type { AdjustmentBody, SessionEvent } from "../event/event";
import { callSettings } from "../model/definition";
import type { Definition, StepNode } from "../model/definition";
import { defined } from "../model/defined";
import { checkText, unknown } from "../model/check-text";
import { limitNames } from "../model/flow";
import { stepsOf } from "../model/plan";
import { fold } from "../state/apply";
import { activeRuns } from "../state/cursor";
import { initialState } from "../state/state";
import { stepIdOf } from "../state/place";
import { entryOf } from "../model/entry-of";

/**
 * The events that a fork at a step shares with the session: all that come before the step's first one.
 * @param at a step run's key (`build#2`), or a step's id for its first run.
 * @throws {OrketError} command_refused when the session has no such step.
 */
export function sharedEvents(events: readonly SessionEvent[], at: string): readonly SessionEvent[] {
  const first = events.findIndex(({ step }) => step !== null && (step === at || stepIdOf(step) === at));
  if (first > 0) return events.slice(0, first);
  const begun = [
    ...new Set(events.flatMap((event) => (event.type === "step_start" ? [event.step ?? ""] : []))),
  ];
  throw new OrketError("command_refused", `The session has no step ${at} to fork at.`, {
    hint: begun.length === 0 ? "No step of it has begun." : `Fork at one of: ${begun.join(", ")}.`,
    details: { at },
  });
}

/**
 * Checks that a changed definition can continue where the shared events end: the Score must be the same up to there.
 * @throws {OrketError} command_refused, naming the first step that differs.
 */
export function checkForkable(
  definition: Definition,
  shared: readonly SessionEvent[],
  before: Definition,
): void {
  const expected = activeRuns(fold(initialState(before), shared).score).map(({ run }) => run.key);
  const found = activeRuns(fold(initialState(definition), shared).score).map(({ run }) => run.key);
  if (expected.join() === found.join()) return;
  throw new OrketError(
    "command_refused",
    `The changed Score does not lead to the step ${expected.join(", ")}, where the fork is to begin.`,
    { hint: "Change only steps from there on, or start a new run." },
  );
}

/** The definition including the changes users had made when the step began: the limits, and the instructions. */
export function definitionAt(
  definition: Definition,
  shared: readonly SessionEvent[],
  at: string,
): Definition {
  const { limits, patches, definition: adjusted } = fold(initialState(definition), shared);
  const changed = structured(adjusted);
  changed.flow.limits = { ...limits };
  const id = stepIdOf(at);
  for (const step of stepsOf(changed.score.steps))
    step.instruction =
      (step.id === id ? entryOf(patches, at) : undefined) ?? entryOf(patches, step.id) ?? step.instruction;
  return changed;
}

/** What a fork may change, besides the files themselves. */
export interface ForkChanges {
  readonly task?: string;
  readonly inputs?: Definition["flow"]["inputs"];
  readonly limits?: Definition["flow"]["limits"];
  /** The model of every role that the Flow's own Venue answers. */
  readonly model?: string;
  /** Role to the model that only this role uses. */
  readonly models?: Readonly<Record<string, string>>;
  /** Role to its new system prompt. */
  readonly prompts?: Readonly<Record<string, string>>;
  /** Step id to its new instruction. */
  readonly instructions?: Readonly<Record<string, string>>;
  /** Step id to the role that performs it instead. */
  readonly roles?: Readonly<Record<string, string>>;
}

/**
 * The definition with the changes applied.
 * @throws {OrketError} command_refused when a change names something that does not exist, or a text has a placeholder that can have
 * no value.
 */
export function changeDefinition(definition: Definition, changes: ForkChanges): Definition {
  const changed = structured(definition);
  const { flow, band, venue } = changed;
  if (changes.task !== undefined) flow.task = changes.task;
  if (changes.inputs !== undefined) flow.inputs = { ...flow.inputs, ...changes.inputs };
  if (changes.limits !== undefined) flow.limits = { ...flow.limits, ...changes.limits };
  if (changes.model !== undefined) {
    venue.model = changes.model;
    for (const override of Object.values(venue.roles))
      if (override.venue === undefined) delete override.model;
  }
  const roleOf = (name: string): Definition["band"]["roles"][string] => {
    const role = entryOf(band.roles, name);
    if (role === undefined) throw unknown("role", name, Object.keys(band.roles));
    return role;
  };
  for (const [role, model] of Object.entries(changes.models ?? {})) {
    roleOf(role);
    venue.roles[role] = { ...entryOf(venue.roles, role), model };
  }
  for (const [role, prompt] of Object.entries(changes.prompts ?? {})) {
    checkText(changed, `prompt of ${role}`, prompt);
    roleOf(role).prompt = prompt;
  }
  const steps = stepsOf(changed.score.steps);
  for (const [id, instruction] of Object.entries(changes.instructions ?? {})) {
    checkText(changed, `instruction of ${id}`, instruction);
    stepOf(steps, id).instruction = instruction;
  }
  for (const [id, role] of Object.entries(changes.roles ?? {})) {
    roleOf(role);
    stepOf(steps, id).role = role;
  }
  return changed;
}

/**
 * What must be decided again at the beginning of a fork, because the shared events contain another decision: a
 * limit that was raised, an instruction that was changed. Without this, the fork's changes would have no effect.
 */
export function decisionsOfFork(
  before: Definition,
  after: Definition,
  shared: readonly SessionEvent[],
): AdjustmentBody[] {
  const { limits, patches, roleChanges } = fold(initialState(after), shared);
  const raised = limitNames.filter(
    (name) =>
      before.flow.limits[name] !== after.flow.limits[name] && limits[name] !== after.flow.limits[name],
  );
  const old = new Map(stepsOf(before.score.steps).map(({ id, instruction }) => [id, instruction]));
  const reworded = stepsOf(after.score.steps).flatMap(({ id, instruction }) =>
    old.get(id) === instruction
      ? []
      : Object.keys(patches)
          .filter((key) => stepIdOf(key) === id)
          .map((step) => ({ kind: "patch" as const, step, instruction })),
  );
  return [
    ...raised.map((limit) => ({
      kind: "set_limit" as const,
      limit,
      value: after.flow.limits[limit] ?? null,
    })),
    ...reworded,
    ...roleDecisions(before, after, Object.keys(roleChanges)),
  ];
}

/** What a fork's definition says about roles that users had changed in the shared events. */
function roleDecisions(before: Definition, after: Definition, roles: readonly string[]): AdjustmentBody[] {
  return roles.flatMap((role): AdjustmentBody[] => {
    const prompt = entryOf(after.band.roles, role)?.prompt;
    const [old, now] = [callSettings(before, role), callSettings(after, role)];
    const isOther = old.model !== now.model || old.temperature !== now.temperature;
    const { model, temperature } = now;
    return [
      ...(prompt === undefined || prompt === entryOf(before.band.roles, role)?.prompt
        ? []
        : [{ kind: "patch_role" as const, role, prompt }]),
      ...(isOther ? [{ kind: "set_model" as const, role, model, ...defined({ temperature }) }] : []),
    ];
  });
}

function stepOf(steps: readonly StepNode[], id: string): StepNode {
  const found = steps.find((step) => step.id === id);
  if (found !== undefined) return found;
  throw unknown(
    "step",
    id,
    steps.map((step) => step.id),
  );
}

/** A deep copy; definitions are JSON. */
function structured(definition: Definition): Definition {
  return JSON.parse(JSON.stringify(definition)) as Definition;
}
