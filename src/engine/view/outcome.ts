import type { SessionState, StepRecord } from "../state/state";

/**
 * The state or end of a session, in one sentence that names the step: every interface shows this. undefined while it
 * runs.
 */
export function outcomeSentence(state: SessionState): string | undefined {
  if (state.status === "ended")
    return state.outcome === "completed" ? completedText(state) : stoppedText(state);
  if (state.status !== "paused" || state.pause === null) return undefined;
  const { reason, message } = state.pause;
  const said = message.trim() === "" ? defaultMessages[reason] : message.trim();
  return ended(said);
}

const defaultMessages: Readonly<Record<NonNullable<SessionState["pause"]>["reason"], string>> = {
  person: "Paused by a person.",
  cancelled: "Cancelled.",
  step_failed: "A step failed.",
  limit: "A limit is reached.",
  approval: "Waits for an approval.",
  drift: "Paused by a drift rule.",
};

const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** A skip never counts as success: a completed run names what was left out, and who decided it. */
function completedText(state: SessionState): string {
  const records = state.steps.slice();
  const skipped = records.filter(({ status }) => status === "skipped");
  const done = records.filter(({ status }) => status === "done").length;
  const start = `Completed: ${done} ${done === 1 ? "step is" : "steps are"} done`;
  if (skipped.length === 0) return `${start}.`;
  const named = skipped.slice(0, 3).map(({ key, reason }) => `${key} (${reason ?? "skipped"})`);
  const more = skipped.length > 3 ? ` and ${skipped.length - 3} more` : "";
  return `${start}; skipped: ${named.join(", ")}${more}.`;
}

function stoppedText(state: SessionState): string {
  const last: StepRecord | undefined = state.steps.at(state.steps.length - 1);
  if (last === undefined) return "Stopped before the first step.";
  return last.status === "running" ? `Stopped in ${last.key}.` : `Stopped after ${last.key}.`;
}
