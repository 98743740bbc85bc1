import type { SessionEvent } from "../../engine/event/event";
import { plannedSteps } from "../../engine/model/plan";
import type { SessionState, StepRecord } from "../../engine/state/state";
import { nextTryText } from "../../engine/view/next-try-text";
import { formatBytes, formatDuration, formatTokens, plural } from "../text/format";
import { safeLine } from "../text/safe";
import { groupedExactly } from "../../engine/model/grouped";

/** One line about an event, for users. */
export interface EventLine {
  readonly mark: string;
  readonly tone: "plain" | "good" | "bad" | "warn" | "quiet";
  readonly text: string;
}

const line = (mark: string, tone: EventLine["tone"], text: string): EventLine => ({
  mark,
  tone,
  text: safeLine(text),
});

/** The duration of a step, as far as its record shows. */
export function stepDuration(record: Pick<StepRecord, "startedAt" | "endedAt">): number | undefined {
  if (record.endedAt === undefined) return undefined;
  const ms = Date.parse(record.endedAt) - Date.parse(record.startedAt);
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function recordOf(state: SessionState, key: string | null): StepRecord | undefined {
  return state.steps.slice().findLast((record) => record.key === key);
}

function endedText(event: Extract<SessionEvent, { type: "step_end" }>, state: SessionState): string {
  const record = recordOf(state, event.step);
  const duration = record === undefined ? undefined : stepDuration(record);
  const parts = [
    event.data.verdict === undefined ? "done" : `done: ${event.data.verdict}`,
    ...(duration === undefined ? [] : [formatDuration(duration)]),
    ...(event.data.tokens.input === undefined && event.data.tokens.output === undefined
      ? []
      : [`${formatTokens(event.data.tokens)} tokens`]),
  ];
  return `${event.step ?? ""}: ${parts.join(", ")}`;
}

/** Whether the step ran a command that did not pass: it is done, since the Score uses its verdict, but it is not green. */
function ranRed({ step, data }: Extract<SessionEvent, { type: "step_end" }>, state: SessionState): boolean {
  const id = recordOf(state, step)?.id;
  const planned = plannedSteps(state.definition.score.steps).find(({ node }) => node.id === id);
  return planned?.node.does?.kind === "run" && data.verdict !== undefined && data.verdict !== "pass";
}

/** What a user who follows a run is shown of an event; undefined: nothing. */
export function describeEvent(event: SessionEvent, state: SessionState): EventLine | undefined {
  const step = event.step ?? "";
  switch (event.type) {
    case "step_start": {
      const { attempt, role, from_turn: turn } = event.data;
      const again = attempt > 1 ? `, attempt ${attempt}` : "";
      const verb = nextTryText({ from_turn: turn }) ?? "begins";
      return line("▸", "plain", `${step}: ${role} ${verb}${again}`);
    }
    case "artifact_written":
      return line(
        "+",
        "quiet",
        `${step}: wrote ${event.data.path} (${formatBytes(event.data.content.bytes)})`,
      );
    case "artifact_deleted":
      return line("-", "quiet", `${step}: deleted ${event.data.path}`);
    case "tool_denied":
      return line(
        "!",
        "warn",
        `${step}: ${event.data.tool} was denied (${event.data.rule}): ${event.data.message}`,
      );
    case "model_call_failed":
      return line("!", "warn", `${step}: ${event.data.message}${retryNote(event.data.retry_in_seconds)}`);
    case "failover":
      return line(
        "!",
        "warn",
        `${step}: moved from ${event.data.from} to ${event.data.to}: ${event.data.reason}`,
      );
    case "step_end":
      return ranRed(event, state)
        ? line("✗", "bad", endedText(event, state))
        : line("✓", "good", endedText(event, state));
    case "step_skipped":
      return line("–", "quiet", `${step}: skipped: ${event.data.reason}`);
    case "step_failed":
      return event.data.will_retry
        ? line("!", "warn", `${step}: failed and is tried again: ${event.data.message}`)
        : line("✗", "bad", `${step}: failed: ${event.data.message}`);
    case "limit_reached": {
      const { limit, value, used, needed } = event.data;
      const numbers = `${groupedExactly(used)} of ${groupedExactly(value)} used, ${groupedExactly(needed)} needed`;
      return line("!", "bad", `the limit ${limit} is reached: ${numbers}`);
    }
    case "adjustment":
      return event.data.kind === "retry" && event.data.anew !== undefined
        ? line("!", "warn", `${event.data.step}: ${nextTryText({ anew: event.data.anew })}`)
        : undefined;
    case "suggestion":
      return line("!", "warn", `suggestion: ${event.data.message}`);
    case "session_resumed":
      return line("▸", "quiet", resumedText(event.data));
    default:
      return undefined;
  }
}

function retryNote(seconds: number | undefined): string {
  return seconds === undefined
    ? ""
    : seconds === 0
      ? " Tried again."
      : ` Tried again in ${formatDuration(seconds * 1000)}.`;
}

function resumedText(data: Extract<SessionEvent, { type: "session_resumed" }>["data"]): string {
  const notes = [
    ...(data.cut_bytes === undefined
      ? []
      : [`${plural(data.cut_bytes, "byte")} of a line that was not written to its end were cut off`]),
    ...(data.interrupted_calls === undefined
      ? []
      : [
          `${plural(data.interrupted_calls, "interrupted model call is", "interrupted model calls are")} made again`,
        ]),
  ];
  return `the session goes on${notes.length === 0 ? "" : `: ${notes.join("; ")}`}`;
}
