import { versionsOf } from "../event/versions";
import type { EventData, EventOf, SessionEvent } from "../event/event";
import { addUsage } from "../event/tokens";
import { observe } from "../conductor/drift/facts";
import { callSettings } from "../model/definition";
import { definitionSchema } from "../model/definition-schema";
import { answerKey } from "../model/called-venues";
import { activeRuns, isLeftOut, startBranch, updateRun } from "./cursor";
import type { FrontRun } from "./cursor";
import { applyToRun, isInterruption } from "./apply-run";
import { topPlace } from "./place";
import { startOf } from "./step-run";
import type { RunEvent } from "./apply-run";
import { adjusted, afterAdjustments, updatedRun } from "./adjustments";
import { basisOf } from "./going-on";
import { withRoleChanges } from "./role-changes";
import { decided } from "./decisions";
import { reserve, settleCall, settleFailedCall } from "./spending";
import { suggestionKey } from "./state";
import type { SessionState, StepRecord } from "./state";
import { forAnotherBackend } from "./step-run";
import type { StepRun } from "./step-run";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/**
 * The fold: the session's state after one more event. Engine, views, resume and replay all see a session through it.
 * Never fails on an event that a journal can hold; an event about a run that is not active changes nothing.
 */
export function apply(state: SessionState, event: SessionEvent): SessionState {
  const next = applyData(withTime(state, event), event);
  return {
    ...next,
    events: state.events + 1,
    lastAt: event.at,
    justEnded: endedBy(state, event),
    drift: observe(state.drift, event),
  };
}

/** Input from outside can arrive before `after_step` was called: it is still called then. */
const fromOutside: ReadonlySet<SessionEvent["type"]> = new Set([
  "suggestion",
  "suggestion_resolved",
  "adjustment",
  "model_call_end",
  "model_call_failed",
  "failover",
  "tool_result",
  "tool_denied",
  "command_end",
  "approval_resolved",
  "question_answered",
  "artifact_accepted",
  "artifact_rejected",
  "acceptance_reverted",
]);

function endedBy({ justEnded }: SessionState, event: SessionEvent): string | null {
  if (event.type === "step_end") return event.step;
  if (event.type === "step_failed" && !event.data.will_retry) return event.step;
  return fromOutside.has(event.type) ? justEnded : null;
}

/** The fold over many events. */
export function fold(state: SessionState, events: Iterable<SessionEvent>): SessionState {
  let folded = state;
  for (const event of events) folded = apply(folded, event);
  return folded;
}

/** Whether the session does nothing but wait for a person. */
function isWaiting(state: SessionState): boolean {
  const runs = activeRuns(state.score).filter((active) => !isLeftOut(active));
  return runs.length > 0 && runs.every(({ run }) => waitsForPerson(run));
}

/** Whether a run waits for an approval or an answer. */
export function waitsForPerson(run: StepRun): boolean {
  return run.approval !== null || run.question !== null;
}

/**
 * The state with the time that passed up to the event. While a call waits for its turn at its Venue, the time of the session
 * goes on and that of its step does not; how long it waited is known once the call has ended.
 */
function withTime(state: SessionState, event: SessionEvent): SessionState {
  const timed = withPassed(state, event);
  if (event.type !== "model_call_end" && event.type !== "model_call_failed") return timed;
  const { queued_ms: queuedMs } = event.data;
  if (queuedMs === undefined || event.step === null) return timed;
  return updatedRun(timed, event.step, (run) =>
    run.node.timeout_seconds === undefined ? run : { ...run, activeMs: Math.max(0, run.activeMs - queuedMs) },
  );
}

function withPassed(state: SessionState, event: SessionEvent): SessionState {
  if (event.at === state.lastAt || state.status !== "running") return state;
  if (event.type === "session_resumed" || isWaiting(state)) return state;
  const passedMs = Date.parse(event.at) - Date.parse(state.lastAt);
  if (!(passedMs > 0)) return state;
  const timed = { ...state, spending: { ...state.spending, activeMs: state.spending.activeMs + passedMs } };
  return activeRuns(state.score).reduce((next, { run }) => {
    if (run.node.timeout_seconds === undefined || !run.started || waitsForPerson(run)) return next;
    return updatedRun(next, run.key, (old) => ({ ...old, activeMs: old.activeMs + passedMs }));
  }, timed);
}

