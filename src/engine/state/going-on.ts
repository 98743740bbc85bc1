import { callSettings, venueOf } from "../model/definition";
import type { Definition } from "../model/definition";
import { replyProblems } from "./reply-problems";
import type { SessionState } from "./state";
import type { PromptBasis, StepRun } from "./step-run";
import { entryOf } from "../model/entry-of";

/** How a failed step is tried again: from a turn of the attempt that failed, or anew, with the reason where turns are lost. */
export type NextTry = { readonly from_turn: number } | { readonly anew: string } | undefined;

/** Failures of the server or the connection, which the conversation did not cause. */
const outside: ReadonlySet<string> = new Set([
  "model_unreachable",
  "model_connect_timeout",
  "model_connection_lost",
  "model_rate_limited",
  "model_overloaded",
  "model_unauthorized",
  "model_not_found",
  "model_refused_by_consent",
  "model_wait_too_long",
]);

/** Failures in which the turns before are not to blame: the attempt can go on from the turn that it had. */
function isInTheMiddle({ definition }: SessionState, run: StepRun, code: string): boolean {
  if (code === "model_context_overflow" || code === "prompt_too_large") return hasMoreRoom(definition, run);
  if (code.startsWith("model_") || code === "timeout" || code.startsWith("command_")) return true;
  // Turns used up while the model was still at work, whatever was missing by then.
  const isAtWork = run.reply !== null && run.reply.toolCalls.length > 0;
  const ownEnds = ["max_turns", "verdict_missing", "result_missing", "artifact_missing"];
  return isAtWork && ownEnds.includes(code) && replyProblems(definition, run).length === 0;
}

function hasMoreRoom(definition: Definition, { basis, node }: StepRun): boolean {
  return basis !== null && roomOf(definition, node.role) > basis.room;
}

function roomOf(definition: Definition, role: string): number {
  const { context_tokens, max_output_tokens } = callSettings(definition, role);
  return context_tokens - max_output_tokens;
}

/** What the prompts of a run's attempt are made from, and which model reads them. */
export function basisOf({ definition }: SessionState, run: StepRun): PromptBasis {
  const { role } = run.node;
  const isFirst = run.basis === null || run.prompt?.turn === 1;
  const texts = isFirst
    ? { rolePrompt: entryOf(definition.band.roles, role)?.prompt ?? "", instruction: run.instruction }
    : run.basis;
  return {
    rolePrompt: texts.rolePrompt,
    instruction: texts.instruction,
    provider: venueOf(definition, role).provider,
    model: callSettings(definition, role).model,
    room: roomOf(definition, role),
  };
}

/** What has changed since the attempt's prompts were made, so that they no longer hold; undefined: nothing. */
function changedSince({ definition }: SessionState, run: StepRun): string | undefined {
  const { basis, node } = run;
  if (basis === null) return "no prompt was sent";
  const { role } = node;
  if ((entryOf(definition.band.roles, role)?.prompt ?? "") !== basis.rolePrompt)
    return `the prompt of the role ${role} changed`;
  if (run.instruction !== basis.instruction) return "the step's instruction changed";
  const { provider } = venueOf(definition, role);
  if (provider !== basis.provider) return `the provider changed from ${basis.provider} to ${provider}`;
  const { model } = callSettings(definition, role);
  return model === basis.model ? undefined : `the model changed from ${basis.model} to ${model}`;
}

/** The turn whose call comes next. */
function nextTurn({ prompt, reply }: StepRun): number {
  return reply === null ? (prompt?.turn ?? 1) : reply.turn + 1;
}

/**
 * How a person's retry continues a failed step. Nothing is lost when the first turn failed, so nothing is said then.
 * @param isTold the next attempt is told something that changes its prompt.
 */
export function nextTry(state: SessionState, run: StepRun, isTold: boolean): NextTry {
  const turn = nextTurn(run);
  if (run.failure === null || run.node.does !== undefined || turn < 2) return undefined;
  const { code } = run.failure;
  if (isTold) return { anew: "its prompt now contains what a person says" };
  const changed = changedSince(state, run);
  if (changed !== undefined) return { anew: changed };
  if (!isInTheMiddle(state, run, code)) return { anew: `its last turn cannot be continued (${code})` };
  if (turn === run.firstTurn && !outside.has(code))
    return { anew: `going on from turn ${turn} failed before` };
  return { from_turn: turn };
}

/** The run at the start of an attempt that continues the conversation of the one before. */
export function continued(run: StepRun, firstTurn: number): StepRun {
  return {
    ...run,
    started: false,
    firstTurn,
    failure: null,
    failedCall: null,
    overflows: 0,
    activeMs: 0,
    approval: null,
    question: null,
    // A command that could not start is started again for the open call.
    command: null,
    commandEnd: null,
  };
}

/** The last turn that the attempt may use. */
export function lastTurn({ node, firstTurn }: StepRun): number {
  return firstTurn - 1 + node.max_turns;
}
