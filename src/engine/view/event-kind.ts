import type { EventType, SessionEvent } from "../event/event";

/** What users filter events by, with the label of each. */
export const eventKinds = {
  steps: "Steps",
  prompts: "Prompts",
  replies: "Replies",
  tools: "Tool calls",
  files: "Files",
  checks: "Checks and commands",
  verdicts: "Verdicts and results",
  questions: "Questions and answers",
  adjustments: "Adjustments",
  failures: "Failures",
  session: "Session",
} as const;
export type EventKind = keyof typeof eventKinds;

/** Each type of event: what it is called, and its kind. */
const table: Readonly<Record<EventType, readonly [words: string, kind: EventKind]>> = {
  session_start: ["Session started", "session"],
  plan_resolved: ["Plan", "session"],
  step_start: ["Step started", "steps"],
  prompt_built: ["Prompt", "prompts"],
  model_call_start: ["Model called", "replies"],
  model_call_end: ["Reply", "replies"],
  model_call_failed: ["Model call failed", "failures"],
  failover: ["Moved to another node", "failures"],
  tool_call: ["Tool call", "tools"],
  tool_result: ["Tool result", "tools"],
  tool_denied: ["Tool call denied", "tools"],
  artifact_written: ["File written", "files"],
  artifact_deleted: ["File deleted", "files"],
  notes_updated: ["Notes changed", "tools"],
  verdict_set: ["Verdict", "verdicts"],
  approval_requested: ["Approval requested", "questions"],
  approval_resolved: ["Approval answered", "questions"],
  adjustment: ["Adjustment", "adjustments"],
  condition_checked: ["Condition checked", "steps"],
  items_resolved: ["Items listed", "steps"],
  inputs_resolved: ["Inputs given", "steps"],
  loop_exhausted: ["Loop ended without its goal", "failures"],
  group_end: ["Group ended", "steps"],
  result_set: ["Result", "verdicts"],
  command_start: ["Command started", "checks"],
  command_end: ["Command ended", "checks"],
  question_asked: ["Question", "questions"],
  question_answered: ["Answer", "questions"],
  suggestion: ["Drift suggestion", "adjustments"],
  suggestion_resolved: ["Suggestion decided", "adjustments"],
  step_end: ["Step ended", "steps"],
  step_skipped: ["Step skipped", "steps"],
  step_failed: ["Step failed", "steps"],
  limit_reached: ["Limit reached", "failures"],
  session_paused: ["Session paused", "session"],
  session_resumed: ["Session resumed", "session"],
  venue_changed: ["Venue changed", "adjustments"],
  session_end: ["Session ended", "session"],
  artifact_accepted: ["File accepted", "files"],
  artifact_rejected: ["File rejected", "files"],
  acceptance_reverted: ["Acceptance reverted", "files"],
};

/** The type of an event in words. */
export function eventWords(type: EventType): string {
  return table[type][0];
}

/** Whether something did not go as it should. */
export function isFailure(event: SessionEvent): boolean {
  switch (event.type) {
    case "step_failed":
    case "tool_denied":
      return true;
    case "tool_result":
      return !event.data.ok;
    case "command_end":
      return event.data.end.kind !== "exited" || event.data.end.code !== 0;
    case "session_paused":
      return event.data.reason === "step_failed";
    default:
      return table[event.type][1] === "failures";
  }
}

/** Whether a filter by this kind shows the event; a failure is also of the kind of what failed. */
export function isOfKind(event: SessionEvent, kind: EventKind): boolean {
  return table[event.type][1] === kind || (kind === "failures" && isFailure(event));
}
