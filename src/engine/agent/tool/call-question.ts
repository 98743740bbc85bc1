import { draft } from "../../event/event";
import type { EventDraft, ToolCall } from "../../event/event";
import type { Sha256 } from "../../port/digest";
import type { SessionStore } from "../../port/session-store";
import { callWords } from "../../state/asked-call";
import type { StepRun } from "../../state/step-run";
import { takeArguments } from "../arguments";

interface QuestionParts {
  readonly run: StepRun;
  /** How many questions the session has asked. */
  readonly questions: number;
  readonly store: Pick<SessionStore, "getText" | "putText">;
  readonly sha256: Sha256;
  /** Why the call must be approved, as sentences. */
  readonly why: string;
}

/** The question about a call that is performed only if it is approved, with the arguments as the model sent them. */
export async function callQuestion(
  kind: "foreign_tool" | "quoted_call",
  call: ToolCall,
  { run, questions, store, sha256, why }: QuestionParts,
): Promise<EventDraft> {
  const text = await store.getText(call.args);
  const taken = takeArguments(text, {});
  const args = taken.ok ? JSON.stringify(taken.args, null, 2) : text;
  const shown = `The role ${run.node.role} calls ${call.tool} with:\n\n${args}\n\n${why}`;
  return draft("question_asked", run.key, {
    id: `q${questions + 1}`,
    kind,
    text: store.putText(shown),
    sha256: sha256(JSON.stringify([kind, call.id, call.tool, text, shown])),
    verdict: [callWords.approve, callWords.refuse],
    fields: {
      reason: { multiline: true, optional: true, description: "Why it is refused; the model is told." },
    },
    tool: call.tool,
  });
}
