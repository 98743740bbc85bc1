import { costText, durationText, plural } from "../ui/format";
import { button, icon } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child, VNode } from "../ui/vdom";
import type { SessionContext, ViewContext } from "./context";
import { elapsedMs, headlineOf } from "./headline";

export function header(context: SessionContext, now: number): VNode {
  const { session, state } = context;
  const { icon: name, text, tone } = headlineOf(session);
  const facts = [
    durationText(elapsedMs(state, session, now)),
    plural(session.modelCalls, "model call"),
    ...(session.costUsd === undefined ? [] : [costText(session.costUsd)]),
  ];
  return h(
    "header",
    { key: "header", class: "header" },
    h(
      "div",
      { class: "title-row" },
      h("h2", { attrs: { tabindex: -1, id: "headline" } }, session.flow),
      h(
        "span",
        { class: `status ${tone}` },
        icon(name, { class: name === "loading" ? "codicon-modifier-spin" : "" }),
        text,
      ),
    ),
    session.provider === "scripted" &&
      h(
        "div",
        {
          class: "tag",
          attrs: { title: "The Venue answers from a file of replies; no model is called." },
        },
        icon("book"),
        "scripted replies",
      ),
    h("div", { class: "facts" }, facts.join(" · ")),
    venueLine(context),
    toolbar(context),
    notes(context),
  );
}

function toolbar({ session, mayAct, ask, state }: SessionContext): Child {
  if (!mayAct || session.status === "ended" || session.problem !== undefined) return undefined;
  const busy = Object.values(state.pending).some((about) => about.startsWith("steer"));
  const resumable =
    session.interrupted ||
    (session.status === "paused" && session.failures.length === 0 && session.limit === undefined);
  return h(
    "div",
    { class: "buttons", attrs: { role: "toolbar", "aria-label": "Session" } },
    session.status === "running" &&
      !session.interrupted &&
      button("Pause", {
        icon: "debug-pause",
        disabled: busy || session.halting !== undefined,
        title: "Pause when the work under way has ended",
        onPress: () => ask({ type: "steer", what: "pause" }, "steer"),
      }),
    resumable &&
      button("Resume", {
        icon: "debug-continue",
        primary: true,
        disabled: busy,
        onPress: () => ask({ type: "steer", what: "resume" }, "steer"),
      }),
    button("Stop", {
      icon: "debug-stop",
      disabled: busy || session.halting === "stopping",
      title: "End the session; what is done stays",
      onPress: () => ask({ type: "steer", what: "stop" }, "steer"),
    }),
  );
}

function notes({ session }: SessionContext): Child {
  const lines: string[] = [];
  if (session.problem !== undefined) {
    lines.push(`${session.problem.message} ${session.problem.mend ?? ""}`.trim());
  } else if (session.interrupted) {
    lines.push("It was cut off while it ran. Nothing is lost: finished steps are not run again.");
  } else if (session.status === "paused" && session.failures.length === 0 && session.limit === undefined) {
    if (session.pause !== undefined && session.pause.message !== "") lines.push(session.pause.message);
  }
  if (session.holder === "elsewhere") {
    lines.push(`Only to watch: ${session.heldBy ?? "another process performs it."}`);
  }
  return lines.map((line) => h("p", { class: "note" }, line));
}

/** Which Venue the next runs use, where a person chose one. */
export function venueLine({ state, send }: ViewContext): Child {
  const venue = state.screen?.venue;
  if (state.screen?.place !== "ready" || venue === undefined) return undefined;
  return h(
    "p",
    { key: "venue", class: "venue hint" },
    "Next runs on ",
    h(
      "button",
      {
        class: "link",
        attrs: { type: "button", title: "Select Venue" },
        on: { click: () => send({ type: "open", what: "venue" }) },
      },
      venue,
    ),
    ", whatever their Flow says",
  );
}
