import { conditionText } from "../model/condition";
import type { LoopNode } from "../model/definition";
import { groupOf } from "../model/groups";
import { draft } from "../event/event";
import type { EventDraft } from "../event/event";
import { checkConditions } from "../state/conditions";
import type { Checked } from "../state/conditions";
import type { ActiveRun } from "../state/cursor";
import { inRound } from "../state/place";
import { resultOf } from "../state/scope";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";
import { effect, nothing, record, work } from "./effect";
import type { Decision } from "./effect";
import { failedStep, mustProblem } from "../state/failed-step";
import { entryOf } from "../model/entry-of";

/** Whether the condition before a step or a group holds; undefined: there is none, or it was checked. */
export function conditionOf(state: SessionState, { run, scope }: ActiveRun): Checked | undefined {
  const { when } = run.node;
  if (when === undefined || run.condition !== undefined) return undefined;
  const { definition, versions } = state;
  const { inputs } = definition.flow;
  return checkConditions(when, { scope, place: run.place, inputs, reasons: versions.reasons });
}

/** What follows at a group's beginning or end. */
export function decideGate(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  return run.gate?.stage === "open" ? decideOpening(state, active) : decideClosing(state, active);
}

function decideOpening(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  const asked = entryOf(state.skips, run.key) ?? entryOf(state.skips, run.node.id);
  if (asked !== undefined)
    return record(draft("step_skipped", run.key, { id: run.node.id, role: run.node.role, ...asked }));
  const checked = conditionOf(state, active);
  if (checked !== undefined) return record(draft("condition_checked", run.key, { ...checked }));
  return work(effect("open_group", run));
}

function decideClosing(state: SessionState, active: ActiveRun): Decision {
  const { run, scope } = active;
  const node = groupOf(state.definition, run.node.id);
  if (run.question !== null) return nothing;
  if (node?.kind === "loop") {
    const decision = decideLoopEnd(state, active, node);
    if (decision !== undefined) return decision;
  }
  const { ends = [] } = run.gate ?? {};
  const failed = ends.filter((end) => end.failed !== undefined);
  if (failed.length > 0 && failed.length === ends.length) {
    const message = `Everything in ${run.key} failed: ${failed.map((end) => `${end.key} (${end.failed ?? ""})`).join("; ")}`;
    return record(failedGate(run, "all_failed", message));
  }
  if (node?.kind === "use") {
    const given = resultOf(scope, node.result);
    const problem = mustProblem(run.node, given?.verdict);
    if (problem !== undefined) return record(failedGate(run, "must_not_met", problem));
  }
  return work(effect("close_group", run));
}

function decideLoopEnd(state: SessionState, { run, scope }: ActiveRun, node: LoopNode): Decision | undefined {
  const { gate } = run;
  if (gate === null || !Array.isArray(node.until)) return undefined;
  const place = inRound(run.place, run.node.id, gate.turns);
  const { holds, reason } = checkConditions(node.until, {
    scope,
    place,
    inputs: state.definition.flow.inputs,
    reasons: state.versions.reasons,
  });
  if (holds) return undefined;
  const { on_exhausted = "fail" } = node;
  if (!gate.exhausted)
    return record(draft("loop_exhausted", run.key, { rounds: gate.turns, on_exhausted, reason }));
  if (on_exhausted === "continue") return undefined;
  if (on_exhausted === "ask") {
    if (run.answer === null) return work(effect("ask_question", run, gate.turns));
    if (run.answer.verdict === "go_on") return undefined;
  }
  const wanted = node.until.map(conditionText).join(" and ");
  const rounds = `${gate.turns} ${gate.turns === 1 ? "round" : "rounds"}`;
  const message =
    state.versions.reasons === 1
      ? `After ${rounds} it is not so that ${wanted} (${reason}).`
      : `After ${rounds} its \`until\` does not hold: ${reason}.`;
  return record(failedGate(run, "loop_exhausted", message));
}

function failedGate(run: StepRun, code: string, message: string): EventDraft {
  return failedStep({ ...run, attempt: 1 }, code, message);
}