/** How many of its first events a session took over from the session it was forked from. */
export function inheritedEvents([start]: readonly SessionEvent[]): number {
  return start?.type === "session_start" ? (start.data.forked_from?.at(-1)?.events ?? 0) : 0;
}

function applyData(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case "session_start":
      return {
        ...state,
        session: event.data.session,
        engine: event.data.engine,
        versions: versionsOf(event.data),
        score: calibrated(state, event.data),
        startedAt: event.at,
        inherited: inheritedEvents([event]),
        status: "running",
      };
    case "plan_resolved":
      return { ...state, planned: true };
    case "session_paused":
      return { ...state, status: "paused", pause: event.data, pauseRequested: null };
    case "session_resumed":
      return resumed(state);
    case "venue_changed":
      return venueChanged(state, event.data.venue);
    case "session_end":
      return { ...state, status: "ended", outcome: event.data.outcome, pause: null };
    case "limit_reached":
      return { ...state, limitHit: event.data };
    case "adjustment":
      return adjusted(state, event);
    case "artifact_accepted":
    case "artifact_rejected":
    case "acceptance_reverted":
      return decided(state, event);
    case "failover":
      return event.data.digest_changed ? { ...state, digestChanges: state.digestChanges + 1 } : state;
    case "suggestion":
      return suggested(state, event);
    case "suggestion_resolved":
      return { ...state, suggestions: state.suggestions.filter(({ id }) => id !== event.data.id) };
    default:
      return applyRunEvent(state, event);
  }
}

function suggested(state: SessionState, { seq, step, data }: EventOf<"suggestion">): SessionState {
  const open = { ...data, step: step ?? "", seq };
  const pauses = state.definition.flow.conductor.drift === "pause";
  return {
    ...state,
    suggestions: [...state.suggestions, open],
    suggested: [...state.suggested, suggestionKey(data.rule, open.step)],
    driftPause: pauses ? (state.driftPause ?? data.message) : null,
  };
}

/** The Score before its first step, with what is known of the backends from before. */
function calibrated(
  { definition, score }: SessionState,
  { calibration = [], json_schema = [] }: EventData<"session_start">,
): SessionState["score"] {
  if (calibration.length === 0 && json_schema.length === 0) return score;
  const densities = Object.fromEntries(calibration.map((one) => [one.model, one.tokens_per_byte]));
  const schemaRoles = Object.fromEntries(json_schema.map((role) => [role, true as const]));
  return startBranch(definition.score.steps, { ...score.scope, densities, schemaRoles });
}

function applyRunEvent(state: SessionState, event: RunEvent): SessionState {
  const before = activeRuns(state.score).find(({ run }) => run.key === event.step);
  if (before === undefined) {
    return event.type === "step_failed" && event.data.code === "parallel_conflict"
      ? withRecord(state, event.step, { status: "failed", reason: event.data.message })
      : state;
  }
  const changed = afterAdjustments(sessionPart(state, before.run, event), before.run, event);
  const start = {
    order: before.run.order ?? state.steps.length,
    patch: entryOf(state.patches, before.run.key) ?? entryOf(state.patches, before.run.node.id),
    ...(event.type === "model_call_start" ? { basis: basisOf(state, before.run) } : {}),
  };
  const score = updateRun(
    state.definition.score.steps,
    state.score,
    before.run.key,
    (active) => applyToRun(active, event, start),
    topPlace,
    state.definition.flow,
  );
  return score === null ? changed : withLost({ ...changed, score }, before, event);
}

/** A failure after which its group continues is not a failure of the run, and is named at the end. */
function withLost(state: SessionState, { run, goesOn }: FrontRun, event: RunEvent): SessionState {
  const isLost = event.type === "step_failed" && !event.data.will_retry && goesOn;
  return isLost ? { ...state, lost: [...state.lost, run.key] } : state;
}

