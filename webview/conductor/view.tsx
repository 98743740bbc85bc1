import type { JSX } from "preact";
import { ArtifactLine } from "./artifacts";
import { ApprovalCard, FailureCard, LimitCard, RefusalCard } from "./cards";
import { QuestionCard } from "./question-card";
import type { SessionContext, ViewContext } from "./context";
import { EmptyState } from "./empty";
import { Header } from "./header";
import { PendingList } from "./pending";
import { StopCard } from "./stop-card";
import { SuggestionCard } from "./suggestion-card";
import { headlineOf } from "./headline";
import { RoleTable } from "./roles";
import { NowAtWork, StepList } from "./steps";
import { Link } from "../ui/toolkit";

/** The whole view, rendered from the state alone. */
export function View({ context, now }: { readonly context: ViewContext; readonly now: number }): JSX.Element {
  const { screen, refusal } = context.state;
  if (screen === undefined) return <p class="hint">Loading …</p>;
  const refused =
    refusal === undefined ? null : <RefusalCard message={refusal} onDismiss={context.dismiss} />;
  const { session } = screen;
  if (session === null) {
    return (
      <>
        {refused}
        <EmptyState context={context} screen={screen} />
      </>
    );
  }
  const mayAct = session.holder !== "elsewhere" && screen.place === "ready";
  const inSession: SessionContext = { ...context, session, mayAct };
  const ended = session.status === "ended";
  return (
    <>
      <Header context={inSession} now={now} />
      {refused}
      {session.approvals.map((approval) => (
        <ApprovalCard key={`${approval.id} ${approval.sha256}`} context={inSession} approval={approval} />
      ))}
      {session.questions.map((question) => (
        <QuestionCard key={`${question.id} ${question.sha256}`} context={inSession} question={question} />
      ))}
      {session.failures.map((failure) => (
        <FailureCard key={failure.step} context={inSession} failure={failure} />
      ))}
      {session.suggestions.map((suggestion) => (
        <SuggestionCard key={suggestion.id} context={inSession} suggestion={suggestion} />
      ))}
      {session.limit !== undefined && <LimitCard context={inSession} limit={session.limit} />}
      <StopCard {...inSession} />
      <PendingList {...inSession} />
      <NowAtWork {...inSession} />
      {ended && <ArtifactLine {...inSession} />}
      <StepList {...inSession} />
      {!ended && <ArtifactLine {...inSession} />}
      <RoleTable {...inSession} />
      <p>
        <Link onPress={() => context.send({ type: "open", what: "events" })}>Show all events</Link>
      </p>
    </>
  );
}

/** What a screen reader announces when the session's state changes. */
export function announcement(context: ViewContext): string {
  const session = context.state.screen?.session;
  if (session === null || session === undefined) return "";
  const { text } = headlineOf(session);
  const asked = session.approvals.map(({ step, kind }) =>
    kind === "before_step" ? `begin ${step}?` : `take the result of ${step}?`,
  );
  asked.push(...session.questions.map(({ step }) => `${step} asks`));
  const current = session.steps.filter(({ status }) => status === "running").map(({ key }) => key);
  const about = asked.length > 0 ? asked : session.failures.map(({ step }) => step);
  return [`${session.flow}: ${text}`, ...(about.length > 0 ? about : current)].join(", ");
}
