import { reviewAfter } from "../conductor/after-step";
import { draft } from "../event/event";
import type { EventData, EventDraft } from "../event/event";
import { callSettings, venueOf } from "../model/definition";
import { reviewBefore } from "../conductor/before-step";
import { activeRuns, conflictText, isLeftOut, openConflict } from "../state/cursor";
import type { ActiveRun, FrontRun } from "../state/cursor";
import { isInterruption, needsApprovalAfter } from "../state/apply-run";
import { checkLimits } from "../state/limits";
import { missingFor } from "../state/missing";
import { replyProblems } from "../state/reply-problems";
import { artifactsOf } from "../state/scope";
import { worstCostUsd } from "../state/spending";
import { findRecord } from "../state/state";
import type { SessionState } from "../state/state";
import type { Reply, StepRun } from "../state/step-run";
import { mustAsk } from "../state/asked-call";
import { deniedAs, refusalOf } from "../agent/tool/denials";
import { planSize } from "../model/plan";
import { mergesSystem, toolMode } from "../state/tool-mode";
import { failedStep, mustProblem } from "../state/failed-step";
import { lastTurn } from "../state/going-on";
import { startOf } from "../state/step-run";
import { hasResult } from "../model/definition";
import { resultOf } from "../state/scope";
import { commandCallOf, mayCall } from "../state/command-call";
import { commandEffect, decideAct, decideCommandTool, mayHaveHappened } from "./decide-act";
import { conditionOf, decideGate } from "./decide-group";
import { effect, nothing, record, work } from "./effect";
import type { Decision, Effect } from "./effect";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";
export type { Decision, Effect } from "./effect";

/**
 * Decides what comes next from the state alone. Records one run's events at a time, in the file's order, so that the
 * decision for the next run sees them; effects come only when no run has events to record.
 */
export function decide(state: SessionState): Decision {
  if (state.status === "paused" && state.stopRequested) return record(endOf(state, "stopped"));
  if (state.status !== "running") return nothing;
  if (!state.planned) return record(draft("plan_resolved", null, planSize(state.definition)));
  if (state.justEnded !== null) {
    const said = reviewAfter(state, state.justEnded);
    if (said !== null) return record(said);
  }
  const runs = activeRuns(state.score);
  const conflict = openConflict(state.score);
  const halting = isHalting(state, runs) || conflict !== undefined;
  const effects: Effect[] = [];
  for (const active of runs) {
    const decision = halting ? decideHalting(state, active) : decideRun(state, active);
    if (decision.event !== undefined) return decision;
    effects.push(...decision.effects);
  }
  if (effects.length > 0) return work(...effects);
  if (runs.some(({ run }) => run.call !== null || isCommandOpen(run))) return nothing;
  if (state.stopRequested) return record(endOf(state, "stopped"));
  if (halting) return record(pauseOf(state, runs, conflict));
  if (runs.length === 0) return record(endOf(state, "completed"));
  return runs.every(isLeftOut) ? record(pauseOf(state, runs, conflict)) : nothing;
}

/** Whether nothing new may begin: the session is about to pause or stop once the work under way has ended. */
function isHalting(state: SessionState, runs: readonly FrontRun[]): boolean {
  return (
    state.stopRequested ||
    state.pauseRequested !== null ||
    state.limitHit !== null ||
    runs.some((active) => active.run.failure !== null && !isLeftOut(active))
  );
}

/** While halting, work under way is still brought to its end, so that nothing is lost. */
function decideHalting(state: SessionState, { run }: ActiveRun): Decision {
  if (run.call !== null) return work(callEffect(run, run.call.call));
  if (isCommandOpen(run)) return work(commandEffect(run));
  const command = commandCallOf(run);
  if (command !== undefined && (command.end === null || !isOver(command.end))) return nothing;
  return mustAsk(state, run) ? nothing : decideTool(state, run);
}

/** Whether a command ended by itself; one that was cut off is started again. */
function isOver({ end }: EventData<"command_end">): boolean {
  return end.kind !== "cancelled" && end.kind !== "lost";
}

