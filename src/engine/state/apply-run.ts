import type { BlobRef } from "../event/content";
import type { EventData, SessionEvent } from "../event/event";
import { commandOfTool } from "../model/tools";
import { addUsage } from "../event/tokens";
import type { ActiveRun, RunUpdate } from "./cursor";
import { learnedDensity, promptBytes } from "./calibration";
import {
  changeAt,
  withChange,
  withDensity,
  withLearned,
  withoutSchema,
  withNotes,
  withPass,
  withRefusedPrompt,
  withResult,
} from "./scope";
import type { Scope } from "./scope";
import { answeredQuestion } from "./apply-answer";
import { restarted } from "./step-run";
import type { PromptBasis, StepRun } from "./step-run";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** Events that are about the session, not about one step run. */
export type SessionWideType =
  | "session_start"
  | "plan_resolved"
  | "session_paused"
  | "session_resumed"
  | "session_end"
  | "venue_changed"
  | "limit_reached"
  | "adjustment"
  | "artifact_accepted"
  | "artifact_rejected"
  | "acceptance_reverted"
  | "failover"
  | "suggestion"
  | "suggestion_resolved";
/** An event about one step run. */
export type RunEvent = Exclude<SessionEvent, { type: SessionWideType }>;

/** Applies an event to the run that it is about. */
export function applyToRun(
  { run, scope }: ActiveRun,
  event: RunEvent,
  start: { order: number; patch: string | undefined; basis?: PromptBasis },
): RunUpdate {
  const active = (changes: Partial<StepRun>, nextScope = scope): RunUpdate => ({
    kind: "active",
    run: { ...run, ...changes },
    scope: nextScope,
  });
  switch (event.type) {
    case "step_start":
      return active({
        order: start.order,
        started: true,
        attempt: event.data.attempt,
        instruction: run.order === undefined ? (start.patch ?? run.instruction) : run.instruction,
      });
    case "prompt_built": {
      const kept = run.prompt?.messages.slice(0, event.data.kept) ?? [];
      return active({
        prompt: {
          turn: event.data.turn,
          messages: [...kept, ...event.data.added],
          sha256: event.data.sha256,
          maxTokens: event.data.max_tokens,
        },
        reply: null,
        outcomes: [],
        failedCall: null,
      });
    }
    case "model_call_start":
    case "model_call_end":
    case "model_call_failed":
      return callPart({ run: { ...run, basis: start.basis ?? run.basis }, scope }, event);
    case "tool_call":
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
    case "result_set":
      return toolPart({ run, scope }, event);
    case "approval_requested":
      return active({ approval: event.data });
    case "approval_resolved":
      return resolved({ run, scope }, event.data);
    case "step_end": {
      const ended: StepRun = { ...run, ended: event.data };
      return needsApprovalAfter(ended) ? { kind: "active", run: ended, scope } : over({ run: ended, scope });
    }
    case "step_skipped":
      return {
        kind: "over",
        scope: withPass(run.skip?.refused === true ? withRefusal(scope, run, event.data.reason) : scope, {
          id: run.node.id,
          key: `${run.key} `,
        }),
      };
    case "step_failed": {
      const { code, message, will_retry } = event.data;
      if (!will_retry) return active({ failure: { code, message }, call: null, question: null });
      const feedback = run.node.retry_feedback === true ? message : undefined;
      return { kind: "active", run: { ...restarted(run), feedback }, scope };
    }
    case "condition_checked":
    case "items_resolved":
    case "inputs_resolved":
    case "loop_exhausted":
    case "group_end":
      return groupPart({ run, scope }, event);
    case "command_start":
      return active({ command: event.data, commandEnd: null });
    case "command_end":
      // As a tool, its result goes to the model; the step's verdict is the model's.
      if (run.command?.call_id !== undefined) return active({ commandEnd: event.data });
      return active({
        commandEnd: event.data,
        ...defined({ verdict: event.data.verdict, result: event.data.result }),
      });
    case "question_asked":
      return active({ question: event.data, answer: null });
    case "question_answered":
      return answeredQuestion({ run, scope }, event.data);
  }
}

