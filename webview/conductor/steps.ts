import type { SessionScreen, StepScreen } from "../../src/protocol/conductor";
import { tokenText, tokenTitle } from "../ui/format";
import { disclosure, icon } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child, VNode } from "../ui/vdom";
import type { SessionContext } from "./context";
import { plainText } from "./parts";

const icons: Readonly<Record<StepScreen["status"], { name: string; label: string }>> = {
  planned: { name: "circle-large-outline", label: "planned" },
  running: { name: "loading", label: "at work" },
  waiting: { name: "bell-dot", label: "waits for you" },
  done: { name: "pass-filled", label: "done" },
  failed: { name: "error", label: "failed" },
  skipped: { name: "debug-step-over", label: "skipped" },
};

const goesOn = { name: "debug-pause", label: "halted", remark: "goes on when resumed" };
/** A step at work in a session that is not. */
const haltedAs: Readonly<Record<SessionScreen["status"], typeof goesOn>> = {
  new: goesOn,
  running: goesOn,
  paused: goesOn,
  ended: { name: "circle-slash", label: "stopped", remark: "stopped" },
};

/** The steps at work, with their text as it arrives. */
export function nowAtWork({ session, state }: SessionContext): Child {
  if (session.status !== "running" || session.interrupted) return undefined;
  return session.steps
    .filter(({ status }) => status === "running")
    .map(({ key, role, activity }) => {
      const streamed = state.streams[key] ?? "";
      return h(
        "section",
        { key: `now ${key}`, class: "now", attrs: { "aria-label": `At work: ${key}` } },
        h("h3", {}, icon("loading", { class: "codicon-modifier-spin" }), h("span", {}, key)),
        h("p", { class: "hint" }, [role, streamed === "" ? (activity ?? "at work") : "writes"].join(" · ")),
        streamed !== "" && stream(key, streamed),
      );
    });
}

/** The steps in their order. */
export function stepList(context: SessionContext): VNode {
  const { steps } = context.session;
  const done = steps.filter(({ status }) => status === "done" || status === "skipped").length;
  return h(
    "section",
    { key: "steps", attrs: { "aria-label": "Steps" } },
    h("h3", { class: "section" }, h("span", { class: "grow" }, "Steps"), h("span", {}, `${done} done`)),
    h(
      "ol",
      { class: "steps" },
      steps.map((step, index) => stepItem(context, step, index)),
    ),
  );
}

function stepItem(context: SessionContext, step: StepScreen, index: number): VNode {
  const details = detailsOf(step);
  const row = stepRow(context, step);
  return h(
    "li",
    {
      key: `${step.key} ${index}`,
      class: `step ${step.status}`,
      attrs: { "aria-current": step.status === "running" || step.status === "waiting" ? "step" : undefined },
    },
    details.length > 0
      ? disclosure(row, { key: "details" }, h("div", { class: "step-details" }, details))
      : h("div", { key: "plain", class: "step-row" }, row),
  );
}

function stepRow({ session }: SessionContext, step: StepScreen): Child[] {
  const halted =
    (step.status === "running" && (session.interrupted || session.status !== "running")) ||
    (step.status === "waiting" && session.status === "ended");
  const { name, label, remark } = halted ? haltedAs[session.status] : { ...icons[step.status], remark: "" };
  const spin = name === "loading" && session.status === "running" ? " codicon-modifier-spin" : "";
  const state = step.status === "skipped" ? "skipped" : remark;
  const attempt = step.attempt > 1 ? `try ${step.attempt}` : "";
  const remarks = [step.role, step.verdict ?? "", attempt, state].filter((text) => text !== "");
  return [
    icon(name, { class: `step-icon${spin}` }),
    h("span", { class: "visually-hidden" }, `${label}: `),
    h(
      "span",
      { class: "step-names" },
      h("span", { class: "step-name" }, step.key),
      h("span", { class: "step-remarks" }, remarks.join(" · ")),
    ),
    step.tokens.output !== undefined &&
      h(
        "span",
        {
          class: "step-tokens",
          attrs: {
            title: `Tokens: input ${tokenTitle(step.tokens.input)}, output ${tokenTitle(step.tokens.output)}`,
          },
        },
        icon("arrow-up"),
        tokenText(step.tokens.input),
        " ",
        icon("arrow-down"),
        tokenText(step.tokens.output),
      ),
  ];
}

function detailsOf(step: StepScreen): Child[] {
  return [
    step.note !== undefined && h("p", { class: "hint" }, step.note),
    step.reason !== undefined && h("p", {}, step.reason),
    step.summary !== undefined &&
      step.summary.text !== "" &&
      plainText(step.summary, `Result of ${step.key}`),
  ].filter((child) => child !== false);
}

/** The text as it arrives; it follows its end unless the person has scrolled up. */
function stream(step: string, text: string): VNode {
  return h(
    "pre",
    {
      key: "stream",
      class: "text stream",
      attrs: { tabindex: 0, role: "region", "aria-label": `Text of ${step} as it arrives` },
      mounted: scrollToEnd,
      updated: (element) => {
        if (element.dataset["left"] !== "true") scrollToEnd(element);
      },
      on: {
        scroll: (event) => {
          const { currentTarget: element } = event;
          if (!(element instanceof HTMLElement)) return;
          const end = element.scrollHeight - element.clientHeight;
          element.dataset["left"] = String(end - element.scrollTop > 24);
        },
      },
    },
    text,
  );
}

function scrollToEnd(element: HTMLElement): void {
  element.scrollTop = element.scrollHeight;
}
