import { noFilter } from "../../src/protocol/session-panel";
import type {
  EventDetails,
  EventFilter,
  EventRow,
  PanelMessage,
  StreamInfo,
} from "../../src/protocol/session-panel";
import type { StepChoices } from "./filters";
import type { VisibleRows } from "./list";

/** Everything that the panel renders from. */
export interface PanelViewState {
  readonly info: StreamInfo | undefined;
  readonly filter: EventFilter;
  /** Loaded rows, by their index in the filtered list. */
  readonly rows: ReadonlyMap<number, EventRow>;
  /** The selected row's index in the filtered list. */
  readonly selected: number | undefined;
  readonly details: EventDetails | undefined;
  /** The steps that match what was typed last. */
  readonly steps: StepChoices | undefined;
  /** New events are kept visible as they come. */
  readonly following: boolean;
  readonly failure: string | undefined;
  /** Number of consecutive pings that the extension has not answered. */
  readonly unanswered: number;
}

export const initialState: PanelViewState = {
  info: undefined,
  filter: noFilter,
  rows: new Map(),
  selected: undefined,
  details: undefined,
  steps: undefined,
  following: true,
  failure: undefined,
  unanswered: 0,
};

/** From this many unanswered pings the extension counts as gone: a single one may still be on its way. */
export const silence = 3;

/** Maximum number of rows kept; those furthest from the visible ones are dropped first. */
export const maxKept = 4000;

export type Action =
  | { readonly type: "message"; readonly message: PanelMessage }
  | { readonly type: "filter"; readonly filter: EventFilter }
  | { readonly type: "select"; readonly index: number | undefined }
  | { readonly type: "follow"; readonly following: boolean }
  /** The extension was pinged. */
  | { readonly type: "pinged" };

export function reduce(state: PanelViewState, action: Action): PanelViewState {
  switch (action.type) {
    case "message":
      return { ...receive(state, action.message), unanswered: 0 };
    case "filter":
      return { ...state, filter: action.filter, selected: undefined, details: undefined, following: false };
    case "select":
      // What was chosen stays in place.
      return { ...state, selected: action.index, details: undefined, following: false };
    case "follow":
      return { ...state, following: action.following };
    case "pinged":
      return { ...state, unanswered: state.unanswered + 1 };
  }
}

function receive(state: PanelViewState, message: PanelMessage): PanelViewState {
  switch (message.type) {
    case "info": {
      const moved = message.info.edition !== state.info?.edition;
      return {
        ...state,
        info: message.info,
        failure: undefined,
        ...(moved ? { rows: new Map<number, EventRow>() } : {}),
      };
    }
    case "rows": {
      if (message.edition !== state.info?.edition) return state;
      const rows = new Map(state.rows);
      message.rows.forEach((row, offset) => rows.set(message.from + offset, row));
      for (const index of [...rows.keys()]) {
        if (rows.size <= maxKept) break;
        if (Math.abs(index - message.from) > maxKept / 2) rows.delete(index);
      }
      return { ...state, rows };
    }
    case "details":
      return { ...state, details: message.details };
    case "steps":
      return { ...state, steps: message };
    // The transcript and the pages keep their own.
    case "transcript":
    case "stream":
    case "part":
    case "timeline":
    case "usage":
    case "compare":
    case "reveal":
      return state;
    case "failed":
      return { ...state, failure: message.message };
  }
}

/** The range of rows from `first` to `last` that is not loaded; undefined when all are. */
export function missingRange(
  state: PanelViewState,
  first: number,
  last: number,
): { readonly from: number; readonly to: number } | undefined {
  let from: number | undefined;
  let to = first;
  for (let index = first; index <= last; index += 1) {
    if (state.rows.has(index)) continue;
    from ??= index;
    to = index + 1;
  }
  return from === undefined ? undefined : { from, to };
}

/** Where a key leads from the selected row, or from the visible rows if none is selected; undefined for other keys. */
export function rowAfterKey(
  key: string,
  selected: number | undefined,
  count: number,
  visible: VisibleRows,
): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  const { first: top, last: bottom } = visible;
  const page = Math.max(1, bottom - top);
  const clamp = (index: number): number => Math.max(0, Math.min(last, index));
  switch (key) {
    case "ArrowDown":
      return clamp(selected === undefined ? top : selected + 1);
    case "ArrowUp":
      return clamp(selected === undefined ? bottom : selected - 1);
    case "PageDown":
      return clamp((selected ?? bottom) + page);
    case "PageUp":
      return clamp((selected ?? top) - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}
