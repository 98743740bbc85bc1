import { streamedOf } from "../ui/streams";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { SessionScreen, StepScreen } from "../../src/protocol/conductor";
import { costText, durationText, tokenText, tokenTitle } from "../ui/format";
import { Button, Disclosure, Icon, Link } from "../ui/toolkit";
import type { SessionContext } from "./context";
import { PlainText } from "./parts";
import { stepsIn, treeOf } from "./step-tree";
import type { StepTreeGroup, StepTreeNode } from "./step-tree";
import { isPending } from "./store";

const icons: Readonly<Record<StepScreen["status"], { name: string; label: string }>> = {
  planned: { name: "circle-large-outline", label: "planned" },
  running: { name: "loading", label: "running" },
  waiting: { name: "bell-dot", label: "waiting for you" },
  done: { name: "pass-filled", label: "done" },
  failed: { name: "error", label: "failed" },
  skipped: { name: "debug-step-over", label: "skipped" },
};

/** A command that did not pass; the Score continues from there. */
const red = { name: "error", label: "did not pass", remark: "" };

const goesOn = { name: "debug-pause", label: "paused", remark: "goes on when resumed" };
/** How to show a running step in a session that is not running. */
const haltedAs: Readonly<Record<SessionScreen["status"], typeof goesOn>> = {
  new: goesOn,
  running: goesOn,
  paused: goesOn,
  ended: { name: "circle-slash", label: "stopped", remark: "stopped" },
};

/** The running steps, with their text as it arrives. */
export function NowAtWork({ session, state }: SessionContext): JSX.Element | null {
  if (session.status !== "running" || session.interrupted) return null;
  return (
    <>
      {session.steps
        .filter(({ status }) => status === "running")
        .map(({ key, role, activity }) => {
          const streamed = streamedOf(state.streams, key) ?? "";
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

/** The steps in order. */
export function StepList(context: SessionContext): JSX.Element {
  const { steps } = context.session;
  const done = steps.filter(({ status }) => status === "done" || status === "skipped").length;
  return (
    <section aria-label="Steps">
      <h3 class="section">
        <span class="grow">Steps</span>
        <span>{`${done} done`}</span>
      </h3>
      <StepTree context={context} nodes={treeOf(steps)} />
      {context.mayAct && context.session.status !== "ended" && (
        <p>
          <Link onPress={() => context.send({ type: "open", what: "adjust" })}>Adjust …</Link>
        </p>
      )}
    </section>
  );
}

/** The steps as the Score arranges them: a group's content is below its name. */
function StepTree({
  context,
  nodes,
}: {
  readonly context: SessionContext;
  readonly nodes: readonly StepTreeNode[];
}): JSX.Element {
  return (
    <ol class="steps">
      {nodes.map((node, index) =>
        node.kind === "step" ? (
          <StepItem key={`${node.step.key} ${index}`} context={context} step={node.step} />
        ) : (
          <li key={node.key} class="group">
            <span class="group-name">
              {node.label}
              <span class="group-facts">{factsOf(node)}</span>
            </span>
            <StepTree context={context} nodes={node.nodes} />
          </li>
        ),
      )}
    </ol>
  );
}

/** What the steps of a group used in total. */
function factsOf(group: StepTreeGroup): string {
  const steps = stepsIn(group);
  const costs = steps.flatMap(({ costUsd }) => (costUsd === undefined ? [] : [costUsd]));
  const done = steps.filter(({ status }) => status === "done" || status === "skipped").length;
  const facts = [`${done} of ${steps.length} done`];
  if (costs.length > 0) facts.push(costText(costs.reduce((sum, one) => sum + one, 0)));
  return facts.join(" · ");
}

interface StepProps {
  readonly context: SessionContext;
  readonly step: StepScreen;
}

function StepItem(props: StepProps): JSX.Element {
  const { status, red: isRed, note, reason, summary } = props.step;
  const row = <StepRow {...props} />;
  const hasDetails =
    note !== undefined ||
    reason !== undefined ||
    (summary !== undefined && summary.text !== "") ||
    actionOf(props) !== undefined;
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

function StepRow({ context: { session }, step }: StepProps): JSX.Element {
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
  const facts = [
    ...(step.durationMs === undefined ? [] : [durationText(step.durationMs)]),
    ...(step.costUsd === undefined ? [] : [costText(step.costUsd)]),
  ];
  const remarks = [step.role, step.verdict ?? "", attempt, state, ...facts].filter((text) => text !== "");
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
          title={`${step.model === undefined ? "" : `Model ${step.model}. `}Tokens: input ${tokenTitle(step.tokens.input)}, output ${tokenTitle(step.tokens.output)}`}
        >
          <Icon name="arrow-up" />
          {tokenText(step.tokens.input)} <Icon name="arrow-down" />
          {tokenText(step.tokens.output)}
        </span>
      )}
    </>
  );
}

/** What can be done with a step: one that has not begun can be skipped, one that ended can be repeated. */
function actionOf({ context: { mayAct, session }, step }: StepProps): "skip" | "again" | undefined {
  if (!mayAct) return undefined;
  if (step.status === "done" || step.status === "skipped") return "again";
  return step.status === "planned" && session.status !== "ended" ? "skip" : undefined;
}

function StepDetails(props: StepProps): JSX.Element {
  const { context, step } = props;
  const { key, note, reason, summary } = step;
  const about = `step ${key}`;
  const action = actionOf(props);
  return (
    <div class="step-details">
      {note !== undefined && <p class="hint">{note}</p>}
      {reason !== undefined && <p>{reason}</p>}
      {summary !== undefined && summary.text !== "" && (
        <PlainText text={summary} label={`Result of ${key}`} />
      )}
      {action !== undefined && (
        <div class="buttons">
          {action === "skip" ? (
            <Button
              icon="debug-step-over"
              about={about}
              disabled={isPending(context.state, about)}
              title="Leave the step out when its turn comes"
              onPress={() => context.ask({ type: "skip_step", step: key }, about)}
            >
              {`Skip ${key}`}
            </Button>
          ) : (
            <Button
              icon="repo-forked"
              about={about}
              disabled={isPending(context.state, about)}
              title="A new session that shares everything before this step, and performs it again"
              onPress={() => context.ask({ type: "do_again", step: key }, about)}
            >
              {`Do ${key} again`}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** Distance from the end within which the view follows the text, in pixels. */
const followWithinPx = 24;

/** The text as it arrives; scrolls to its end unless the user has scrolled up. */
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
