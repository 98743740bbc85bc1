import type { AgentPorts } from "../agent/ports";
import type { Command } from "../conductor/command";
import type { SessionEvent } from "../event/event";
import type { SessionState } from "../state/state";

/**
 * Decides in a person's place, directly after the events and before anything follows from them; undefined: nothing. What it
 * returns must be acceptable to the session in its current state. Called again after what it returned.
 */
export type Steer = (events: readonly SessionEvent[], state: SessionState) => Command | undefined;

/** Everything outside the core that a session works with. */
export interface SessionPorts extends AgentPorts {
  readonly steer?: Steer;
}
