import type { SessionEvent } from "../event/event";
import { apply } from "../state/apply";
import { decide } from "./decide";
import type { Decision } from "./decide";
import type { SessionState } from "../state/state";

/**
 * One turn of the pure core: the session's state after the event, and what follows from that. Everything that decides
 * a run is in here; time, models, files and people come in as events.
 */
export function transition(
  state: SessionState,
  event: SessionEvent,
): { state: SessionState; next: Decision } {
  const after = apply(state, event);
  return { state: after, next: decide(after) };
}
