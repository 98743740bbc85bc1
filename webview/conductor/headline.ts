import { headingOf } from "../../src/protocol/conductor";
import type { SessionLabel, SessionScreen } from "../../src/protocol/conductor";
import type { ViewState } from "./store";

type Tone = "plain" | "busy" | "ask" | "bad" | "good";

export interface Headline {
  readonly icon: string;
  readonly text: string;
  readonly tone: Tone;
}

const looks: Readonly<Record<SessionLabel, { readonly icon: string; readonly tone: Tone }>> = {
  not_started: { icon: "circle-large-outline", tone: "plain" },
  running: { icon: "loading", tone: "busy" },
  waiting: { icon: "bell-dot", tone: "ask" },
  paused: { icon: "debug-pause", tone: "plain" },
  failed: { icon: "error", tone: "bad" },
  interrupted: { icon: "debug-disconnect", tone: "ask" },
  completed: { icon: "pass-filled", tone: "good" },
  stopped: { icon: "circle-slash", tone: "plain" },
  unreadable: { icon: "error", tone: "bad" },
};

/** What the session is doing, in the shared vocabulary, and what was requested but has not taken effect yet. */
export function headlineOf({ label, halting, holder, limit }: SessionScreen): Headline {
  if (halting !== undefined) {
    return { icon: "loading", text: halting === "pausing" ? "Pausing …" : "Stopping …", tone: "busy" };
  }
  if (label === "paused" && limit !== undefined) {
    return { icon: "warning", text: `${headingOf(label)}: limit reached`, tone: "ask" };
  }
  // A window that only watches cannot answer: the session waits for another window.
  const text = label === "waiting" && holder === "elsewhere" ? "Waiting for an answer" : headingOf(label);
  return { ...looks[label], text };
}

/** Working time so far; continues to count between two messages. */
export function elapsedMs(state: ViewState, session: SessionScreen, now: number): number {
  return session.elapsedMs + (session.ticking ? Math.max(0, now - state.receivedAt) : 0);
}
