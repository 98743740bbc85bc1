import type { LiveSession } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import type { EventData } from "../../engine/event/event";
import { viewSession } from "../../engine/view/session-view";
import type { ApprovalView, QuestionView } from "../../engine/view/session-view";
import type { Environment, Output } from "../io";
import { safeLine, safeText } from "../text/safe";
import { wrapText } from "../text/width";
import { waitsForAcceptance } from "../../engine/orchestrator/decide-act";
import { unaskedRefusal } from "../../engine/conductor/command";
import { activeRuns } from "../../engine/state/cursor";
import { textOfApproval } from "./approval-text";
import type { ApprovalText } from "./approval-text";
import type { AcceptanceSaid } from "./ask-acceptance";
import { askQuestion } from "./ask-question";
import { answerTo, approvalText, isExact, waitsFor } from "./answers";
import type { GivenAnswer } from "./answers";
import type { Display } from "./display";
import { editText } from "./edit-text";
import type { TypedLines } from "./lines";
import { defined } from "../../engine/model/defined";

/** How the session's questions are answered. `none`: no user is present; the session pauses at the first. */
export type ApprovalMode = "all" | "none" | "ask";

type Decision = EventData<"approval_resolved">["decision"];

export interface ApproverParts {
  readonly live: Pick<LiveSession, "orchestrator" | "readText" | "readBytes">;
  readonly mode: ApprovalMode;
  readonly display: Display;
  readonly output: Output;
  readonly env: Environment;
  readonly lines: TypedLines;
  /** Asks a user who is present about the files that an `accept` step waits for; absent: the session pauses there. */
  readonly askAcceptance?: (question: QuestionView) => Promise<AcceptanceSaid>;
  /** The values of `--answer`. */
  readonly answers?: readonly GivenAnswer[];
}

/** Answers the questions of a session, or pauses it where nobody can. */
export class Approver {
  readonly #answered = new Set<string>();
  /** Questions for which the values of `--answer` are invalid. */
  readonly #refused = new Set<string>();
  #asking = false;
  #closed = false;
  #paused = false;
  #deciding: Promise<AcceptanceSaid> | undefined;
  readonly #parts: ApproverParts;

  constructor(parts: ApproverParts) {
    this.#parts = parts;
  }

  /** Checks for open questions; called after every change of the session. */
  look(): void {
    // Deferred: the run that reported the question must end its own step first.
    setImmediate(() => {
      if (this.#closed) return;
      this.#answerQuestions();
      if (this.#parts.mode === "ask") void this.#askAll();
      else this.#answerAll();
    });
  }

  /** Asks nothing more; resolves when a decision about files that was being made has been made. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#parts.lines.cancel();
    await this.#deciding?.catch(() => undefined);
  }

  #open(): ApprovalView[] {
    const { state } = this.#parts.live.orchestrator;
    if (state.status !== "running" || state.pauseRequested !== null || state.stopRequested) return [];
    return viewSession(state).approvals.filter(({ id }) => !this.#answered.has(id));
  }

  /** The questions of the Score that a user at the terminal can answer. */
  #asked(): QuestionView[] {
    const { state } = this.#parts.live.orchestrator;
    if (state.status !== "running" || state.pauseRequested !== null || state.stopRequested) return [];
    return viewSession(state).questions.filter(
      ({ id, kind, paths = [] }) =>
        !this.#answered.has(id) && (kind !== "accept" || (this.#asksAbout(kind) && paths.length > 0)),
    );
  }

  /** Whether the user is asked about a question of this kind. */
  #asksAbout(kind: QuestionView["kind"]): boolean {
    const { mode, askAcceptance } = this.#parts;
    return mode === "ask" && (kind !== "accept" || askAcceptance !== undefined);
  }

