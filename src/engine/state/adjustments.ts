import type { EventData, EventOf } from "../event/event";
import { activeRuns, isLeftOut, openConflict, resolveConflict, updateRun } from "./cursor";
import type { ActiveRun, RunUpdate } from "./cursor";
import { withFeedback } from "./apply-run";
import type { RunEvent } from "./apply-run";
import { continued } from "./going-on";
import { topPlace } from "./place";
import { withoutOnce, withRoleChange, withRoleChanges } from "./role-changes";
import type { RoleChanges } from "./role-changes";
import type { SessionState } from "./state";
import { restarted } from "./step-run";
import type { StepRun } from "./step-run";
import { pendingOf, stillPending } from "./withdrawal";

/** Which of the users' adjustments take effect with this event, or end with it. */
export function afterAdjustments(state: SessionState, run: StepRun, event: RunEvent): SessionState {
  const acts = event.type === "model_call_start" || event.type === "step_skipped";
  const pending = acts ? stillPending(state.pending, run) : state.pending;
  const ends = event.type === "step_end" || (event.type === "step_failed" && !event.data.will_retry);
  const changes = ends ? withoutOnce(state.roleChanges, run.node.role) : state.roleChanges;
  if (changes !== state.roleChanges) return { ...withRoles(state, changes, run.node.role), pending };
  return pending === state.pending ? state : { ...state, pending };
}

export function updatedRun(
  state: SessionState,
  key: string,
  change: (run: StepRun) => StepRun,
): SessionState {
  return updated(state, key, ({ run, scope }) => ({ kind: "active", run: change(run), scope }));
}

function updated(state: SessionState, key: string, update: (active: ActiveRun) => RunUpdate): SessionState {
  const { score: nodes, flow } = state.definition;
  const score = updateRun(nodes.steps, state.score, key, update, topPlace, flow);
  return score === null ? state : { ...state, score };
}

function withPending(state: SessionState, { seq, data }: EventOf<"adjustment">): SessionState {
  const pending = pendingOf(state, seq, data);
  return pending === undefined ? state : { ...state, pending: [...state.pending, pending] };
}

/** The roles as users changed them; prompts of the role that were not sent are built again. */
function withRoles(state: SessionState, roleChanges: RoleChanges, role: string): SessionState {
  const next: SessionState = {
    ...state,
    roleChanges,
    definition: withRoleChanges(state.written, roleChanges),
  };
  return activeRuns(state.score)
    .filter(({ run }) => run.node.role === role && run.started && isUnsent(run))
    .reduce((made, { run }) => updatedRun(made, run.key, unsentAgain), next);
}

const isUnsent = (run: StepRun): boolean =>
  run.failure === null && run.reply === null && run.call === null && run.ended === null;
const unsentAgain = (run: StepRun): StepRun => ({ ...run, prompt: null, approval: null, approved: false });

/** Withdraws an adjustment that has had no effect yet. */
function withdrawn(state: SessionState, seq: number): SessionState {
  const found = state.pending.find((one) => one.seq === seq);
  if (found === undefined) return state;
  const next: SessionState = { ...state, pending: state.pending.filter((one) => one !== found) };
  const { adjustment } = found;
  switch (adjustment.kind) {
    case "skip": {
      const { [adjustment.step]: _, ...skips } = next.skips;
      return {
        ...next,
        skips: found.skip === undefined ? skips : { ...skips, [adjustment.step]: found.skip },
      };
    }
    case "patch": {
      const { [adjustment.step]: _, ...patches } = next.patches;
      const active = activeRuns(state.score).find(
        ({ run }) => run.key === adjustment.step || run.node.id === adjustment.step,
      );
      const before = found.instruction ?? active?.run.node.instruction;
      const told = before === undefined ? next : patchAdjusted(next, adjustment.step, before);
      return {
        ...told,
        patches:
          found.instruction === undefined ? patches : { ...patches, [adjustment.step]: found.instruction },
      };
    }
    case "patch_role":
    case "set_model": {
      const { [adjustment.role]: _, ...others } = next.roleChanges;
      const changes = found.change === undefined ? others : { ...others, [adjustment.role]: found.change };
      return withRoles(next, changes, adjustment.role);
    }
  }
}

