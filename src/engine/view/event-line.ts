import type { Content } from "../event/content";
import { aboutAdjustment } from "../event/event";
import type { Adjustment, EventData, EventType, SessionEvent } from "../event/event";
import type { TokenCount } from "../event/tokens";
import { grouped } from "../model/grouped";
import { nextTryText } from "./next-try-text";
import { oneLine } from "./one-line";
import { commandEndText } from "../event/command-end-text";

type Lines = { readonly [T in EventType]: (data: EventData<T>) => string };

const textOf = (content: Content): string =>
  "text" in content ? oneLine(content.text) : `${grouped(content.bytes)} bytes`;
const tokens = (count: TokenCount | undefined): string =>
  count === undefined ? "–" : `${count.source === "estimated" ? "~" : ""}${grouped(count.count)}`;
/** How long a call waited before it was sent. */
const queuedText = (ms = 0): string => (ms < 500 ? "" : `waited ${grouped(ms / 1000)} s for its turn`);

function aboutOf(data: Adjustment): (string | undefined)[] {
  const { step, role, limit, value } = aboutAdjustment(data);
  return [step, role, limit === undefined ? undefined : `${limit} ${value ?? "none"}`];
}

const joined = (...parts: readonly (string | undefined | false)[]): string =>
  parts.filter((part) => typeof part === "string" && part !== "").join(", ");

/** The number of the attempt that begins, and the turn where it continues the one before. */
export function attemptText({ attempt, from_turn: turn }: EventData<"step_start">): string {
  return joined(String(attempt), nextTryText({ from_turn: turn }));
}

/** A one-line description of each event. */
const lines: Lines = {
  session_start: (data) => `${data.flow} with ${data.provider}, Orket ${data.engine}`,
  plan_resolved: (data) =>
    `${grouped(data.steps)} steps, ${grouped(data.max_model_calls)} model calls at most`,
  step_start: (data) =>
    joined(
      `role ${data.role}`,
      data.attempt > 1 && `try ${data.attempt}`,
      nextTryText({ from_turn: data.from_turn }),
    ),
  prompt_built: (data) =>
    joined(
      `${data.kept + data.added.length} messages, ~${grouped(data.estimated_tokens)} tokens`,
      data.omitted.length > 0 && `left out: ${data.omitted.map(({ what }) => what).join(", ")}`,
    ),
  model_call_start: (data) =>
    joined(`call ${data.call}`, data.model, data.attempt > 1 && `try ${data.attempt}`),
  model_call_end: (data) =>
    joined(
      `${tokens(data.tokens.input)} tokens in, ${tokens(data.tokens.output)} out`,
      `${grouped(data.total_ms)} ms`,
      queuedText(data.queued_ms),
      data.tool_calls.length > 0 && `tools: ${data.tool_calls.map(({ tool }) => tool).join(", ")}`,
      data.finish_reason !== "stop" && data.finish_reason !== "tool_calls" && data.finish_reason,
      ...(data.notices ?? []),
    ),
  model_call_failed: (data) => joined(data.code, data.message, queuedText(data.queued_ms)),
  failover: (data) => `from ${data.from} to ${data.to}: ${data.reason}`,
  tool_call: (data) => `${data.tool} ${textOf(data.args)}`,
  tool_result: (data) => `${data.ok ? "" : "failed: "}${textOf(data.content)}`,
  tool_denied: (data) => `${data.tool}: ${data.message} (${data.rule})`,
  artifact_written: (data) => `${data.path}, ${grouped(data.content.bytes)} bytes`,
  artifact_deleted: (data) => data.path,
  notes_updated: (data) => Object.keys(data.set).join(", "),
  verdict_set: (data) => joined(data.verdict, data.reason),
  approval_requested: (data) => (data.kind === "before_step" ? "begin the step?" : "take the result?"),
  approval_resolved: (data) => joined(data.decision, `by ${data.by}`, data.comment),
  adjustment: (data) =>
    joined(
      `${data.kind} by ${data.by}`,
      ...aboutOf(data),
      data.kind === "retry" && nextTryText(data),
      data.reason,
    ),
  condition_checked: (data) => `${data.holds ? "yes" : "no"}, ${data.reason}`,
  items_resolved: (data) => `${data.items.length} items`,
  inputs_resolved: (data) => Object.keys(data.inputs).join(", "),
  loop_exhausted: (data) => `after ${data.rounds} rounds, ${data.reason}`,
  group_end: (data) =>
    joined(
      `${data.parts} parts`,
      data.verdict,
      data.failed.length > 0 && `failed: ${data.failed.join(", ")}`,
    ),
  result_set: (data) => oneLine(JSON.stringify(data.result)),
  command_start: (data) => joined(data.argv.join(" "), data.attempt > 1 && `try ${data.attempt}`),
  command_end: (data) => joined(data.verdict, commandEndText(data.end), textOf(data.summary)),
  question_asked: (data) => textOf(data.text),
  question_answered: (data) =>
    joined(
      data.verdict,
      data.answers === undefined ? undefined : JSON.stringify(data.answers),
      `by ${data.by}`,
    ),
  suggestion: (data) => `${data.rule}: ${data.message}`,
  suggestion_resolved: (data) => `${data.decision} by ${data.by}`,
  step_end: (data) => joined(data.verdict, textOf(data.summary)),
  venue_changed: (data) => joined(data.name, `by ${data.by}`),
  step_skipped: (data) => joined(data.reason, `by ${data.by}`),
  step_failed: (data) => joined(data.message, data.will_retry && "it is tried again"),
  limit_reached: (data) => `${data.limit}: ${data.used} of ${data.value} used, ${data.needed} needed`,
  session_paused: (data) => joined(data.reason, data.message),
  session_resumed: (data) =>
    joined(
      `by ${data.by}`,
      data.interrupted_calls !== undefined && `${data.interrupted_calls} calls are made again`,
      data.cut_bytes !== undefined && `${data.cut_bytes} bytes of a torn line were cut off`,
    ),
  session_end: (data) =>
    joined(data.outcome, `${data.model_calls} model calls`, `${data.artifacts.length} files`),
  artifact_accepted: (data) => joined(data.path, data.mode !== "whole" && data.mode),
  artifact_rejected: (data) => joined(data.path, data.reason),
  acceptance_reverted: (data) => data.path,
};

export function eventLine(event: SessionEvent): string {
  // The table is complete by its type; the compiler cannot correlate the two halves of the union.
  const line = lines[event.type] as (data: SessionEvent["data"]) => string;
  return oneLine(line(event.data), 300);
}