function decideRun(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  if (run.failure !== null) return nothing;
  if (run.skip !== null && run.call === null) return record(skipped(run, run.skip));
  if (run.gate !== null) return decideGate(state, active);
  if (!run.started) return decideStart(state, active);
  if (run.ended !== null) return decideAfter(state, run);
  if (isOverTime(run) && !mayHaveHappened(state, run)) return record(timedOut(run));
  if (run.node.does !== undefined) return decideAct(state, active);
  if (run.call !== null) return work(callEffect(run, run.call.call));
  if (run.reply !== null) return withMust(run, decideReply(state, active));
  if (run.prompt === null || isToBeShortened(state, run)) return work(turnEffect("build_prompt", run));
  if (run.approval !== null) return nothing;
  if (needsApprovalBefore(run) && !run.approved) {
    const id = `a${state.approvals + 1}`;
    return record(
      draft("approval_requested", run.key, { id, kind: "before_step", sha256: run.prompt.sha256 }),
    );
  }
  return decideCall(state, active, run.prompt);
}

/** How often a prompt that a server rejects for its length is built again with less in it. */
const maxOverflows = 3;

/** Whether a server rejected the prompt for its length, and a shorter one can be tried. */
function isToBeShortened({ versions }: SessionState, run: StepRun): boolean {
  const refused = run.failedCall?.code === "context_overflow";
  return refused && run.overflows <= maxOverflows && versions.promptBuilder >= 3;
}

/** While a command runs, the only decision is to let it run. */
function isCommandOpen(run: StepRun): boolean {
  return run.command !== null && run.commandEnd === null;
}

/** A call or a command that is under way is cut off first; its outcome is recorded before the step fails. */
function isOverTime(run: StepRun): boolean {
  const { timeout_seconds: seconds } = run.node;
  const isIdle = run.call === null && run.openTool === null && !isCommandOpen(run);
  return seconds !== undefined && isIdle && run.activeMs >= seconds * 1000;
}

function timedOut(run: StepRun): EventDraft {
  const message = `The step took longer than ${run.node.timeout_seconds} s (timeout_seconds).`;
  return failedStep(run, "timeout", message);
}

/** A step that is done with a verdict that is not allowed fails instead. */
function withMust(run: StepRun, decision: Decision): Decision {
  if (!decision.effects.some(({ kind }) => kind === "finish_step")) return decision;
  const problem = mustProblem(run.node, run.verdict);
  if (problem === undefined) return decision;
  const reason = run.verdictReason === undefined ? "" : ` ${run.verdictReason}`;
  return record(failedStep(run, "must_not_met", `${problem}${reason}`));
}

function decideStart(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  if (run.attempt === 0) {
    const asked = entryOf(state.skips, run.key) ?? entryOf(state.skips, run.node.id);
    if (asked !== undefined) return record(skipped(run, asked));
    const checked = conditionOf(state, active);
    if (checked !== undefined) return record(draft("condition_checked", run.key, { ...checked }));
    if (run.condition?.holds === false)
      return record(skipped(run, { by: "engine", reason: run.condition.reason }));
    const adjustment = reviewBefore(state, run);
    if (adjustment !== null) return record(draft("adjustment", run.key, adjustment));
  }
  return record(draft("step_start", run.key, { ...startOf(run), attempt: run.attempt + 1 }));
}

function decideAfter(state: SessionState, run: StepRun): Decision {
  if (run.approval !== null || run.ended === null || !needsApprovalAfter(run)) return nothing;
  const id = `a${state.approvals + 1}`;
  return record(draft("approval_requested", run.key, { id, kind: "after_step", sha256: run.ended.sha256 }));
}

function needsApprovalBefore(run: StepRun): boolean {
  return run.node.approval === "before_step" || run.node.approval === "both";
}

function decideCall(
  state: SessionState,
  { run, scope }: ActiveRun,
  prompt: NonNullable<StepRun["prompt"]>,
): Decision {
  const settings = callSettings(state.definition, run.node.role);
  const failed = run.failedCall;
  if (failed !== null && failed.retry_in_seconds === undefined && !isInterruption(failed.code)) {
    const code = failed.asked_wait_seconds === undefined ? failed.code : "wait_too_long";
    return record(failedStep(run, `model_${code}`, failed.message));
  }
  const reservedTokens = prompt.maxTokens + settings.max_output_tokens;
  const reservedUsd = worstCostUsd(prompt.maxTokens, settings.max_output_tokens, settings.pricing);
  const check = checkLimits(state, reservedTokens, reservedUsd);
  if (check.kind === "wait") return nothing;
  if (check.kind === "hit") return record(draft("limit_reached", run.key, check.limit));
  return record(
    draft("model_call_start", run.key, {
      call: state.spending.modelCalls + 1,
      turn: prompt.turn,
      attempt: failed === null ? 1 : failed.attempt + 1,
      provider: venueOf(state.definition, run.node.role).provider,
      model: settings.model,
      tool_calls: toolMode(state.definition, { run, scope }),
      prompt: prompt.sha256,
      reserved_tokens: reservedTokens,
      ...(mergesSystem(state.definition, { run, scope }) ? { system_role: "merge" as const } : {}),
      ...(settings.pricing === undefined ? {} : { reserved_usd: reservedUsd }),
    }),
  );
}

