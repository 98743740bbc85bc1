import { describeFields } from "../model/field";
import type { ActiveRun } from "./cursor";
import { changeAt } from "./scope";

/** What must still happen before the step may end: given to the model as a reminder, and to users as the failure. */
export interface Missing {
  readonly code:
    | "reply_cut"
    | "call_unreadable"
    | "artifact_missing"
    | "verdict_missing"
    | "result_missing"
    | "empty_reply"
    | "max_turns";
  readonly message: string;
}

/** @param reports see `MakingVersions`: before version 3 a step with its result still needed a text */
export function missingFor({ run, scope }: ActiveRun, reports: number): Missing[] {
  const missing: Missing[] = [];
  for (const path of run.node.produces) {
    if ((changeAt(scope, path)?.content ?? null) === null) {
      missing.push({ code: "artifact_missing", message: `The file ${path} has not been written.` });
    }
  }
  if (run.node.verdict !== undefined && run.verdict === undefined) {
    const words = run.node.verdict.join(", ");
    missing.push({
      code: "verdict_missing",
      message: `No verdict was given with set_verdict (one of: ${words}).`,
    });
  }
  if (run.node.result !== undefined && run.result === undefined) {
    const fields = describeFields(run.node.result);
    missing.push({ code: "result_missing", message: `No result was given with set_result (${fields}).` });
  }
  const { reply } = run;
  const isToldByResult = reports >= 3 && run.result !== undefined;
  if (
    !isToldByResult &&
    reply !== null &&
    reply.toolCalls.length === 0 &&
    reply.unread.length === 0 &&
    "text" in reply.said &&
    reply.said.text.trim() === ""
  ) {
    missing.push({ code: "empty_reply", message: "The reply was empty." });
  }
  return missing;
}
