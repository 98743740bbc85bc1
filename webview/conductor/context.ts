import type { SessionScreen } from "../../src/protocol/conductor";
import type { ConductorRequest } from "../../src/protocol/conductor-requests";
import type { ViewState } from "./store";

type Numbered = Extract<ConductorRequest, { request: number }>;
type WithoutRequest<T> = T extends unknown ? Omit<T, "request" | "session"> : never;

/** What the parts of the view render from and report to. */
export interface ViewContext {
  readonly state: ViewState;
  /** Sends what the user pressed; `about` names what is disabled until the answer arrives. */
  readonly ask: (request: WithoutRequest<Numbered>, about: string) => void;
  readonly send: (request: Exclude<ConductorRequest, { request: number }>) => void;
  readonly draft: (of: string, text: string | undefined) => void;
  readonly dismiss: () => void;
}

export interface SessionContext extends ViewContext {
  readonly session: SessionScreen;
  /** Whether this window may control the session. */
  readonly mayAct: boolean;
}