function decideReply(state: SessionState, { run, scope }: ActiveRun): Decision {
  const { reply } = run;
  if (reply === null) return nothing;
  if (run.openTool !== null) {
    const command = commandCallOf(run);
    return command !== undefined && mayCall(state.definition, run.node.role, command.command)
      ? decideCommandTool(run, command, toolEffect(run, run.openTool.call.id))
      : decideTool(state, run);
  }
  const next = reply.toolCalls[run.outcomes.length];
  if (next !== undefined) {
    return record(
      draft("tool_call", run.key, { call_id: next.id, turn: reply.turn, tool: next.tool, args: next.args }),
    );
  }
  return decideAfterReply(state, { run, scope }, reply);
}

/** What follows for the open call: a foreign tool, or a call that is a quotation, may need approval first. */
function decideTool(state: SessionState, run: StepRun): Decision {
  const { openTool } = run;
  if (openTool === null) return nothing;
  const { call, done, answer } = openTool;
  if (done !== null) return record(toolResult(run, call.id, done));
  if (answer?.allowed === false) {
    const [rule, text] = refusalOf(call.tool, answer);
    return record(deniedAs(run, call, rule, text));
  }
  if (run.question !== null) return nothing;
  return work(mustAsk(state, run) ? effect("ask_foreign", run, call.id) : toolEffect(run, call.id));
}

/**
 * Whether the step is done after a reply whose calls were all performed. Sessions of the first reader's version treated
 * cut replies and open calls as done, and continue to do so.
 */
function decideAfterReply(state: SessionState, { run, scope }: ActiveRun, reply: Reply): Decision {
  const honest = state.versions.callReader > 1;
  const problems = honest ? replyProblems(state.definition, run) : [];
  const missing = [...problems, ...missingFor({ run, scope }, state.versions.reports)];
  const isResult = reply.bySchema === true && run.result !== undefined;
  const isLastWord = reply.toolCalls.length === 0 || run.verdict !== undefined || isResult;
  if (isLastWord && missing.length === 0) return work(turnEffect("finish_step", run));
  if (reply.turn < lastTurn(run)) return work(turnEffect("build_prompt", run));
  if (missing.length === 0 && !honest) return work(turnEffect("finish_step", run));
  // Before version 5 of the reader, any call could follow the result on the last turn.
  const givesResult =
    run.result !== undefined &&
    (state.versions.callReader < 5 || reply.toolCalls.some(({ tool }) => tool === "set_result"));
  if (missing.length === 0 && givesResult) return work(turnEffect("finish_step", run));
  if (!isLastWord && honest) {
    const named = reply.toolCalls.map(({ tool }) => (tool === "" ? "a tool without a name" : tool));
    const tools = [...new Set(named)].join(", ");
    missing.push({
      code: "max_turns",
      message: `The model was still at work: its last reply called ${tools}, and no turn was left for what follows.`,
    });
  }
  const { max_turns: turns } = run.node;
  const usedUp = `The step's ${turns} model ${turns === 1 ? "call is" : "calls are"} used up (max_turns).`;
  return record(
    failedStep(
      run,
      missing[0]?.code ?? "max_turns",
      `${missing.map(({ message }) => message).join(" ")} ${usedUp}`,
    ),
  );
}

function skipped(run: StepRun, skip: NonNullable<StepRun["skip"]>): EventDraft {
  return draft("step_skipped", run.key, {
    id: run.node.id,
    role: run.node.role,
    by: skip.by,
    reason: skip.reason,
  });
}

