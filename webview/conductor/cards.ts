import type { ApprovalScreen, FailureScreen, LimitName, LimitScreen } from "../../src/protocol/conductor";
import { compactNumber, costText, durationText, plural } from "../ui/format";
import { button, icon, textArea, textField } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child, VNode } from "../ui/vdom";
import type { SessionContext } from "./context";
import { plainText, promptText } from "./parts";
import { isPending } from "./store";

/** A question: what will be sent, or what came of a step. */
export function approvalCard(context: SessionContext, approval: ApprovalScreen): VNode {
  const { mayAct, state } = context;
  const before = approval.kind === "before_step";
  const editing = state.drafts[approval.id] !== undefined;
  return h(
    "section",
    {
      key: `approval ${approval.id} ${approval.sha256}`,
      class: "card ask",
      attrs: { "aria-label": `Approval: ${approval.step}` },
    },
    h(
      "h3",
      {},
      icon("bell-dot"),
      h("span", {}, before ? `Begin ${approval.step}?` : `Take the result of ${approval.step}?`),
    ),
    h("p", { class: "hint" }, `Role ${approval.role}`),
    before ? beforeParts(approval) : afterParts(approval),
    mayAct &&
      (context.session.status !== "running" || context.session.interrupted
        ? h("p", { class: "hint" }, "Resume the session to answer.")
        : editing
          ? editor(context, approval)
          : answers(context, approval)),
  );
}

function beforeParts(approval: ApprovalScreen): Child[] {
  return [
    approval.instruction !== "" && h("p", { class: "instruction" }, approval.instruction),
    promptText(approval.prompt, "prompt"),
  ];
}

function afterParts({ result }: ApprovalScreen): Child[] {
  if (result === undefined) return [];
  return [
    result.verdict !== undefined && h("p", {}, "Verdict: ", h("strong", {}, result.verdict)),
    result.summary.text !== "" && plainText(result.summary, "Result"),
    result.artifacts.length > 0 &&
      h(
        "ul",
        { class: "files", attrs: { "aria-label": "Files" } },
        result.artifacts.map(({ path, deleted }) =>
          h("li", { key: path }, icon(deleted ? "diff-removed" : "diff-added"), h("span", {}, path)),
        ),
      ),
  ];
}

function answers({ ask, draft, state }: SessionContext, approval: ApprovalScreen): VNode {
  const { id, sha256 } = approval;
  const disabled = isPending(state, id);
  const answer = (decision: "approve" | "skip" | "retry") => (): void =>
    ask({ type: "answer", id, sha256, answer: { decision } }, id);
  return h(
    "div",
    { key: "answers", class: "buttons" },
    button("Approve", { icon: "check", primary: true, disabled, onPress: answer("approve") }),
    button("Edit prompt", { icon: "edit", disabled, onPress: () => draft(id, approval.instruction) }),
    approval.kind === "before_step"
      ? button("Skip", { icon: "debug-step-over", disabled, onPress: answer("skip") })
      : button("Retry", { icon: "refresh", disabled, onPress: answer("retry") }),
  );
}

interface Editing {
  readonly of: string;
  readonly original: string;
  readonly save: string;
  readonly submit: (instruction: string) => void;
}

function instructionEditor({ state, draft }: SessionContext, { of, original, save, submit }: Editing): VNode {
  const text = state.drafts[of] ?? original;
  return h(
    "div",
    { key: "editor", class: "editor" },
    textArea("Instruction for this step", {
      value: text,
      rows: 6,
      onInput: (typed) => draft(of, typed),
    }),
    h(
      "p",
      { class: "hint" },
      "The prompt is built again from it. Placeholders such as {{task}} work as in the Score; the file stays as it is.",
    ),
    h(
      "div",
      { class: "buttons" },
      button(save, {
        primary: true,
        disabled: text.trim() === "" || isPending(state, of),
        onPress: () => submit(text),
      }),
      button("Cancel", { onPress: () => draft(of, undefined) }),
    ),
  );
}

function editor(context: SessionContext, { id, sha256, instruction, kind }: ApprovalScreen): VNode {
  return instructionEditor(context, {
    of: id,
    original: instruction,
    save: kind === "before_step" ? "Rebuild prompt" : "Run again",
    submit: (text) =>
      context.ask({ type: "answer", id, sha256, answer: { decision: "edit", instruction: text } }, id),
  });
}

