import { viewSession } from "../../src/engine/view/session-view";
import type { QuestionView } from "../../src/engine/view/session-view";
import type { Harness } from "./engine-harness";

/** Waits until the session asks about a call, and gives the question as a screen shows it. */
export async function asked(session: Harness): Promise<QuestionView> {
  for (let turn = 0; turn < 1000; turn += 1) {
    const open = session.eventsOf("question_asked").at(-1);
    const [shown] = viewSession(session.orchestrator.state).questions;
    if (open !== undefined && session.store.durable.includes(open) && shown !== undefined) return shown;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the session asked nothing");
}

/** Answers a question as a person does. */
export function answer(
  session: Harness,
  { id, sha256 }: QuestionView,
  verdict: string,
  reason?: string,
): void {
  const answers = reason === undefined ? {} : { answers: { reason } };
  session.orchestrator.submit({ kind: "answer_question", id, sha256, verdict, by: "person", ...answers });
}
