/**
 * The parts of a session that may change from one release to the next. `session_start` names both; a session without
 * them is of version 1. Raise one when the same definition, state and reply produce another prompt, or other calls.
 */
export interface MakingVersions {
  /** How a prompt is built from the definition and the state, and what its digest is over. */
  readonly promptBuilder: number;
  /** How calls, their arguments and a step's end are read from a reply. */
  readonly callReader: number;
  /** What tools answer to the same call. */
  readonly toolAnswers: number;
  /** What the drift rules report about a run; 0: they were not evaluated. */
  readonly driftRules: number;
  /** How the reasons are worded for which a condition does not hold, or a command's verdict or a limit ends the run, and whether the end names parts left out for a conflict (since 3). */
  readonly reasons: number;
  /** How the decisions about parts of a file count for an `accept` step. */
  readonly acceptances: number;
  /** What a step's report is where its last reply has no text, and whether a result makes up for that; see `missingFor`. */
  readonly reports: number;
}

/** The versions of this engine. */
export const currentVersions: MakingVersions = {
  promptBuilder: 5,
  callReader: 5,
  toolAnswers: 5,
  driftRules: 1,
  reasons: 3,
  acceptances: 2,
  reports: 3,
};

/** The versions that an event or a fork's origin names. */
export function versionsOf(data: {
  readonly prompt_builder?: number | undefined;
  readonly call_reader?: number | undefined;
  readonly tool_answers?: number | undefined;
  readonly drift_rules?: number | undefined;
  readonly reasons?: number | undefined;
  readonly acceptances?: number | undefined;
  readonly reports?: number | undefined;
}): MakingVersions {
  return {
    promptBuilder: data.prompt_builder ?? 1,
    callReader: data.call_reader ?? 1,
    toolAnswers: data.tool_answers ?? 1,
    driftRules: data.drift_rules ?? 0,
    reasons: data.reasons ?? 1,
    acceptances: data.acceptances ?? 1,
    reports: data.reports ?? 1,
  };
}
