import type { SessionLabel } from "../../engine/view/session-label";
import { ruleWords } from "../../engine/view/adjustment-text";
import { isOpenArtifact } from "../../engine/view/session-view";
import { defined } from "../../engine/model/defined";
import type { QuestionView, SessionView } from "../../engine/view/session-view";

/** One thing in a session that waits for the user. */
export interface Waiting {
  readonly kind: "question" | "failure" | "suggestion" | "limit" | "drift" | "interrupted";
  /** The question's id, else the step, else the kind: unique together with the session's id. */
  readonly about: string;
  readonly step?: string;
  /** The question, in a few words: `begin build#1?` */
  readonly text: string;
}

/** What determines which things wait in a session. */
export interface WaitingFacts {
  readonly view: Pick<SessionView, "approvals" | "questions" | "suggestions" | "failed" | "pause" | "status">;
  readonly label: SessionLabel;
  readonly holder: "here" | "elsewhere" | "nobody";
  /** Another user wrote it: it waits for that user. */
  readonly foreign?: boolean;
}

/**
 * What waits for the user in a session. What another process performs waits for that process's user; a session that the
 * user paused waits for nobody, unless it has an open question.
 */
export function waitingIn({ view, label, holder, foreign }: WaitingFacts): readonly Waiting[] {
  if (foreign === true || holder === "elsewhere" || view.status === "ended" || label === "unreadable")
    return [];
  const questions = view.approvals.map(({ id, step, kind }): Waiting => ({
    kind: "question",
    about: id,
    step,
    text: kind === "before_step" ? `begin ${step}?` : `take the result of ${step}?`,
  }));
  const asked = view.questions.map(({ id, step, kind, paths, tool }): Waiting => ({
    kind: "question",
    about: id,
    step,
    text: questionText({ kind, step, ...defined({ paths, tool }) }),
  }));
  const failures = view.failed.map(({ step }): Waiting => ({
    kind: "failure",
    about: step,
    step,
    text: `${step} failed`,
  }));
  const suggestions = view.suggestions.map(({ id, step, rule }): Waiting => ({
    kind: "suggestion",
    about: id,
    step,
    text: `${ruleWords(rule)} in ${step}`,
  }));
  const found = [...questions, ...asked, ...failures, ...suggestions];
  if (found.length > 0) return found;
  if (label === "interrupted") return [{ kind: "interrupted", about: "interrupted", text: "interrupted" }];
  if (view.status !== "paused") return [];
  switch (view.pause?.reason) {
    case "limit":
      return [{ kind: "limit", about: "limit", text: "limit reached" }];
    case "drift":
      return [{ kind: "drift", about: "drift", text: "paused because it drifts" }];
    case "cancelled":
      return [{ kind: "interrupted", about: "interrupted", text: "paused when its window closed" }];
    default:
      return [];
  }
}

/** The subject of a step's question, in a few words. */
function questionText({
  kind,
  step,
  paths = [],
  tool = "a tool",
}: Pick<QuestionView, "kind" | "step" | "paths" | "tool">): string {
  switch (kind) {
    case "ask":
      return `a question of ${step}`;
    case "accept":
      return `accept or reject ${filesOf(paths)}?`;
    case "exhausted":
      return `more rounds of ${step}`;
    case "happened":
      return `what came of ${step}`;
    case "foreign_tool":
    case "quoted_call":
      return `let ${step} call ${tool}?`;
  }
}

function filesOf(paths: readonly string[]): string {
  return paths.length === 1 ? (paths[0] ?? "") : `${paths.length} files`;
}

/** The message for an end that nobody saw; undefined: this change of state is not one. */
export function endSentence(
  name: string,
  {
    view,
    label,
  }: Pick<WaitingFacts, "label"> & { readonly view: Pick<SessionView, "failed" | "pause" | "artifacts"> },
): string | undefined {
  const pending = view.artifacts.filter(isOpenArtifact).length;
  switch (label) {
    case "completed":
      return pending === 0
        ? `${name} completed.`
        : `${name} completed: ${pending} ${pending === 1 ? "file" : "files"} to review.`;
    case "failed":
      return `${name} failed at ${view.failed.map(({ step }) => step).join(", ")}.`;
    case "paused":
      if (view.pause?.reason === "limit") return `${name} paused: a limit is reached.`;
      return view.pause?.reason === "drift" ? `${name} paused: ${view.pause.message}` : undefined;
    default:
      return undefined;
  }
}
