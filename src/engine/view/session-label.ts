import type { SessionView } from "./session-view";

/** What a session is doing, in the common vocabulary of view, lists, trees, status bar, badge, command line and exports. */
export type SessionLabel =
  | "not_started"
  | "running"
  | "waiting"
  | "paused"
  | "failed"
  | "interrupted"
  | "completed"
  | "stopped"
  | "unreadable";

/** The word for each, as shown to users. */
export const sessionWords: Readonly<Record<SessionLabel, string>> = {
  not_started: "not started",
  running: "running",
  waiting: "waiting for you",
  paused: "paused",
  failed: "failed",
  interrupted: "interrupted",
  completed: "completed",
  stopped: "stopped",
  unreadable: "damaged",
};

/** The data for the label. */
export interface LabelFacts extends Pick<SessionView, "status" | "outcome"> {
  readonly pause?: { readonly reason: string };
  /** Approvals that are open. */
  readonly approvals: readonly unknown[];
  /** Questions of the Score that are open. */
  readonly questions: readonly unknown[];
  /** Steps whose failure the session waits for a decision on. */
  readonly failed: readonly unknown[];
}

/**
 * The label of a session.
 * @param performed whether a process performs it: the journal alone cannot tell a running session from an interrupted one
 */
export function labelOf(facts: LabelFacts, performed: boolean): SessionLabel {
  const { status, outcome, pause, approvals, questions, failed } = facts;
  if (status === "ended") return outcome === "completed" ? "completed" : "stopped";
  if (status === "paused") return labelOfPause(failed.length > 0 ? "step_failed" : pause?.reason);
  if (!performed) return status === "new" ? "not_started" : "interrupted";
  return approvals.length + questions.length > 0 ? "waiting" : "running";
}

/** The label of a session that paused for this reason. */
export function labelOfPause(reason: string | undefined): SessionLabel {
  if (reason === "step_failed") return "failed";
  return reason === "approval" ? "waiting" : "paused";
}

/** The word at the beginning of a line: `Waiting for you`. */
export function headingOf(label: SessionLabel): string {
  const word = sessionWords[label];
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
