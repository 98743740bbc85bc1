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

/** The most that one part of the sentence names; how many more there are is said. */
const mostNamed = 3;

function named(what: string, all: readonly string[]): string {
  if (all.length === 0) return "";
  const more = all.length > mostNamed ? ` and ${all.length - mostNamed} more` : "";
  return `; ${what}: ${all.slice(0, mostNamed).join(", ")}${more}`;
}

/**
 * What failed or was skipped never counts as success: a completed run names the runs that failed and were left out, the
 * loops that ended without what they ask for, and what was skipped, first what a person or a role's switch skipped.
 */
function completedText({ steps, lost, unfinished, waived }: SessionState): string {
  const records = steps.slice();
  const done = records.filter(({ status }) => status === "done").length;
  const waivers = new Set(waived.map(({ step }) => step));
  const skipped = records.filter(({ status }) => status === "skipped");
  const [first, others] = [true, false].map((isWaived) =>
    skipped.filter(({ key }) => waivers.has(key) === isWaived),
  );
  const why = [...(first ?? []), ...(others ?? [])].map(
    ({ key, reason }) => `${key} (${reason ?? "skipped"})`,
  );
  return [
    `Completed: ${done} ${done === 1 ? "step is" : "steps are"} done`,
    named("failed and left out", [...new Set(lost)]),
    named("until never came true", [...new Set(unfinished)]),
    named("skipped", why),
    ".",
  ].join("");
}

function stoppedText(state: SessionState): string {
  const last: StepRecord | undefined = state.steps.at(state.steps.length - 1);
  if (last === undefined) return "Stopped before the first step.";
  return last.status === "running" ? `Stopped in ${last.key}.` : `Stopped after ${last.key}.`;
}
