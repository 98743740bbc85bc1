import { OrketError } from "../../engine/error/orket-error";
import type { EventData } from "../../engine/event/event";
import type { Json } from "../../engine/model/field";
import type { Command } from "../../engine/conductor/command";
import { stepIdOf } from "../../engine/state/place";
import type { ApprovalView } from "../../engine/view/session-view";
import type { StepRun } from "../../engine/state/step-run";
import { defined } from "../../engine/model/defined";

type Question = EventData<"question_asked">;

/** The values of `--answer`: `STEP.FIELD=VALUE`, `STEP=WORD` for the word alone, `ID@SHA=yes` for what was shown before. */
export interface GivenAnswer {
  readonly step: string;
  readonly field: string;
  readonly value: string;
}

/** @throws {OrketError} usage for an invalid answer. */
export function readAnswers(texts: readonly string[]): GivenAnswer[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(at, 0));
    if (at <= 0) {
      throw new OrketError("usage", `'${text}' is not an answer.`, {
        hint: "Write --answer STEP=WORD, --answer STEP.FIELD=VALUE or --answer ID@SHA=yes.",
      });
    }
    const value = text.slice(at + 1);
    const dot = name.includes("@") ? -1 : name.lastIndexOf(".");
    return dot < 0
      ? { step: name, field: "verdict", value }
      : { step: name.slice(0, dot), field: name.slice(dot + 1), value };
  });
}

/** The answer to an open question, from the given values; undefined: there is none. */
export function answerTo(
  run: StepRun,
  question: Question,
  given: readonly GivenAnswer[],
): Command | undefined {
  // A call that the model may only repeat is approved by nothing that was typed before it was shown.
  const isNamed = (step: string): boolean =>
    question.kind !== "quoted_call" && (step === run.key || step === stepIdOf(run.key));
  const own = given.filter(({ step }) => isNamed(step) || isExact(step, question));
  if (own.length === 0) return undefined;
  const verdict = own.findLast(({ field }) => field === "verdict")?.value;
  const fields = own.filter(({ field }) => field !== "verdict");
  const answers: Json | undefined =
    question.questions === undefined
      ? question.fields === undefined
        ? undefined
        : Object.fromEntries(fields.map(({ field, value }) => [field, value]))
      : question.questions.map(
          (_, index) => fields.find(({ field }) => field === String(index + 1))?.value ?? "",
        );
  return {
    kind: "answer_question",
    id: question.id,
    sha256: question.sha256,
    by: "command_line",
    ...defined({ verdict, answers }),
  };
}

/** Whether an answer names what was shown by its id and its digest, or the digest's beginning. */
export function isExact(
  step: string,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
): boolean {
  const [name, digest = ""] = step.split("@");
  return name === id && digest.length >= 8 && sha256.startsWith(digest);
}

/** What a question waits for, and how to answer it. */
export function waitsFor(run: StepRun, question: Question): string {
  if (question.kind === "accept") {
    return `The step ${run.key} waits until a person has decided about ${(question.paths ?? []).join(", ")}: look at them (orket diff), accept or reject them (orket accept, orket reject), then resume the session.`;
  }
  const text = "text" in question.text ? question.text.text : "";
  const words = question.verdict === undefined ? [] : [`--answer ${run.key}=${question.verdict.join("|")}`];
  const fields = Object.keys(question.fields ?? {}).map((name) => `--answer ${run.key}.${name}=VALUE`);
  const list = (question.questions ?? []).map((_, index) => `--answer ${run.key}.${index + 1}=VALUE`);
  return `The step ${run.key} asks: ${text} Answer with ${[...words, ...fields, ...list].join(" ") || `--answer ${run.key}=yes`}.`;
}

/** The option that agrees to exactly what was shown. */
export function agreeOption({ id, sha256 }: { readonly id: string; readonly sha256: string }): string {
  return `--answer ${id}@${sha256.slice(0, 16)}=yes`;
}

/** What an approval waits for, and how to give it. */
export function approvalText(approval: ApprovalView): string {
  const { step, command } = approval;
  if (command === undefined) return `The step ${step} waits for an approval.`;
  const shown: unknown = "text" in command ? JSON.parse(command.text) : undefined;
  const argv =
    typeof shown === "object" && shown !== null && "argv" in shown && Array.isArray(shown.argv)
      ? `: ${shown.argv.map(String).join(" ")}`
      : "";
  return `The step ${step} asks before it starts a command${argv}. ${agreeOption(approval)} starts it.`;
}