type CallEvent = Extract<RunEvent, { type: "model_call_start" | "model_call_end" | "model_call_failed" }>;

/** What a model call changes. */
function callPart({ run, scope }: ActiveRun, event: CallEvent): RunUpdate {
  const active = (changes: Partial<StepRun>, nextScope = scope): RunUpdate => ({
    kind: "active",
    run: { ...run, ...changes },
    scope: nextScope,
  });
  switch (event.type) {
    case "model_call_start":
      return active({
        call: {
          call: event.data.call,
          attempt: event.data.attempt,
          model: event.data.model,
          reservedTokens: event.data.reserved_tokens,
          reservedUsd: event.data.reserved_usd ?? 0,
        },
      });
    case "model_call_end": {
      const { data } = event;
      const native = data.tool_calls.length > 0 && data.from_text !== true;
      const seen = counted({ run, scope }, data);
      return active(
        {
          call: null,
          failedCall: null,
          overflows: 0,
          reply: replyOf(data),
          asked: run.asked || (data.unread ?? []).some(({ kind }) => kind === "quoted"),
          tokens: addUsage(run.tokens, data.tokens),
          costUsd: data.cost_usd === undefined ? run.costUsd : (run.costUsd ?? 0) + data.cost_usd,
        },
        data.schema === "ignored"
          ? withoutSchema(seen, run.node.role)
          : native
            ? withLearned(seen, "nativeToolRoles", run.node.role)
            : seen,
      );
    }
    case "model_call_failed":
      return failedCall({ run, scope }, event.data);
  }
}

type GroupEvent = Extract<
  RunEvent,
  { type: "condition_checked" | "items_resolved" | "inputs_resolved" | "loop_exhausted" | "group_end" }
>;

/** Decisions at a group's beginning and end; a step's own `when` is handled here too. */
function groupPart({ run, scope }: ActiveRun, event: GroupEvent): RunUpdate {
  const { does } = run.node;
  switch (event.type) {
    case "condition_checked": {
      const { holds, reason } = event.data;
      if (does?.kind !== "group")
        return { kind: "active", run: { ...run, condition: { holds, reason } }, scope };
      if (!holds) return { kind: "over", scope };
      const needsMore = does.group === "each" || does.group === "use";
      return needsMore
        ? { kind: "active", run: { ...run, condition: { holds, reason } }, scope }
        : { kind: "enter", scope, items: [], inputs: null };
    }
    case "items_resolved":
      return { kind: "enter", scope, items: event.data.items, inputs: null };
    case "inputs_resolved":
      return { kind: "enter", scope, items: [], inputs: event.data.inputs };
    case "loop_exhausted":
      return {
        kind: "active",
        run: run.gate === null ? run : { ...run, gate: { ...run.gate, exhausted: true } },
        scope,
      };
    case "group_end": {
      const { summary, verdict, result } = event.data;
      const { key, place, node } = run;
      const left = { key, id: node.id, role: node.role, summary, verdict, place };
      return { kind: "over", scope: withResult(scope, result === undefined ? left : { ...left, result }) };
    }
  }
}

function replyOf(data: EventData<"model_call_end">): NonNullable<StepRun["reply"]> {
  return {
    turn: data.turn,
    content: data.reply,
    toolCalls: data.tool_calls,
    finishReason: data.finish_reason,
    finishSaid: data.finish_said,
    fromText: data.from_text === true,
    ...(data.schema === "kept" ? { bySchema: true as const } : {}),
    said: data.said ?? data.reply,
    unread: data.unread ?? [],
    attached: data.attached,
  };
}

/** A failed try of a call: the next one may need other tools, a shorter prompt, or just a retry. */
function failedCall({ run, scope }: ActiveRun, data: EventData<"model_call_failed">): RunUpdate {
  const active = (changes: Partial<StepRun>, nextScope = scope): RunUpdate => ({
    kind: "active",
    run: { ...run, call: null, ...changes },
    scope: nextScope,
  });
  if (data.code === "context_overflow" && run.prompt !== null) {
    const refused = withRefusedPrompt(scope, run.call?.model ?? "", promptBytes(run.prompt));
    return active({ failedCall: data, overflows: run.overflows + 1 }, refused);
  }
  const { role } = run.node;
  if (data.switch_to_text === true)
    return active({ failedCall: null, prompt: null }, withLearned(scope, "textToolRoles", role));
  if (data.without_schema === true)
    return active({ failedCall: null, prompt: null }, withoutSchema(scope, role));
  return data.merge_system === true
    ? active({ failedCall: null }, withLearned(scope, "mergedSystemRoles", role))
    : active({ failedCall: isInterruption(data.code) ? run.failedCall : data });
}