  /**
   * Questions of the Score take the given values. Without one, the user is asked if present; otherwise,
   * and where files must be decided about, the session pauses.
   */
  #answerQuestions(): void {
    const { state } = this.#parts.live.orchestrator;
    if (state.status !== "running" || state.pauseRequested !== null || state.stopRequested) return;
    for (const { run } of activeRuns(state.score)) {
      const { question } = run;
      if (question === null || this.#answered.has(question.id)) continue;
      if (question.kind === "accept" && !waitsForAcceptance(state, run)) continue;
      const isAsked = this.#asksAbout(question.kind);
      const isRefused = this.#refused.has(question.id);
      const command =
        question.kind === "accept" || isRefused
          ? undefined
          : answerTo(run, question, this.#parts.answers ?? []);
      if (command === undefined && question.kind === "quoted_call" && !isAsked) {
        // Text from outside must not be able to stop a run without a user: the model is told, and the run goes on.
        this.#answered.add(question.id);
        this.#parts.live.orchestrator.submit(unaskedRefusal(question));
        continue;
      }
      if (command === undefined) {
        if (isAsked) continue;
        this.#pause("approval", waitsFor(run, question));
        return;
      }
      this.#answered.add(question.id);
      try {
        this.#parts.live.orchestrator.submit(command);
      } catch (error) {
        if (!OrketError.is(error)) throw error;
        if (!isAsked) {
          this.#pause("approval", error.message);
          return;
        }
        this.#answered.delete(question.id);
        this.#refused.add(question.id);
        this.#parts.display.say(safeText(error.message));
      }
    }
  }

  /** A command is started only by an answer that was given for it, whatever else is approved. */
  #isCommand({ step }: ApprovalView): boolean {
    const { state } = this.#parts.live.orchestrator;
    return activeRuns(state.score).some(({ run }) => run.key === step && run.node.does?.kind === "run");
  }

  #answerAll(): void {
    for (const approval of this.#open()) {
      const isAllowed = this.#isCommand(approval)
        ? (this.#parts.answers ?? []).some(({ step, value }) => value === "yes" && isExact(step, approval))
        : this.#parts.mode === "all";
      if (isAllowed) this.#answer(approval, "approve", "command_line");
      else if (!this.#paused) {
        this.#paused = true;
        this.#pause("approval", approvalText(approval));
      }
    }
  }