/** A step that failed: why, and the ways out. */
export function failureCard(context: SessionContext, failure: FailureScreen): VNode {
  const { mayAct, ask, draft, state } = context;
  const { step, instruction } = failure;
  const disabled = isPending(state, step);
  const mend = (how: { kind: "retry" } | { kind: "skip" }) => (): void =>
    ask({ type: "mend_step", step, how }, step);
  const editing = instruction !== undefined && state.drafts[step] !== undefined;
  return h(
    "section",
    { key: `failure ${step}`, class: "card bad", attrs: { "aria-label": `Failed: ${step}` } },
    h("h3", {}, icon("error"), h("span", {}, `${step} failed`)),
    h("p", { class: "message-text" }, failure.message),
    failure.mend !== undefined && h("p", { class: "hint" }, failure.mend),
    mayAct &&
      (editing
        ? instructionEditor(context, {
            of: step,
            original: instruction,
            save: "Run again",
            submit: (text) =>
              ask({ type: "mend_step", step, how: { kind: "edit", instruction: text } }, step),
          })
        : h(
            "div",
            { key: "answers", class: "buttons" },
            button("Retry", { icon: "refresh", primary: true, disabled, onPress: mend({ kind: "retry" }) }),
            instruction !== undefined &&
              button("Edit prompt", { icon: "edit", disabled, onPress: () => draft(step, instruction) }),
            button("Skip", { icon: "debug-step-over", disabled, onPress: mend({ kind: "skip" }) }),
          )),
  );
}

interface LimitText {
  readonly name: string;
  readonly unit: string;
  readonly spent: (used: number, value: number) => string;
}

const limitTexts: Readonly<Record<LimitName, LimitText>> = {
  total_tokens: {
    name: "tokens",
    unit: "tokens",
    spent: (used, value) => `${compactNumber(used)} of ${compactNumber(value)} tokens are used`,
  },
  cost_usd: {
    name: "cost",
    unit: "US dollars",
    spent: (used, value) => `${costText(used)} of ${costText(value)} is spent`,
  },
  duration_seconds: {
    name: "working time",
    unit: "seconds",
    spent: (used, value) => `${durationText(used * 1000)} of ${durationText(value * 1000)} are used`,
  },
  model_calls: {
    name: "model calls",
    unit: "calls",
    spent: (used, value) => `${used} of ${plural(value, "call")} ${value === 1 ? "is" : "are"} used`,
  },
};

/** The session used up a limit: raise it and go on. */
export function limitCard(context: SessionContext, limit: LimitScreen): VNode {
  const { mayAct, ask, draft, state } = context;
  const { name, unit, spent } = limitTexts[limit.limit];
  const of = `limit ${limit.limit}`;
  const typed = state.drafts[of] ?? String(limit.proposed);
  const value = Number(typed);
  const usable = Number.isFinite(value) && value > 0;
  return h(
    "section",
    { key: of, class: "card ask", attrs: { "aria-label": "Limit reached" } },
    h("h3", {}, icon("warning"), h("span", {}, `Limit on ${name} reached`)),
    h("p", {}, `${spent(limit.used, limit.value)}, and the next call could go beyond. Nothing was sent.`),
    mayAct &&
      h(
        "div",
        { class: "editor" },
        textField(`New limit (${unit})`, {
          value: typed,
          onInput: (raw) => draft(of, raw),
        }),
        h(
          "div",
          { class: "buttons" },
          button("Resume", {
            icon: "debug-continue",
            primary: true,
            disabled: !usable || isPending(state, of),
            onPress: () => ask({ type: "raise_limit", limit: limit.limit, value }, of),
          }),
        ),
      ),
  );
}

/** Something that the host refused, with its reason. */
export function refusalCard(message: string, dismiss: () => void): VNode {
  return h(
    "section",
    { key: "refusal", class: "card bad", attrs: { role: "alert" } },
    h("p", {}, icon("warning"), ` ${message}`),
    h("div", { class: "buttons" }, button("Dismiss", { onPress: dismiss })),
  );
}
