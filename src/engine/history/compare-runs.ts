import { promptIdentity } from "../agent/prompt-digest";
import type { SessionEvent } from "../event/event";

/** What a run of a step was asked and what it answered, in order. */
interface StepTrace {
  readonly prompts: string[];
  readonly replies: string[];
}

/** The first step in which two runs of one definition differ. */
export interface Parting {
  /** The step run; null: the artifacts differ, and no step explains why. */
  readonly step: string | null;
  /** The prompts differ; or the prompts are the same and the replies differ. */
  readonly what: "prompt" | "reply" | "end";
}
export interface RunComparison {
  /** Both ended with the same artifacts: same paths, same contents. */
  readonly sameArtifacts: boolean;
  /** undefined: every prompt and reply was the same. */
  readonly parting: Parting | undefined;
}

/** Steps in the order in which they began, with what their last attempt was asked and answered. */
function tracesOf(events: readonly SessionEvent[]): Map<string, StepTrace> {
  const traces = new Map<string, StepTrace>();
  for (const event of events) {
    if (event.step === null) continue;
    if (event.type === "step_start") {
      traces.set(event.step, { prompts: [], replies: [] });
      continue;
    }
    const trace = traces.get(event.step);
    if (event.type === "prompt_built") trace?.prompts.push(promptIdentity(event.data));
    if (event.type === "model_call_end") {
      const { reply, tool_calls, finish_reason } = event.data;
      trace?.replies.push(
        JSON.stringify([reply, tool_calls.map(({ tool, args }) => [tool, args]), finish_reason]),
      );
    }
    if (event.type === "step_skipped" && trace === undefined)
      traces.set(event.step, { prompts: [], replies: [] });
  }
  return traces;
}

/** The artifacts that a run ended with, as a text that is equal for equal artifacts; undefined: it did not complete. */
export function artifactsAtEnd(events: readonly SessionEvent[]): string | undefined {
  const end = events.findLast((event) => event.type === "session_end");
  if (end?.type !== "session_end" || end.data.outcome !== "completed") return undefined;
  const artifacts = end.data.artifacts.map(({ path, content }): [string, string] => [
    path,
    content === null ? "deleted" : content.sha256,
  ]);
  return JSON.stringify(artifacts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Compares a run with another one of the same definition. Prompts and replies are compared by their contents' digests, step by
 * step in the order of the first run; which of two parallel branches was faster does not matter.
 */
export function compareRuns(first: readonly SessionEvent[], second: readonly SessionEvent[]): RunComparison {
  const artifacts = artifactsAtEnd(first);
  const sameArtifacts = artifacts !== undefined && artifacts === artifactsAtEnd(second);
  const parting = firstParting(tracesOf(first), tracesOf(second));
  if (parting !== undefined || sameArtifacts) return { sameArtifacts, parting };
  return { sameArtifacts, parting: { step: null, what: "end" } };
}

function firstParting(first: Map<string, StepTrace>, second: Map<string, StepTrace>): Parting | undefined {
  for (const [step, mine] of first) {
    const theirs = second.get(step);
    if (theirs === undefined) return { step, what: "prompt" };
    const turns = Math.max(mine.prompts.length, theirs.prompts.length);
    for (let turn = 0; turn < turns; turn += 1) {
      if (mine.prompts[turn] !== theirs.prompts[turn]) return { step, what: "prompt" };
      if (mine.replies[turn] !== theirs.replies[turn]) return { step, what: "reply" };
    }
  }
  const more = [...second.keys()].find((step) => !first.has(step));
  return more === undefined ? undefined : { step: more, what: "prompt" };
}