  #pause(reason: "person" | "approval", message: string): void {
    this.#parts.live.orchestrator.submit({
      kind: "adjust",
      adjustment: {
        kind: "pause",
        by: reason === "person" ? "person" : "command_line",
        pause: reason,
        reason: message,
      },
    });
  }

  #answer(
    { id, sha256 }: ApprovalView,
    decision: Decision,
    by: "person" | "command_line",
    instruction?: string,
  ): void {
    this.#parts.live.orchestrator.submit({
      kind: "resolve_approval",
      id,
      sha256,
      decision,
      by,
      ...defined({ instruction }),
    });
    this.#answered.add(id);
  }

  async #askAll(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { display, lines, output } = this.#parts;
    try {
      for (;;) {
        const [approval] = this.#open();
        const [question] = this.#asked();
        if (this.#closed || (approval === undefined && question === undefined)) break;
        display.hide();
        if (approval !== undefined) await this.#ask(approval);
        else if (question !== undefined) await this.#askQuestion(question);
      }
    } catch (error) {
      // The question is closed or has changed: the next check shows what is open now.
      if (!OrketError.is(error)) throw error;
      output.line(safeText(error.message));
      this.look();
    } finally {
      this.#asking = false;
      lines.cancel();
      display.show();
    }
  }

  async #askQuestion(question: QuestionView): Promise<void> {
    const { live, askAcceptance } = this.#parts;
    const { id, sha256, step } = question;
    if (question.kind === "accept") {
      this.#deciding = askAcceptance?.(question);
      const word = (await this.#deciding) ?? "ended";
      if (!this.#closed && word !== "decided") this.#leave(word, step);
      return;
    }
    const said = await askQuestion(question, await live.readText(question.text), this.#parts);
    if (this.#closed) return;
    switch (said.kind) {
      case "pause":
      case "stop":
      case "ended":
        this.#leave(said.kind, step);
        return;
      case "answer": {
        const { verdict, answers } = said;
        live.orchestrator.submit({
          kind: "answer_question",
          id,
          sha256,
          by: "person",
          ...defined({ verdict, answers }),
        });
        this.#answered.add(id);
      }
    }
  }

  /** Ends the run at a question that stays open. */
  #leave(word: "pause" | "stop" | "ended", step: string): void {
    const { live, output } = this.#parts;
    if (word === "pause") this.#pause("person", "Paused at a question.");
    else if (word === "stop")
      live.orchestrator.submit({ kind: "adjust", adjustment: { kind: "stop", by: "person" } });
    else {
      output.line();
      this.#pause("approval", `The step ${step} waits for an answer.`);
    }
  }

  async #ask(approval: ApprovalView): Promise<void> {
    const { output, lines, env } = this.#parts;
    const text = await textOfApproval(approval, this.#parts.live);
    this.#showText(approval, text, false);
    const choices = choicesOf(approval);
    for (;;) {
      output.write(`${choices.map(([, label]) => label).join("  ")} ${output.style.bold(">")} `);
      const typed = await lines.next();
      if (this.#closed) return;
      if (typed === undefined) {
        output.line();
        this.#pause("approval", approvalText(approval));
        return;
      }
      const word = typed.trim().toLowerCase();
      const chosen = choices.find(([action, , key]) => word === key || word === action)?.[0];
      if (chosen === undefined) {
        if (word !== "") output.line(`Type one of ${choices.map(([, , key]) => key).join(", ")}.`);
        continue;
      }
      if (chosen === "view") {
        this.#showText(approval, text, true);
        continue;
      }
      if (chosen === "pause") {
        this.#pause("person", "Paused at an approval.");
        return;
      }
      if (chosen !== "edit") {
        this.#answer(approval, chosen, "person");
        return;
      }
      const instruction = await editText(approval.instruction, { env, lines, output });
      if (this.#closed) return;
      if (instruction !== undefined) {
        this.#answer(approval, "edit", "person", instruction);
        return;
      }
      output.line("Nothing was changed.");
    }
  }

  #showText(approval: ApprovalView, { news, whole, rest }: ApprovalText, all: boolean): void {
    const { output } = this.#parts;
    const { style, columns, rows } = output;
    const lines = (all ? whole : news).flatMap(({ heading, text }, index) => [
      ...(index === 0 ? [] : [""]),
      ...(heading === undefined ? [] : [style.bold(heading)]),
      ...(text === "" ? [] : text.split("\n").flatMap((line) => wrapText(line, columns - 1))),
    ]);
    const room = all ? lines.length : Math.max(5, rows - 8);
    const asks = approval.kind === "before_step" ? "may it begin?" : "is the result all right?";
    output.line(style.bold(safeLine(`── ${approval.step} (${approval.role}): ${asks}`)));
    // What a command would do is never cut: there is nothing that shows the rest.
    const shown = approval.command === undefined ? room : lines.length;
    for (const line of lines.slice(0, shown)) output.line(line);
    if (lines.length > shown) output.line(style.dim(`… ${lines.length - room} more lines; v shows ${rest}.`));
  }
}

type Action = Exclude<Decision, never> | "pause" | "view";

/** A command has no prompt that could be edited or viewed. */
function choicesOf({
  kind,
  command,
}: ApprovalView): (readonly [action: Action, label: string, key: string])[] {
  const choices: (readonly [Action, string, string])[] = [["approve", "[a]pprove", "a"]];
  if (kind === "before_step") choices.push(["skip", "[s]kip", "s"]);
  if (command === undefined) choices.push(["edit", "[e]dit", "e"]);
  if (kind === "after_step") choices.push(["retry", "[r]etry", "r"]);
  choices.push(["pause", "[p]ause", "p"], ["stop", "s[t]op", "t"]);
  if (command === undefined)
    choices.push(["view", kind === "before_step" ? "[v]iew prompt" : "[v]iew all", "v"]);
  return choices;
}
