import type { ConductorMessage, ConductorScreen } from "../../src/protocol/conductor";
import { withStreamed } from "../ui/streams";
import type { Streams } from "../ui/streams";

/** Everything that the view renders from. */
export interface ViewState {
  readonly screen: ConductorScreen | undefined;
  /** When the screen arrived, on this machine's clock: the start for the elapsed time. */
  readonly receivedAt: number;
  /** Streamed text by step. */
  readonly streams: Streams;
  /**
   * What is being typed. By approval id or step key: an instruction; by `feedback ID` or `refuse ID`: a reason; by
   * `field ID NAME`: the value of a question's field.
   */
  readonly drafts: Readonly<Record<string, string>>;
  /** Unanswered requests: what each is about. */
  readonly pending: Readonly<Record<number, string>>;
  readonly nextRequest: number;
  /** Why the last request was refused. */
  readonly refusal: string | undefined;
}

export const initialState: ViewState = {
  screen: undefined,
  receivedAt: 0,
  streams: {},
  drafts: {},
  pending: {},
  nextRequest: 1,
  refusal: undefined,
};

export type Action =
  | { readonly type: "message"; readonly message: ConductorMessage; readonly now: number }
  | { readonly type: "draft"; readonly of: string; readonly text: string | undefined }
  | { readonly type: "asked"; readonly about: string }
  | { readonly type: "dismiss" };

export function reduce(state: ViewState, action: Action): ViewState {
  switch (action.type) {
    case "message":
      return receive(state, action.message, action.now);
    case "draft":
      return { ...state, drafts: withDraft(state.drafts, action.of, action.text) };
    case "asked":
      return {
        ...state,
        refusal: undefined,
        pending: { ...state.pending, [state.nextRequest]: action.about },
        nextRequest: state.nextRequest + 1,
      };
    case "dismiss":
      return { ...state, refusal: undefined };
  }
}

/** Whether a request about this (an approval's id, a step, a role) is still unanswered. */
export function isPending(state: ViewState, about: string): boolean {
  return Object.values(state.pending).includes(about);
}

function receive(state: ViewState, message: ConductorMessage, now: number): ViewState {
  switch (message.type) {
    case "screen":
      return { ...withScreen(state, message.screen, now), streams: { ...message.streams } };
    case "update":
      return withScreen(state, message.screen, now);
    case "stream":
      if (message.session !== state.screen?.session?.session) return state;
      return { ...state, streams: withStreamed(state.streams, message.parts) };
    case "press":
    case "focus":
      // Both concern the page, not the data.
      return state;
    case "answered": {
      const { [message.request]: _, ...pending } = state.pending;
      return { ...state, pending, ...(message.problem === undefined ? {} : { refusal: message.problem }) };
    }
  }
}

function withScreen(state: ViewState, screen: ConductorScreen, now: number): ViewState {
  const same = screen.session?.session === state.screen?.session?.session;
  const open = new Set([
    ...(screen.session === null || screen.session.status === "ended" ? [] : ["stop"]),
    ...(screen.session?.approvals ?? []).map(({ id }) => id),
    ...(screen.session?.questions ?? []).map(({ id }) => id),
    ...(screen.session?.failures ?? []).map(({ step }) => step),
    ...(screen.session?.suggestions ?? []).map(({ id }) => id),
    ...(screen.session?.limit === undefined ? [] : [`limit ${screen.session.limit.limit}`]),
  ]);
  const keep = <T>(
    entries: Readonly<Record<string, T>>,
    wanted: (key: string) => boolean,
  ): Record<string, T> => Object.fromEntries(Object.entries(entries).filter(([key]) => wanted(key)));
  const aboutOf = (key: string): string =>
    key.replace(/^(?:feedback|refuse|suggestion) /, "").replace(/^field (\S+) .*$/s, "$1");
  const running = new Set((screen.session?.steps ?? []).map(({ key }) => key));
  return {
    ...state,
    screen,
    receivedAt: now,
    // What no longer waits cannot be edited any more. The first screen after a reload must not discard typed text.
    drafts:
      same || state.screen === undefined
        ? keep(state.drafts, (key) => open.has(key) || open.has(aboutOf(key)))
        : {},
    streams: same ? keep(state.streams, (key) => running.has(key)) : {},
    refusal: same ? state.refusal : undefined,
  };
}

function withDraft(
  drafts: ViewState["drafts"],
  of: string,
  text: string | undefined,
): Readonly<Record<string, string>> {
  const { [of]: _, ...others } = drafts;
  return text === undefined ? others : { ...others, [of]: text };
}
