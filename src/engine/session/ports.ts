import type { SessionEvent } from "../event/event";
import type { Clock } from "../port/clock";
import type { Sha256 } from "../port/digest";
import type { ExternalTools } from "../port/external-tools";
import type { GuardedFiles } from "../port/files";
import type { ModelProvider } from "../port/model-provider";
import type { SessionStore } from "../port/session-store";
import type { Utf8 } from "../port/utf8";
import type { SessionState } from "../state/state";
import type { Command } from "./command";

/**
 * Decides in a person's place, right after the events and before anything follows from them; undefined: nothing. What it
 * gives must be acceptable to the session as it stands. Asked again after what it gave.
 */
export type Steer = (events: readonly SessionEvent[], state: SessionState) => Command | undefined;

/** Everything outside the core that a session works with. */
export interface SessionPorts {
  readonly store: SessionStore;
  readonly provider: ModelProvider;
  readonly files: GuardedFiles;
  readonly external: ExternalTools;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly utf8: Utf8;
  readonly steer?: Steer;
}
