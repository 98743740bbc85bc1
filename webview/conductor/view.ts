import { h } from "../ui/vdom";
import type { Child } from "../ui/vdom";
import { artifactLine } from "./artifacts";
import { approvalCard, failureCard, limitCard, refusalCard } from "./cards";
import type { SessionContext, ViewContext } from "./context";
import { emptyState } from "./empty";
import { header } from "./header";
import { headlineOf } from "./headline";
import { roleTable } from "./roles";
import { nowAtWork, stepList } from "./steps";

/** The whole view, from the state alone. */
export function view(context: ViewContext, now: number): Child[] {
  const { screen } = context.state;
  if (screen === undefined) return [h("p", { key: "waiting", class: "hint" }, "Loading …")];
  const refusal = context.state.refusal;
  const refused = refusal !== undefined && refusalCard(refusal, context.dismiss);
  const { session } = screen;
  if (session === null) return [refused, emptyState(context, screen)];
  const mayAct = session.holder !== "elsewhere" && screen.place === "ready";
  const inSession: SessionContext = { ...context, session, mayAct };
  return [
    header(inSession, now),
    refused,
    session.approvals.map((approval) => approvalCard(inSession, approval)),
    session.failures.map((failure) => failureCard(inSession, failure)),
    session.limit !== undefined && limitCard(inSession, session.limit),
    nowAtWork(inSession),
    session.status === "ended" && artifactLine(inSession),
    stepList(inSession),
    session.status !== "ended" && artifactLine(inSession),
    roleTable(inSession),
    h(
      "p",
      { key: "events" },
      h(
        "button",
        {
          class: "link",
          attrs: { type: "button" },
          on: { click: () => context.send({ type: "open", what: "events" }) },
        },
        "Show all events",
      ),
    ),
  ];
}

/** What a screen reader is told when the standing changes. */
export function announcement(context: ViewContext): string {
  const session = context.state.screen?.session;
  if (session === null || session === undefined) return "";
  const { text } = headlineOf(session);
  const asked = session.approvals.map(({ step, kind }) =>
    kind === "before_step" ? `begin ${step}?` : `take the result of ${step}?`,
  );
  const current = session.steps.filter(({ status }) => status === "running").map(({ key }) => key);
  const about = asked.length > 0 ? asked : session.failures.map(({ step }) => step);
  return [`${session.flow}: ${text}`, ...(about.length > 0 ? about : current)].join(", ");
}
