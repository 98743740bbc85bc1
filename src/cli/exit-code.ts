import type { ErrorCode } from "../engine/error/orket-error";
import type { SessionEvent } from "../engine/event/event";
import type { CommandEnd } from "../engine/model/command";
import type { SessionView } from "../engine/view/session-view";

/** The exit code that the process returns to the shell. Public: docs/command-line.md. */
export const exitCodes = {
  done: 0,
  internal: 1,
  usage: 2,
  invalidDefinition: 3,
  providerFailed: 4,
  policyDenied: 5,
  limitReached: 6,
  approvalNeeded: 7,
  drift: 8,
  replayDiffers: 9,
  damagedJournal: 10,
  workFailed: 11,
  cancelled: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byError: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: exitCodes.usage,
  definition_invalid: exitCodes.invalidDefinition,
  session_not_found: exitCodes.usage,
  session_ambiguous: exitCodes.usage,
  session_locked: exitCodes.usage,
  session_ended: exitCodes.usage,
  journal_damaged: exitCodes.damagedJournal,
  blob_missing: exitCodes.damagedJournal,
  folder_unsafe: exitCodes.damagedJournal,
  not_trusted: exitCodes.usage,
  format_unsupported: exitCodes.damagedJournal,
  approval_unknown: exitCodes.usage,
  approval_stale: exitCodes.usage,
  command_refused: exitCodes.usage,
  artifact_unknown: exitCodes.usage,
  // The user must merge both changes.
  acceptance_conflict: exitCodes.approvalNeeded,
  acceptance_denied: exitCodes.policyDenied,
  acceptance_stale: exitCodes.approvalNeeded,
  acceptance_unchecked: exitCodes.approvalNeeded,
  venue_unready: exitCodes.providerFailed,
  secret_missing: exitCodes.providerFailed,
  provider_failed: exitCodes.providerFailed,
  consent_missing: exitCodes.approvalNeeded,
  // The user must agree first.
  key_not_allowed: exitCodes.approvalNeeded,
  session_foreign: exitCodes.approvalNeeded,
  disk_full: exitCodes.internal,
  disk_failed: exitCodes.internal,
  internal: exitCodes.internal,
};

export function exitCodeOfError(code: ErrorCode): ExitCode {
  return byError[code];
}

/** The parts of a session that decide the exit code. */
export type FinalState = Pick<SessionView, "status" | "outcome" | "pause" | "failed">;

/** Why a command was not started. */
type RefusalReason = Extract<CommandEnd, { kind: "refused" }>["reason"];

/** What a refused command lacked: something that the machine or the policy does not provide, or the user's consent. */
const byRefusal: Readonly<Record<RefusalReason, ExitCode>> = {
  isolation: exitCodes.policyDenied,
  secret: exitCodes.providerFailed,
  consent: exitCodes.approvalNeeded,
  untrusted: exitCodes.approvalNeeded,
};

/** The obstacles of each step of a run, from its events. */
export class Obstacles {
  readonly #steps = new Map<string, ExitCode>();

  /** Events in the order of the journal. A new attempt of a step begins without an obstacle. */
  see({ type, step, data }: SessionEvent): void {
    if (step === null) return;
    if (type === "step_start") this.#steps.delete(step);
    else if (type === "tool_denied") this.#steps.set(step, exitCodes.policyDenied);
    else if (type === "command_end" && data.end.kind === "refused")
      this.#steps.set(step, byRefusal[data.end.reason]);
  }

  /** The code for a failed step; undefined where it had no obstacle. */
  codeOf(step: string): ExitCode | undefined {
    return this.#steps.get(step);
  }
}

/**
 * The exit code of a run from its final state.
 * @param obstacles what was refused to the steps: when one of them then fails, the refusal ended the run.
 */
export function exitCodeOf(final: FinalState, obstacles: Pick<Obstacles, "codeOf">): ExitCode {
  if (final.status === "ended") {
    return final.outcome === "completed" ? exitCodes.done : exitCodes.approvalNeeded;
  }
  switch (final.pause?.reason) {
    case "cancelled":
      return exitCodes.cancelled;
    case "limit":
      return exitCodes.limitReached;
    case "drift":
      return exitCodes.drift;
    case "approval":
    case "person":
      return exitCodes.approvalNeeded;
    case "step_failed":
      return codeOfFailure(final.failed.at(-1), obstacles);
    case undefined:
      return exitCodes.internal;
  }
}

/** By the last failure: the provider's own, what was refused to it, or work that does not meet the Score. */
function codeOfFailure(
  failure: FinalState["failed"][number] | undefined,
  obstacles: Pick<Obstacles, "codeOf">,
): ExitCode {
  if (failure === undefined) return exitCodes.workFailed;
  if (failure.code.startsWith("model_")) return exitCodes.providerFailed;
  if (failure.code.includes("isolation")) return exitCodes.policyDenied;
  return obstacles.codeOf(failure.step) ?? exitCodes.workFailed;
}