/** What a server's count of a prompt shows about its model. */
function counted({ run, scope }: ActiveRun, { tokens }: EventData<"model_call_end">): Scope {
  if (run.prompt === null || run.call === null || tokens.input?.source !== "measured") return scope;
  const { model } = run.call;
  const known = entryOf(scope.densities, model);
  const learned = learnedDensity(known, promptBytes(run.prompt), tokens.input.count);
  return learned === undefined || learned === known ? scope : withDensity(scope, model, learned);
}

type ToolEvent = Extract<
  RunEvent,
  {
    type:
      | "tool_call"
      | "tool_result"
      | "tool_denied"
      | "artifact_written"
      | "artifact_deleted"
      | "notes_updated"
      | "verdict_set"
      | "result_set";
  }
>;

/** What a tool's event changes. The model is told about a change by the `tool_result` that the core decides next. */
function toolPart({ run, scope }: ActiveRun, event: ToolEvent): RunUpdate {
  const active = (changes: Partial<StepRun>, nextScope = scope): RunUpdate => ({
    kind: "active",
    run: { ...run, ...changes },
    scope: nextScope,
  });
  switch (event.type) {
    case "tool_call":
      return active({
        openTool: {
          call: { id: event.data.call_id, tool: event.data.tool, args: event.data.args },
          done: null,
        },
      });
    case "tool_result":
      return active({
        openTool: null,
        outcomes: [...run.outcomes, outcome(event.data, event.data.ok, event.data.content)],
      });
    case "tool_denied":
      return active({
        openTool: null,
        outcomes: [...run.outcomes, outcome(event.data, false, { text: event.data.message })],
      });
    case "artifact_written": {
      const { path, content } = event.data;
      const base = changeAt(scope, path)?.base ?? event.data.base;
      const from = event.data.moved_from;
      const movedFrom = originOf(scope, path, from);
      const before = changeAt(scope, from?.path ?? path);
      const { base_executable: ofBase } = event.data;
      const executable = event.data.executable ?? before?.executable ?? ofBase;
      const baseExecutable = changeAt(scope, path)?.baseExecutable ?? ofBase;
      const more = defined({ movedFrom, executable, baseExecutable });
      const change = { path, content, base, step: run.key, ...more };
      if (from === undefined) {
        return active(
          {
            written: { ...run.written, [path]: content },
            openTool: done(run, `Wrote ${path} (${content.bytes} bytes).`),
          },
          withChange(scope, change),
        );
      }
      const gone = {
        path: from.path,
        content: null,
        base: changeAt(scope, from.path)?.base ?? from.base,
        step: run.key,
      };
      return active(
        {
          written: { ...run.written, [from.path]: null, [path]: content },
          openTool: done(run, `Moved ${from.path} to ${path} (${content.bytes} bytes).`),
        },
        withChange(withChange(scope, gone), change),
      );
    }
    case "artifact_deleted": {
      const { path, base } = event.data;
      const change = { path, content: null, base: changeAt(scope, path)?.base ?? base, step: run.key };
      return active(
        { written: { ...run.written, [path]: null }, openTool: done(run, `Deleted ${path}.`) },
        withChange(scope, change),
      );
    }
    case "notes_updated": {
      const keys = Object.keys(event.data.set).join(", ");
      return active({ openTool: done(run, `Notes updated: ${keys}.`) }, withNotes(scope, event.data.set));
    }
    case "verdict_set":
      return active({
        verdict: event.data.verdict,
        verdictReason: event.data.reason,
        openTool: done(run, `Verdict recorded: ${event.data.verdict}.`),
      });
    case "result_set":
      return active({ result: event.data.result, openTool: done(run, "Result recorded.") });
  }
}

