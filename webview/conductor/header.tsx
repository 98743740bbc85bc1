import type { JSX } from "preact";
import { costText, durationText, plural } from "../ui/format";
import { Button, Icon, Link } from "../ui/toolkit";
import type { SessionContext, ViewContext } from "./context";
import { lostByStop } from "../../src/protocol/lost-by-stop";
import { stopAsked } from "./stop-card";
import { elapsedMs, headlineOf } from "./headline";

export function Header({
  context,
  now,
}: {
  readonly context: SessionContext;
  readonly now: number;
}): JSX.Element {
  const { session, state } = context;
  const { icon: name, text, tone } = headlineOf(session);
  const facts = [
    durationText(elapsedMs(state, session, now)),
    plural(session.modelCalls, "model call"),
    ...(session.costUsd === undefined ? [] : [costText(session.costUsd)]),
  ];
  return (
    <header class="header">
      <div class="title-row">
        <h2 tabIndex={-1} id="headline">
          {session.flow}
        </h2>
        <span class={`status ${tone}`}>
          <Icon name={name} class={name === "loading" ? "codicon-modifier-spin" : ""} />
          {text}
        </span>
      </div>
      {session.scripted && (
        <div class="tag" title="The Venue answers from a file of replies; no model is called.">
          <Icon name="book" />
          scripted replies
        </div>
      )}
      <div class="facts">{facts.join(" · ")}</div>
      <VenueLine {...context} />
      <Toolbar {...context} />
      <Notes {...context} />
    </header>
  );
}

function Toolbar({ session, mayAct, ask, draft, state }: SessionContext): JSX.Element | null {
  if (!mayAct || session.status === "ended" || session.problem !== undefined) return null;
  const busy = Object.values(state.pending).some((about) => about.startsWith("steer"));
  const resumable =
    session.interrupted ||
    (session.status === "paused" && session.failures.length === 0 && session.limit === undefined);
  const running = session.status === "running" && !session.interrupted;
  // Each button has a fixed place, so that the meaning of a press never changes under the pointer.
  return (
    <div class="buttons" role="toolbar" aria-label="Session">
      <Button
        icon="debug-pause"
        about={session.session}
        disabled={!running || busy || session.halting !== undefined}
        title="Pause when the current work has ended"
        onPress={() => ask({ type: "steer", what: "pause" }, "steer")}
      >
        Pause
      </Button>
      <Button
        icon="debug-stop"
        about={session.session}
        disabled={busy || session.halting === "stopping"}
        title="End the session; what is done stays"
        onPress={() =>
          lostByStop(session).length === 0
            ? ask({ type: "steer", what: "stop" }, "steer")
            : draft(stopAsked, "")
        }
      >
        Stop
      </Button>
      <Button
        icon="debug-continue"
        primary
        about={session.session}
        disabled={busy}
        hidden={!resumable}
        onPress={() => ask({ type: "steer", what: "resume" }, "steer")}
      >
        Resume
      </Button>
    </div>
  );
}

function Notes({ session }: SessionContext): JSX.Element {
  const lines: string[] = [];
  if (session.problem !== undefined) {
    lines.push(`${session.problem.message} ${session.problem.hint ?? ""}`.trim());
  } else if (session.foreign === true) {
    lines.push("It was not written on this machine by you. Before it goes on, you are asked what it may do.");
  } else if (session.interrupted) {
    lines.push("It was cut off while it ran. Nothing is lost: finished steps are not run again.");
  } else if (session.status === "paused" && session.failures.length === 0 && session.limit === undefined) {
    if (session.pause !== undefined && session.pause.message !== "") lines.push(session.pause.message);
  }
  if (session.holder === "elsewhere") {
    lines.push(`Only to watch: ${session.heldBy ?? "another process performs it."}`);
  }
  return (
    <>
      {lines.map((line) => (
        <p key={line} class="note">
          {line}
        </p>
      ))}
    </>
  );
}

/** The Venue that the next runs use, if the user chose one. */
export function VenueLine({ state, send }: ViewContext): JSX.Element | null {
  const venue = state.screen?.venue;
  if (state.screen?.place !== "ready" || venue === undefined) return null;
  return (
    <p class="venue hint">
      Next runs on{" "}
      <Link title="Select Venue" onPress={() => send({ type: "open", what: "venue" })}>
        {venue}
      </Link>
      , whatever their Flow says
    </p>
  );
}
