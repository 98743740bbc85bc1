import type { ErrorCode } from "../engine/error/orket-error";
import type { SessionView } from "../engine/view/session-view";

/** What the process says to the shell that started it. Public: docs/command-line.md. */
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
  // A person has to decide what becomes of both changes.
  acceptance_conflict: exitCodes.approvalNeeded,
  acceptance_denied: exitCodes.policyDenied,
  acceptance_stale: exitCodes.approvalNeeded,
  acceptance_unchecked: exitCodes.approvalNeeded,
  secret_missing: exitCodes.providerFailed,
  consent_missing: exitCodes.approvalNeeded,
  // A person has to say yes first.
  key_not_allowed: exitCodes.approvalNeeded,
  session_foreign: exitCodes.approvalNeeded,
  disk_full: exitCodes.internal,
  disk_failed: exitCodes.internal,
  internal: exitCodes.internal,
};

export function exitCodeOfError(code: ErrorCode): ExitCode {
  return byError[code];
}

/** What of a session decides the exit code. */
export type FinalState = Pick<SessionView, "status" | "outcome" | "pause" | "failed">;

/**
 * The exit code of a run from the state that it left.
 * @param deniedSteps the steps that asked for something the policy forbids: when one of them then fails, it is the
 * policy that ended the run.
 */
export function exitCodeOf(final: FinalState, deniedSteps: ReadonlySet<string>): ExitCode {
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
      return codeOfFailure(final.failed.at(-1), deniedSteps);
    case undefined:
      return exitCodes.internal;
  }
}

/** By the last failure: the provider's own, a denial or missing isolation, or work that is not what the Score asks. */
function codeOfFailure(
  failure: FinalState["failed"][number] | undefined,
  deniedSteps: ReadonlySet<string>,
): ExitCode {
  if (failure === undefined) return exitCodes.workFailed;
  if (failure.code.startsWith("model_")) return exitCodes.providerFailed;
  const denied = deniedSteps.has(failure.step) || failure.code.includes("isolation");
  return denied ? exitCodes.policyDenied : exitCodes.workFailed;
}