/** What a run's event changes besides the run itself: records, spending, counters. */
function sessionPart(state: SessionState, run: StepRun, event: RunEvent): SessionState {
  switch (event.type) {
    case "step_start":
      return startRecord(state, run, event);
    case "model_call_start":
      return {
        ...state,
        spending: reserve(state.spending, event.data.reserved_tokens, event.data.reserved_usd ?? 0),
      };
    case "model_call_end":
      return answered(state, run, event.data);
    case "model_call_failed":
      return failedCall(state, run, event.data);
    case "approval_requested":
      return { ...state, approvals: state.approvals + 1 };
    case "approval_resolved":
      return event.data.decision === "stop" ? { ...state, stopRequested: true } : state;
    case "step_end":
      return withRecord(state, run.key, {
        status: "done",
        summary: event.data.summary,
        verdict: event.data.verdict,
        endedAt: event.at,
        turns: event.data.turns,
      });
    case "step_skipped":
      return skippedRecord(withWaiver(state, run, event), run, event);
    case "step_failed": {
      const failed = run.call === null ? state : settledBy(state, run, true);
      return withRecord(failed, run.key, {
        status: event.data.will_retry ? "running" : "failed",
        reason: event.data.message,
        endedAt: event.data.will_retry ? undefined : event.at,
      });
    }
    case "command_end":
      return withRecord(state, run.key, { verdict: event.data.verdict });
    case "question_asked":
      return { ...state, questions: state.questions + 1 };
    case "loop_exhausted":
      return event.data.on_exhausted === "continue"
        ? { ...state, unfinished: [...state.unfinished, run.key] }
        : state;
    case "question_answered":
      return run.question?.kind === "exhausted" && event.data.verdict === "go_on"
        ? { ...state, unfinished: [...state.unfinished, run.key] }
        : state;
    case "group_end":
      return withLeftOut(state, event.data.failed);
    case "condition_checked":
    case "items_resolved":
    case "inputs_resolved":
    case "command_start":
    case "result_set":
    case "prompt_built":
    case "tool_call":
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
      return state;
  }
}

function answered(state: SessionState, run: StepRun, data: EventData<"model_call_end">): SessionState {
  if (run.call === null) return state;
  const answers = (state.answeredCalls.get(run.node.id) ?? 0) + 1;
  const next: SessionState = {
    ...state,
    spending: settleCall(state.spending, run.call, run.node.role, data.tokens, data.cost_usd),
    answeredCalls: state.answeredCalls.set(run.node.id, answers),
    failedTries: withoutTries(state.failedTries, run.node.id),
    answeredBy: withAnswer(state, run, data),
  };
  return withRecord(next, run.key, (record) => ({
    tokens: addUsage(record.tokens, data.tokens),
    costUsd: data.cost_usd === undefined ? record.costUsd : (record.costUsd ?? 0) + data.cost_usd,
    turns: data.turn,
  }));
}

function withoutTries(tries: SessionState["failedTries"], id: string): SessionState["failedTries"] {
  if (entryOf(tries, id) === undefined) return tries;
  const { [id]: _, ...others } = tries;
  return others;
}

/** Which models answer the session's calls; a call may be refused for a node whose model is a different one. */
function withAnswer(
  { answeredBy, definition }: SessionState,
  run: StepRun,
  { node, fingerprint }: EventData<"model_call_end">,
): SessionState["answeredBy"] {
  if (node === undefined) return answeredBy;
  const { role } = run.node;
  const model = answerKey(definition, role, callSettings(definition, role).model);
  const before = entryOf(answeredBy, model) ?? [];
  const digest = fingerprint?.digest;
  if (before.some((known) => known.node === node && known.digest === digest)) return answeredBy;
  return { ...answeredBy, [model]: [...before, { node, ...defined({ digest }) }] };
}

function failedCall(state: SessionState, run: StepRun, data: EventData<"model_call_failed">): SessionState {
  const settled = settledBy(state, run, data.partial !== undefined || data.code === "interrupted");
  if (run.call === null || isInterruption(data.code)) return settled;
  const tries = (entryOf(state.failedTries, run.node.id) ?? 0) + 1;
  return { ...settled, failedTries: { ...state.failedTries, [run.node.id]: tries } };
}

