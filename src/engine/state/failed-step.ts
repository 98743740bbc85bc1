import { draft } from "../event/event";
import type { EventDraft } from "../event/event";
import type { StepNode } from "../model/definition";
import type { StepRun } from "./step-run";

/** A failure of the step's attempt; the Score decides whether there is another. */
export function failedStep(run: StepRun, code: string, message: string): EventDraft {
  const retry = run.attempt < run.node.retry_attempts && !isFinal(code);
  return draft("step_failed", run.key, { attempt: run.attempt, code, message, will_retry: retry });
}

/** Failures that another attempt of the step cannot fix. */
function isFinal(code: string): boolean {
  return [
    "model_unauthorized",
    "model_not_found",
    "model_bad_request",
    "model_wait_too_long",
    "prompt_too_large",
    "command_refused",
    "argument_not_allowed",
    "not_accepted",
  ].includes(code);
}

/**
 * Why a verdict prevents the run from continuing; undefined: it does not.
 * @param how where the verdict comes from, such as an exit code
 */
export function mustProblem(node: StepNode, verdict: string | undefined, how?: string): string | undefined {
  if (node.must === undefined || (verdict !== undefined && node.must.includes(verdict))) return undefined;
  const why = how === undefined ? "" : ` (${how})`;
  const said = verdict === undefined ? "It gave no verdict" : `Its verdict is ${verdict}${why}`;
  return `${said}; it must be ${node.must.join(" or ")}.`;
}