function toolResult(run: StepRun, callId: string, text: string): EventDraft {
  return draft("tool_result", run.key, {
    call_id: callId,
    tool: run.openTool?.call.tool ?? "",
    ok: true,
    content: { text },
  });
}

/** The engine's own work for the turn that comes next. */
function turnEffect(kind: "build_prompt" | "finish_step", run: StepRun): Effect {
  return effect(kind, run, (run.reply?.turn ?? 0) + 1);
}

function callEffect(run: StepRun, call: number): Effect {
  return {
    kind: "call_model",
    step: run.key,
    key: `call/${call}`,
    call,
    delaySeconds: run.failedCall?.retry_in_seconds ?? pauseBefore(run),
  };
}

/** The pause before another attempt of the step comes before its first call. */
function pauseBefore(run: StepRun): number {
  return run.attempt > 1 && run.prompt?.turn === 1 ? (run.node.retry_pause_seconds ?? 0) : 0;
}

function toolEffect(run: StepRun, callId: string): Effect {
  return {
    kind: "run_tool",
    step: run.key,
    key: `${run.key}/${run.attempt}/tool/${callId}`,
    callId,
  };
}

function endOf(state: SessionState, outcome: "completed" | "stopped"): EventDraft {
  const { spending } = state;
  return draft("session_end", null, {
    outcome,
    tokens: spending.tokens,
    ...defined({ cost_usd: spending.costUsd }),
    model_calls: spending.modelCalls,
    artifacts: artifactsOf(state.score.scope).map(({ path, content }) => ({ path, content })),
    ...(hasResult(state.definition) ? resultsOf(state) : {}),
  });
}

/** What the Score returns, and what its end must not hide. */
function resultsOf(state: SessionState): Partial<EventData<"session_end">> {
  const { waived, lost, unfinished, definition, score } = state;
  const step = definition.score.result?.step ?? "";
  const given = resultOf(score.scope, step);
  return {
    result: {
      step,
      ...(given?.verdict === undefined ? {} : { verdict: given.verdict }),
      ...(given === undefined ? {} : { summary: given.summary }),
      ...(given?.result === undefined ? {} : { result: given.result }),
    },
    ...(waived.length === 0 ? {} : { waived: [...waived] }),
    ...(lost.length === 0 ? {} : { failed: [...lost] }),
    ...(unfinished.length === 0 ? {} : { unfinished: [...unfinished] }),
  };
}

function limitSentence({ limit, value, used, needed }: EventData<"limit_reached">, reasons: number): string {
  if (reasons >= 3 && limit === "duration_seconds")
    return `The limit duration_seconds is ${value}, and the session has worked that long. Raise the limit to go on.`;
  // A difference of prices has digits that mean nothing.
  const amount = (one: number): number => (reasons < 3 ? one : Number(one.toFixed(6)));
  return `The limit ${limit} is ${value}; ${amount(Math.max(0, value - used))} is left and the next call could use ${amount(needed)}. Raise the limit to go on.`;
}

function pauseOf(
  state: SessionState,
  runs: readonly FrontRun[],
  conflict: ReturnType<typeof openConflict>,
): EventDraft {
  if (state.pauseRequested !== null) return draft("session_paused", null, state.pauseRequested);
  if (state.limitHit !== null) {
    const message = limitSentence(state.limitHit, state.versions.reasons);
    return draft("session_paused", null, { reason: "limit", message });
  }
  if (conflict !== undefined) return pauseOfConflict(state, conflict);
  const failures = runs.filter(({ run }) => run.failure !== null);
  const failed = (failures.find((active) => !isLeftOut(active)) ?? failures[0])?.run;
  return draft("session_paused", failed?.key ?? null, {
    reason: "step_failed",
    message: `${failed?.key ?? "A step"} failed: ${failed?.failure?.message ?? ""}`,
  });
}

/** Names both writers, first as the failure of the later one, then as the reason for the pause. */
function pauseOfConflict(
  state: SessionState,
  conflict: NonNullable<ReturnType<typeof openConflict>>,
): EventDraft {
  const { step } = conflict;
  const message = `${conflictText(conflict)} Retry or skip ${step}.`;
  const found = findRecord(state, step);
  return found?.status === "failed"
    ? draft("session_paused", step, { reason: "step_failed", message })
    : draft("step_failed", step, {
        attempt: found?.attempt ?? 1,
        code: "parallel_conflict",
        message,
        will_retry: false,
      });
}
