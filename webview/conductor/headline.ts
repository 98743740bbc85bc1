import type { SessionScreen } from "../../src/protocol/conductor";
import type { ViewState } from "./store";

export interface Headline {
  readonly icon: string;
  readonly text: string;
  readonly tone: "plain" | "busy" | "ask" | "bad" | "good";
}

/** The session's standing in a few words. */
export function headlineOf(session: SessionScreen): Headline {
  if (session.problem !== undefined) return { icon: "error", text: "Damaged", tone: "bad" };
  if (session.status === "ended") {
    return session.outcome === "completed"
      ? { icon: "pass-filled", text: "Done", tone: "good" }
      : { icon: "circle-slash", text: "Stopped", tone: "plain" };
  }
  if (session.interrupted) return { icon: "debug-disconnect", text: "Interrupted", tone: "ask" };
  if (session.halting !== undefined) {
    return {
      icon: "loading",
      text: session.halting === "pausing" ? "Pausing …" : "Stopping …",
      tone: "busy",
    };
  }
  if (session.status === "paused") {
    if (session.failures.length > 0) return { icon: "error", text: "A step failed", tone: "bad" };
    if (session.limit !== undefined) return { icon: "warning", text: "Limit reached", tone: "ask" };
    return { icon: "debug-pause", text: "Paused", tone: "plain" };
  }
  if (session.approvals.length > 0) {
    const here = session.holder !== "elsewhere";
    return { icon: "bell-dot", text: here ? "Waits for you" : "Waits for an answer", tone: "ask" };
  }
  return { icon: "loading", text: "At work", tone: "busy" };
}

/** Working time so far, counted on between two messages. */
export function elapsedMs(state: ViewState, session: SessionScreen, now: number): number {
  return session.elapsedMs + (session.ticking ? Math.max(0, now - state.receivedAt) : 0);
}