/** The project's file that was moved to a path, possibly several times; undefined: none was. */
function originOf(
  scope: Scope,
  path: string,
  from: { readonly path: string; readonly base: BlobRef | null } | undefined,
): string | undefined {
  const before = changeAt(scope, from?.path ?? path);
  if (from === undefined) return before?.content === null ? undefined : before?.movedFrom;
  const base = before?.base ?? from.base;
  const origin = before?.movedFrom ?? (base === null ? undefined : from.path);
  return origin === path ? undefined : origin;
}

/** Whether a person is asked about the run's result. */
export function needsApprovalAfter(run: StepRun): boolean {
  return run.node.approval === "after_step" || run.node.approval === "both";
}

function over({ run, scope }: ActiveRun): RunUpdate {
  const ended = run.ended;
  if (ended === null) return { kind: "over", scope };
  const result = {
    key: run.key,
    id: run.node.id,
    role: run.node.role,
    summary: ended.summary,
    verdict: ended.verdict,
    place: { prefix: run.place.prefix, rounds: run.place.rounds },
    ...defined({ result: ended.result }),
  };
  return { kind: "over", scope: withResult(scope, result) };
}

/** A refused step leaves the reason in place of its report, and no verdict: none of its output counts. */
function withRefusal(scope: Scope, run: StepRun, reason: string): Scope {
  const { key, node } = run;
  return withResult(scope, {
    key,
    id: node.id,
    role: node.role,
    summary: { text: reason },
    verdict: undefined,
  });
}

/** What a person says about the previous attempt, after the instruction. It is not a template. */
export function withFeedback(instruction: string, comment: string | undefined): string {
  if (comment === undefined) return instruction;
  return `${instruction.trimEnd()}\n\nA person looked at the attempt before and says: ${comment.replaceAll("{{", "{ {")}`.trim();
}

function resolved({ run, scope }: ActiveRun, data: EventData<"approval_resolved">): RunUpdate {
  if (run.approval?.id !== data.id) return { kind: "active", run, scope };
  const after = run.approval.kind === "after_step";
  const answeredRun: StepRun = { ...run, approval: null };
  switch (data.decision) {
    case "approve":
      return after
        ? over({ run, scope })
        : { kind: "active", run: { ...answeredRun, approved: true }, scope };
    case "skip":
      return {
        kind: "active",
        run: { ...answeredRun, skip: { by: data.by, reason: data.comment ?? "skipped when asked" } },
        scope,
      };
    case "refuse": {
      const reason = `Refused by a person: ${data.comment ?? ""}`.trim();
      return after
        ? { kind: "over", scope: withRefusal(scope, run, reason) }
        : { kind: "active", run: { ...answeredRun, skip: { by: data.by, reason, refused: true } }, scope };
    }
    case "edit":
      return after
        ? { kind: "active", run: restarted(run, data.instruction), scope }
        : {
            kind: "active",
            run: { ...answeredRun, instruction: data.instruction ?? run.instruction, prompt: null },
            scope,
          };
    case "retry":
      return {
        kind: "active",
        run: after
          ? restarted(run, withFeedback(run.instruction, data.comment))
          : { ...answeredRun, prompt: null },
        scope,
      };
    case "stop":
      return { kind: "active", run: answeredRun, scope };
  }
}

function outcome(
  data: { call_id: string; tool: string },
  ok: boolean,
  content: StepRun["outcomes"][number]["content"],
): StepRun["outcomes"][number] {
  return { callId: data.call_id, tool: data.tool, ok, content };
}

function done(run: StepRun, text: string): StepRun["openTool"] {
  // A command's output is part of its end, which is reported.
  if (run.openTool === null || commandOfTool(run.openTool.call.tool) !== undefined) return run.openTool;
  return { ...run.openTool, done: text };
}

/** Failures that say nothing about the call: it is made again, and the try is not counted. */
export function isInterruption(code: EventData<"model_call_failed">["code"]): boolean {
  return code === "cancelled" || code === "interrupted";
}
