import type { EventData, SessionEvent } from "../event/event";
import { addUsage } from "../event/tokens";
import type { ActiveRun, RunUpdate } from "./cursor";
import { changeAt, withChange, withNotes, withLearned, withResult } from "./scope";
import type { Scope } from "./scope";
import { restarted } from "./step-run";
import type { StepRun } from "./step-run";

type SessionWideType =
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

/** What an event makes of the run that it is about. */
export function applyToRun(
  { run, scope }: ActiveRun,
  event: RunEvent,
  start: { order: number; patch: string | undefined },
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
      return active({
        call: {
          call: event.data.call,
          attempt: event.data.attempt,
          reservedTokens: event.data.reserved_tokens,
          reservedUsd: event.data.reserved_usd ?? 0,
        },
      });
    case "model_call_end":
    case "model_call_failed":
      return callPart({ run, scope }, event);
    case "tool_call":
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
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
        scope: run.skip?.refused === true ? withRefusal(scope, run, event.data.reason) : scope,
      };
    case "step_failed":
      return event.data.will_retry
        ? { kind: "active", run: restarted(run), scope }
        : active({ failure: { code: event.data.code, message: event.data.message } });
  }
}

type CallEvent = Extract<RunEvent, { type: "model_call_end" | "model_call_failed" }>;

/** What the end of a model call changes, and what it teaches of the role's backend. */
function callPart({ run, scope }: ActiveRun, event: CallEvent): RunUpdate {
  const active = (changes: Partial<StepRun>, nextScope = scope): RunUpdate => ({
    kind: "active",
    run: { ...run, ...changes },
    scope: nextScope,
  });
  switch (event.type) {
    case "model_call_end": {
      const { data } = event;
      const native = data.tool_calls.length > 0 && data.from_text !== true;
      return active(
        {
          call: null,
          failedCall: null,
          reply: replyOf(data),
          asked: run.asked || (data.unread ?? []).some(({ kind }) => kind === "quoted"),
          tokens: addUsage(run.tokens, data.tokens),
          costUsd: data.cost_usd === undefined ? run.costUsd : (run.costUsd ?? 0) + data.cost_usd,
        },
        native ? withLearned(scope, "nativeToolRoles", run.node.role) : scope,
      );
    }
    case "model_call_failed":
      if (event.data.switch_to_text === true)
        return active(
          { call: null, failedCall: null, prompt: null },
          withLearned(scope, "textToolRoles", run.node.role),
        );
      return event.data.merge_system === true
        ? active({ call: null, failedCall: null }, withLearned(scope, "mergedSystemRoles", run.node.role))
        : active({ call: null, failedCall: isInterruption(event.data.code) ? run.failedCall : event.data });
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
    said: data.said ?? data.reply,
    unread: data.unread ?? [],
    attached: data.attached,
  };
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
      | "verdict_set";
  }
>;

/** What a tool's event changes. A change is told to the model by the `tool_result` that the core decides next. */
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
      const change = { path, content, base, step: run.key };
      return active(
        {
          written: { ...run.written, [path]: content },
          openTool: done(run, `Wrote ${path} (${content.bytes} bytes).`),
        },
        withChange(scope, change),
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
  }
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
  };
  return { kind: "over", scope: withResult(scope, result) };
}

/** A refused step leaves the reason in place of its report, and no verdict: nothing that it said counts. */
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

/** What a person says of the attempt before, behind the instruction. It is no template. */
function withFeedback(instruction: string, comment: string | undefined): string {
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
  return run.openTool === null ? null : { ...run.openTool, done: text };
}

/** Failures that say nothing about the call: it is made again and does not count as a try. */
export function isInterruption(code: EventData<"model_call_failed">["code"]): boolean {
  return code === "cancelled" || code === "interrupted";
}
