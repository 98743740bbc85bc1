import type { AgentPorts } from "../agent/ports";
import type { Command } from "../conductor/command";
import type { SessionEvent } from "../event/event";
import type { SessionState } from "../state/state";

/**
 * Decides in a person's place, right after the events and before anything follows from them; undefined: nothing. What it
 * gives must be acceptable to the session as it stands. Asked again after what it gave.
 */
export type Steer = (events: readonly SessionEvent[], state: SessionState) => Command | undefined;

/** Everything outside the core that a session works with. */
export interface SessionPorts extends AgentPorts {
  readonly steer?: Steer;
}