function settledBy(state: SessionState, { call }: StepRun, hadAnswered: boolean): SessionState {
  return call === null ? state : { ...state, spending: settleFailedCall(state.spending, call, hadAnswered) };
}

/** What a group left out without a failure of its own: a part that wrote what another had written. */
function withLeftOut(state: SessionState, failed: readonly string[]): SessionState {
  const more = failed.filter((key) => !state.lost.includes(key));
  return more.length === 0 || state.versions.reasons < 3
    ? state
    : { ...state, lost: [...state.lost, ...more] };
}

/** A skip that the Score itself causes does not count. */
function withWaiver(state: SessionState, run: StepRun, { data }: EventOf<"step_skipped">): SessionState {
  if (data.by === "engine") return state;
  const waiver = { step: run.key, by: data.by, reason: data.reason };
  return { ...state, waived: [...state.waived, waiver] };
}

function startRecord(state: SessionState, run: StepRun, event: EventOf<"step_start">): SessionState {
  if (run.node.does?.kind === "group") return state;
  const record: StepRecord = {
    key: run.key,
    id: run.node.id,
    role: run.node.role,
    kind: event.data.kind,
    item: event.data.item,
    status: "running",
    attempt: event.data.attempt,
    turns: (event.data.from_turn ?? 1) - 1,
    tokens: run.tokens,
    costUsd: run.costUsd,
    verdict: undefined,
    summary: undefined,
    reason: undefined,
    startedAt: event.at,
    endedAt: undefined,
  };
  return run.order === undefined
    ? { ...state, steps: state.steps.push(record) }
    : {
        ...state,
        steps: state.steps.set(run.order, {
          ...record,
          startedAt: state.steps.at(run.order)?.startedAt ?? event.at,
        }),
      };
}

function skippedRecord(state: SessionState, run: StepRun, event: EventOf<"step_skipped">): SessionState {
  if (run.node.does?.kind === "group") return state;
  const changes = { status: "skipped" as const, reason: event.data.reason, endedAt: event.at };
  if (run.order !== undefined) return withRecord(state, run.key, changes);
  const started = startRecord(state, run, {
    ...event,
    type: "step_start",
    data: { ...startOf(run), attempt: 1 },
  });
  return withRecord(started, run.key, { ...changes, attempt: 0 });
}

function withRecord(
  state: SessionState,
  key: string | null,
  changes: Partial<StepRecord> | ((record: StepRecord) => Partial<StepRecord>),
): SessionState {
  for (let index = state.steps.length - 1; index >= 0; index -= 1) {
    const record = state.steps.at(index);
    if (record?.key !== key || record === undefined) continue;
    const changed = typeof changes === "function" ? changes(record) : changes;
    return { ...state, steps: state.steps.set(index, { ...record, ...changed }) };
  }
  return state;
}

/**
 * The Venue from now on. What was learned about the old backend, and what it attached to the conversation, belongs to the
 * old one: none of it is sent to the new one.
 */
function venueChanged(state: SessionState, written: unknown): SessionState {
  const { data: venue } = definitionSchema.shape.venue.safeParse(written);
  if (venue === undefined) return state;
  const after = { ...state.written, venue };
  let next: SessionState = {
    ...state,
    changedVenue: venue,
    written: after,
    definition: withRoleChanges(after, state.roleChanges),
  };
  for (const { run } of activeRuns(state.score)) {
    const score = updateRun(next.definition.score.steps, next.score, run.key, (active) => ({
      kind: "active",
      run: forAnotherBackend(active.run),
      scope: {
        ...active.scope,
        textToolRoles: {},
        nativeToolRoles: {},
        mergedSystemRoles: {},
        schemaRoles: {},
      },
    }));
    if (score !== null) next = { ...next, score };
  }
  return next;
}

function resumed(state: SessionState): SessionState {
  return { ...state, status: "running", pause: null, pauseRequested: null, limitHit: null };
}