/** Applies an adjustment to the session. */
export function adjusted(before: SessionState, event: EventOf<"adjustment">): SessionState {
  const state = withPending(before, event);
  const { data } = event;
  switch (data.kind) {
    case "patch_role":
    case "set_model":
      return withRoles(state, withRoleChange(state.roleChanges, data), data.role);
    case "withdraw":
      return withdrawn(state, data.of);
    case "pause":
      return {
        ...state,
        driftPause: data.by === "conductor" ? null : state.driftPause,
        pauseRequested: {
          reason: data.pause ?? (data.by === "conductor" ? "drift" : "person"),
          message: data.reason ?? "",
        },
      };
    case "stop":
      return { ...state, stopRequested: true };
    case "enable":
    case "disable": {
      const { [data.role]: _, ...others } = state.disabledRoles;
      return {
        ...state,
        disabledRoles: data.kind === "enable" ? others : { ...others, [data.role]: data.by },
      };
    }
    case "set_limit":
      return { ...state, limits: { ...state.limits, [data.limit]: data.value ?? undefined }, limitHit: null };
    case "skip":
      return skipAdjusted(withoutLost(state, data.step), data);
    case "patch":
      return patchAdjusted(state, data.step, data.instruction);
    case "retry":
      return retryAdjusted(withoutLost(state, data.step), data);
  }
}

/** A failure after which its group would have continued, and that a person handles in time. */
function withoutLost(state: SessionState, key: string): SessionState {
  const stands = activeRuns(state.score).some((active) => active.run.key === key && isLeftOut(active));
  return stands ? { ...state, lost: state.lost.filter((lost) => lost !== key) } : state;
}

function retryAdjusted(
  state: SessionState,
  { step: key, feedback, from_turn: turn }: Extract<EventData<"adjustment">, { kind: "retry" }>,
): SessionState {
  if (openConflict(state.score)?.step === key) return resolved(state, "retry");
  return updated(state, key, ({ run, scope }) => {
    if (run.failure === null) return { kind: "active", run, scope };
    // The outcome of a group is not changed by asking for it again: the group is performed again.
    if (run.gate?.stage === "close") return { kind: "again", scope };
    if (turn !== undefined) return { kind: "active", run: continued(run, turn), scope };
    return { kind: "active", run: restarted(run, withFeedback(run.instruction, feedback)), scope };
  });
}

function resolved(state: SessionState, how: "retry" | "skip"): SessionState {
  const { score: nodes, flow } = state.definition;
  return { ...state, score: resolveConflict(nodes.steps, state.score, how, topPlace, flow) };
}

function skipAdjusted(
  state: SessionState,
  { by, step: target, reason }: Extract<EventData<"adjustment">, { kind: "skip" }>,
): SessionState {
  const skip = { by, reason: reason ?? "skipped" };
  if (openConflict(state.score)?.step === target) return resolved(state, "skip");
  const current = activeRuns(state.score).find(
    ({ run }) => run.key === target && (run.attempt > 0 || run.failure !== null || run.question !== null),
  );
  if (current !== undefined)
    return updatedRun(state, target, (run) => ({
      ...run,
      skip,
      approval: null,
      question: null,
      failure: null,
      failedCall: null,
    }));
  return { ...state, skips: { ...state.skips, [target]: skip } };
}

function patchAdjusted(state: SessionState, target: string, instruction: string): SessionState {
  const next: SessionState = { ...state, patches: { ...state.patches, [target]: instruction } };
  const current = activeRuns(state.score).find(({ run }) => run.key === target || run.node.id === target);
  if (current === undefined) return next;
  const { run } = current;
  return updatedRun(next, run.key, (old) =>
    old.failure === null && old.reply === null && old.call === null && old.ended === null
      ? { ...old, instruction, prompt: null, approval: null }
      : { ...old, instruction },
  );
}
