import { Component } from "preact";
import type { JSX } from "preact";
import type { FlowBox, FlowScreen } from "../../src/protocol/flow-view";
import { Icon } from "../ui/toolkit";
import { holds } from "./kept";

const icons: Readonly<Record<FlowBox["kind"], string>> = {
  role: "person",
  run: "terminal",
  ask: "question",
  accept: "checklist",
  loop: "sync",
  each: "list-unordered",
  parallel: "split-horizontal",
  sequence: "arrow-down",
  use: "references",
};

const states: Readonly<Record<NonNullable<FlowBox["status"]>, { icon: string; label: string }>> = {
  planned: { icon: "circle-large-outline", label: "planned" },
  running: { icon: "loading", label: "running" },
  waiting: { icon: "bell-dot", label: "waiting for you" },
  done: { icon: "pass-filled", label: "done" },
  failed: { icon: "error", label: "failed" },
  skipped: { icon: "debug-step-over", label: "skipped" },
};

interface FlowProps {
  readonly screen: FlowScreen;
  /** The box that has the keyboard focus. */
  readonly at: string | undefined;
  readonly onOpen: (id: string) => void;
  readonly onEvents: () => void;
}

/** The Score as nested boxes, which keyboard and screen reader see as one tree. */
export function FlowView({ screen, at, onOpen, onEvents }: FlowProps): JSX.Element {
  const { flow, session, boxes, problem } = screen;
  const first = boxes[0]?.id;
  return (
    <>
      <header class="flow-header">
        <h2>{flow}</h2>
        {session === undefined ? (
          <p class="hint">{problem === undefined ? "The plan. Nothing of it has run." : ""}</p>
        ) : (
          <p class="hint">
            {`${session.label} · `}
            <button type="button" class="link" onClick={onEvents}>
              Events of the session
            </button>
          </p>
        )}
      </header>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul class="flow" role="tree" aria-label={`Steps of ${flow}`}>
        {boxes.map((box) => (
          <Box key={box.id} box={box} level={1} at={at ?? first} onOpen={onOpen} />
        ))}
      </ul>
      {session?.heat !== undefined && (
        <p class="hint legend">
          {`The wider the bar at a step's side, the larger its share of the session's ${session.heat}.`}
        </p>
      )}
    </>
  );
}

interface BoxProps {
  readonly box: FlowBox;
  readonly level: number;
  readonly at: string | undefined;
  readonly onOpen: (id: string) => void;
}

/** Draws a box again only if it has changed, or the focus came or went: a Score has thousands of them. */
class Box extends Component<BoxProps> {
  override shouldComponentUpdate({ box, at }: BoxProps): boolean {
    const { props } = this;
    return box !== props.box || (at !== props.at && (holds(box, at) || holds(box, props.at)));
  }

  override render(): JSX.Element {
    return <BoxContent {...this.props} />;
  }
}

function BoxContent({ box, level, at, onOpen }: BoxProps): JSX.Element {
  const { id, kind, label, facts, verdict, red, used, heat, boxes, across } = box;
  // A command that did not pass is shown as failed, though its step is done.
  const status = red === true && box.status === "done" ? "failed" : box.status;
  const state = status === undefined ? undefined : states[status];
  return (
    <li class={`box ${kind} ${status ?? ""}${heat === undefined ? "" : ` heat-${heat}`}`} role="none">
      <div
        class="box-head"
        role="treeitem"
        aria-level={level}
        aria-expanded={boxes.length === 0 ? undefined : "true"}
        data-id={id}
        tabIndex={at === id ? 0 : -1}
        onClick={() => onOpen(id)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onOpen(id);
        }}
      >
        {/* Visible text must stand together in the name: what only a screen reader needs comes before it. */}
        {kind !== "role" && <span class="visually-hidden">{kind} </span>}
        <div class="box-row">
          <Icon name={icons[kind]} />
          <span class="box-name">{label}</span>
          {state !== undefined && (
            <span class={`box-state ${status ?? ""}`}>
              <Icon name={state.icon} class={state.icon === "loading" ? "codicon-modifier-spin" : ""} />
              {verdict === undefined
                ? state.label
                : `${box.status === "done" ? "done" : state.label}: ${verdict}`}
            </span>
          )}
        </div>
        {facts.length > 0 && <div class="hint">{facts.join(" · ")}</div>}
        {used !== undefined && <div class="hint">{used}</div>}
      </div>
      {boxes.length > 0 && (
        <ul class={across === true ? "boxes across" : "boxes"} role="group">
          {boxes.map((inner) => (
            <Box key={inner.id} box={inner} level={level + 1} at={at} onOpen={onOpen} />
          ))}
        </ul>
      )}
    </li>
  );
}
