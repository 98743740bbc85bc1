import type { EventData } from "../event/event";
import { defined } from "../model/defined";
import type { ActiveRun, RunUpdate } from "./cursor";
import { callWords } from "./asked-call";
import type { StepRun } from "./step-run";

/** Applies a person's answer to the step that asked. */
export function answeredQuestion({ run, scope }: ActiveRun, data: EventData<"question_answered">): RunUpdate {
  const { question } = run;
  if (question?.id !== data.id) return { kind: "active", run, scope };
  const answered: StepRun = { ...run, question: null, answer: data };
  switch (question.kind) {
    case "exhausted":
      return data.verdict === "more" ? { kind: "again", scope } : { kind: "active", run: answered, scope };
    case "happened":
      // What did not happen may be started again, once a person has agreed to it again; what did happen is over, as it was left.
      return data.verdict === "did_not_happen"
        ? {
            kind: "active",
            run: {
              ...answered,
              answer: null,
              command: null,
              commandEnd: null,
              approved: false,
              activeMs: 0,
            },
            scope,
          }
        : { kind: "active", run: { ...answered, verdict: "pass" }, scope };
    case "foreign_tool":
    case "quoted_call":
      return {
        kind: "active",
        run: { ...run, question: null, openTool: withAnswer(run, question.kind, data) },
        scope,
      };
    case "ask":
    case "accept":
      return {
        kind: "active",
        run: {
          ...answered,
          ...defined({ verdict: data.verdict, result: data.answers }),
        },
        scope,
      };
  }
}

/** The open call with the answer about it. */
function withAnswer(
  { openTool }: StepRun,
  kind: "foreign_tool" | "quoted_call",
  data: EventData<"question_answered">,
): StepRun["openTool"] {
  if (openTool === null) return null;
  if (data.verdict === callWords.approve) return { ...openTool, answer: { allowed: true } };
  const { answers } = data;
  const given = typeof answers === "object" && answers !== null && "reason" in answers ? answers.reason : "";
  const reason = typeof given === "string" ? given.trim() : "";
  const quoted = kind === "quoted_call" ? { quoted: true as const } : {};
  const unasked = data.by === "engine" ? { unasked: true as const } : {};
  return { ...openTool, answer: { allowed: false, reason, ...quoted, ...unasked } };
}
