import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { SessionScreen, StepScreen } from "../../src/protocol/conductor";
import { tokenText, tokenTitle } from "../ui/format";
import { Disclosure, Icon } from "../ui/toolkit";
import type { SessionContext } from "./context";
import { PlainText } from "./parts";

const icons: Readonly<Record<StepScreen["status"], { name: string; label: string }>> = {
  planned: { name: "circle-large-outline", label: "planned" },
  running: { name: "loading", label: "running" },
  waiting: { name: "bell-dot", label: "waiting for you" },
  done: { name: "pass-filled", label: "done" },
  failed: { name: "error", label: "failed" },
  skipped: { name: "debug-step-over", label: "skipped" },
};

/** A command that did not pass; the Score goes on from there. */
const red = { name: "error", label: "did not pass", remark: "" };

const goesOn = { name: "debug-pause", label: "paused", remark: "goes on when resumed" };
/** A step at work in a session that is not. */
const haltedAs: Readonly<Record<SessionScreen["status"], typeof goesOn>> = {
  new: goesOn,
  running: goesOn,
  paused: goesOn,
  ended: { name: "circle-slash", label: "stopped", remark: "stopped" },
};

/** The steps at work, with their text as it arrives. */
export function NowAtWork({ session, state }: SessionContext): JSX.Element | null {
  if (session.status !== "running" || session.interrupted) return null;
  return (
    <>
      {session.steps
        .filter(({ status }) => status === "running")
        .map(({ key, role, activity }) => {
          const streamed = state.streams[key] ?? "";
          const doing = streamed === "" ? (activity ?? "running") : "writes";
          return (
            <section key={key} class="now" aria-label={`Running: ${key}`}>
              <h3>
                <Icon name="loading" class="codicon-modifier-spin" />
                <span>{key}</span>
              </h3>
              <p class="hint">{`${role} · ${doing}`}</p>
              {streamed !== "" && <StreamText step={key} text={streamed} />}
            </section>
          );
        })}
    </>
  );
}

/** The steps in their order. */
export function StepList(context: SessionContext): JSX.Element {
  const { steps } = context.session;
  const done = steps.filter(({ status }) => status === "done" || status === "skipped").length;
  return (
    <section aria-label="Steps">
      <h3 class="section">
        <span class="grow">Steps</span>
        <span>{`${done} done`}</span>
      </h3>
      <ol class="steps">
        {steps.map((step, index) => (
          <StepItem key={`${step.key} ${index}`} session={context.session} step={step} />
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  readonly session: SessionScreen;
  readonly step: StepScreen;
}

function StepItem(props: StepProps): JSX.Element {
  const { status, red: isRed, note, reason, summary } = props.step;
  const row = <StepRow {...props} />;
  const hasDetails =
    note !== undefined || reason !== undefined || (summary !== undefined && summary.text !== "");
  return (
    <li
      class={`step ${status}${isRed === true && status === "done" ? " red" : ""}`}
      aria-current={status === "running" || status === "waiting" ? "step" : undefined}
    >
      {hasDetails ? (
        <Disclosure key="details" heading={row}>
          <StepDetails {...props} />
        </Disclosure>
      ) : (
        <div key="plain" class="step-row">
          {row}
        </div>
      )}
    </li>
  );
}

function StepRow({ session, step }: StepProps): JSX.Element {
  const halted =
    (step.status === "running" && (session.interrupted || session.status !== "running")) ||
    (step.status === "waiting" && session.status === "ended");
  const { name, label, remark } = halted
    ? haltedAs[session.status]
    : step.red === true && step.status === "done"
      ? red
      : { ...icons[step.status], remark: "" };
  const spin = name === "loading" && session.status === "running" ? " codicon-modifier-spin" : "";
  const state = step.status === "skipped" ? "skipped" : remark;
  const attempt = step.attempt > 1 ? `try ${step.attempt}` : "";
  const remarks = [step.role, step.verdict ?? "", attempt, state].filter((text) => text !== "");
  return (
    <>
      <Icon name={name} class={`step-icon${spin}`} />
      <span class="visually-hidden">{`${label}: `}</span>
      <span class="step-names">
        <span class="step-name">{step.key}</span>
        <span class="step-remarks">{remarks.join(" · ")}</span>
      </span>
      {step.tokens.output !== undefined && (
        <span
          class="step-tokens"
          title={`Tokens: input ${tokenTitle(step.tokens.input)}, output ${tokenTitle(step.tokens.output)}`}
        >
          <Icon name="arrow-up" />
          {tokenText(step.tokens.input)} <Icon name="arrow-down" />
          {tokenText(step.tokens.output)}
        </span>
      )}
    </>
  );
}

function StepDetails({ step: { key, note, reason, summary } }: StepProps): JSX.Element {
  return (
    <div class="step-details">
      {note !== undefined && <p class="hint">{note}</p>}
      {reason !== undefined && <p>{reason}</p>}
      {summary !== undefined && summary.text !== "" && (
        <PlainText text={summary} label={`Result of ${key}`} />
      )}
    </div>
  );
}

/** From the end within which the text counts as followed, in pixels. */
const followWithinPx = 24;

/** The text as it arrives; it follows its end unless the person has scrolled up. */
function StreamText({ step, text }: { readonly step: string; readonly text: string }): JSX.Element {
  const element = useRef<HTMLPreElement>(null);
  const left = useRef(false);
  useLayoutEffect(() => {
    const { current } = element;
    if (current !== null && !left.current) current.scrollTop = current.scrollHeight;
  }, [text]);
  return (
    <pre
      ref={element}
      class="text stream"
      tabIndex={0}
      role="region"
      aria-label={`Text of ${step} as it arrives`}
      onScroll={({ currentTarget }) => {
        const end = currentTarget.scrollHeight - currentTarget.clientHeight;
        left.current = end - currentTarget.scrollTop > followWithinPx;
      }}
    >
      {text}
    </pre>
  );
}
