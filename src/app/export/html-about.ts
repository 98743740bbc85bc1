import { aboutAdjustment } from "../../engine/event/event";
import type { SessionEvent } from "../../engine/event/event";
import type { TokenCount, TokenUsage } from "../../engine/event/tokens";
import { grouped } from "../../engine/model/grouped";
import { attemptText, eventLine } from "../../engine/view/event-line";

export function count(value: TokenCount | undefined): string {
  if (value === undefined) return "unknown";
  return value.source === "estimated" ? `about ${grouped(value.count)}` : grouped(value.count);
}

export function tokens(usage: TokenUsage): string {
  if (usage.input === undefined && usage.output === undefined) return "tokens unknown";
  return `${count(usage.input)} in, ${count(usage.output)} out`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

/** A short description of an event; contents are shown with the steps. */
export function aboutEvent(event: SessionEvent): string {
  switch (event.type) {
    case "session_start":
      return `${event.data.flow}, ${event.data.provider}, Orket ${event.data.engine}`;
    case "step_start":
      return `${event.data.role}, attempt ${attemptText(event.data)}`;
    case "prompt_built":
      return `turn ${event.data.turn}, about ${grouped(event.data.estimated_tokens)} tokens`;
    case "model_call_start":
      return `call ${event.data.call}, ${event.data.provider} ${event.data.model}`;
    case "model_call_end":
      return `call ${event.data.call}, ${tokens(event.data.tokens)}, ${duration(event.data.total_ms)}`;
    case "model_call_failed":
      return `${event.data.code}: ${event.data.message}`;
    case "failover":
      return `from ${event.data.from} to ${event.data.to}: ${event.data.reason}`;
    case "tool_call":
      return event.data.tool;
    case "tool_result":
      return `${event.data.tool}${event.data.ok ? "" : ", failed"}`;
    case "tool_denied":
      return `${event.data.tool}: ${event.data.rule}`;
    case "artifact_written":
    case "artifact_deleted":
    case "artifact_accepted":
    case "artifact_rejected":
    case "acceptance_reverted":
      return event.data.path;
    case "notes_updated":
      return Object.keys(event.data.set).join(", ");
    case "verdict_set":
      return event.data.verdict;
    case "approval_requested":
      return event.data.kind.replaceAll("_", " ");
    case "approval_resolved":
      return `${event.data.decision}, by ${event.data.by.replace("_", " ")}`;
    case "adjustment":
      return [
        event.data.kind,
        Object.values(aboutAdjustment(event.data))[0] ?? "",
        `by ${event.data.by.replace("_", " ")}`,
      ]
        .filter((part) => part !== "")
        .join(", ");
    case "suggestion":
      return event.data.message;
    case "step_failed":
    case "session_paused":
      return event.data.message;
    case "step_skipped":
      return event.data.reason;
    case "limit_reached":
      return event.data.limit;
    case "session_end":
      return event.data.outcome;
    case "step_end":
      return event.data.verdict ?? "";
    case "venue_changed":
      return event.data.name;
    case "session_resumed":
      return `by ${event.data.by.replace("_", " ")}`;
    case "suggestion_resolved":
      return event.data.decision;
    case "plan_resolved":
      return `${event.data.steps} steps`;
    default:
      return eventLine(event);
  }
}
