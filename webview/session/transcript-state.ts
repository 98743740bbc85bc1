import type { PanelMessage, ShownText, TranscriptRow } from "../../src/protocol/session-panel";
import { streamedOf, withStreamed } from "../ui/streams";
import type { Streams } from "../ui/streams";

/** Rows that are requested together, and the most that are kept. */
const chunkRows = 40;
const maxRows = 600;

/** The part of the session that the transcript shows: the rows from `from` to `to`, without a gap. */
export interface TranscriptState {
  readonly edition: number;
  readonly from: number;
  readonly to: number;
  readonly entries: readonly TranscriptRow[];
  /** Texts of opened folds by `SEQ ID`; undefined: requested. */
  readonly texts: ReadonlyMap<string, ShownText | undefined>;
  /** Text that is being streamed, by step. */
  readonly streams: Streams;
}

export const noTranscript: TranscriptState = {
  edition: -1,
  from: 0,
  to: 0,
  entries: [],
  texts: new Map(),
  streams: {},
};

export interface RowRange {
  readonly from: number;
  readonly to: number;
}

export function partKey(seq: number, id: string): string {
  return `${seq} ${id}`;
}

/** The rows around a place, to begin with. */
export function rowsAround(index: number, count: number): RowRange {
  const from = Math.max(0, Math.min(index - chunkRows / 2, count - chunkRows));
  return { from, to: Math.min(count, from + chunkRows) };
}

/** The next rows in a direction; undefined at the end of the list. */
export function rowsBeyond(
  { from, to }: RowRange,
  direction: "earlier" | "later",
  count: number,
): RowRange | undefined {
  if (direction === "earlier")
    return from === 0 ? undefined : { from: Math.max(0, from - chunkRows), to: from };
  return to >= count ? undefined : { from: to, to: Math.min(count, to + chunkRows) };
}

/**
 * What is read when the list has grown: its end where it is followed, and entries that had no end when they were read.
 * undefined: nothing that is shown has changed.
 */
export function rowsToRead(
  { entries, to }: TranscriptState,
  count: number,
  following: boolean,
): RowRange | undefined {
  const open = entries.find((entry) => entry.open === true)?.index;
  if (!following) return open === undefined ? undefined : { from: open, to };
  const last = rowsAround(count - 1, count);
  const isNear = open !== undefined && open < last.from && count - open <= maxRows / 2;
  return isNear ? { from: open, to: count } : last;
}

/** Adds rows. Those that do not join what is shown replace it; the far end of too many is dropped. */
export function withRows(
  state: TranscriptState,
  message: Extract<PanelMessage, { type: "transcript" }>,
): TranscriptState {
  const { edition, from, to, entries } = message;
  const joins = edition === state.edition && from <= state.to && to >= state.from && state.to > state.from;
  if (!joins) return { ...state, edition, from, to, entries };
  const kept = state.entries.filter(({ index }) => index < from || index >= to);
  const merged = [...kept, ...entries].sort((a, b) => a.index - b.index);
  return trimmed(
    { ...state, from: Math.min(from, state.from), to: Math.max(to, state.to), entries: merged },
    from < state.from,
  );
}

function trimmed(state: TranscriptState, grewUp: boolean): TranscriptState {
  if (state.to - state.from <= maxRows) return state;
  const from = grewUp ? state.from : state.to - maxRows;
  const to = grewUp ? state.from + maxRows : state.to;
  return { ...state, from, to, entries: state.entries.filter(({ index }) => index >= from && index < to) };
}

/** Opens or closes a fold; `text` is known only once the extension has sent it. */
export function withText(
  state: TranscriptState,
  key: string,
  change: "close" | "request" | ShownText,
): TranscriptState {
  const texts = new Map(state.texts);
  if (change === "close") texts.delete(key);
  else if (change === "request") texts.set(key, texts.get(key));
  else if (texts.has(key)) texts.set(key, change);
  return { ...state, texts };
}

/** Appends streamed text; what belongs to other steps than those that still stream is dropped. */
export function withStreams(
  state: TranscriptState,
  { parts, steps }: Extract<PanelMessage, { type: "stream" }>,
): TranscriptState {
  const streams = Object.entries(withStreamed(state.streams, parts)).filter(([step]) => steps.includes(step));
  return { ...state, streams: Object.fromEntries(streams) };
}

/** The text that an entry is still receiving. */
export function streamOf({ kind, open, step }: TranscriptRow, streams: Streams): string | undefined {
  const text =
    kind === "reply" && open === true && step !== undefined ? streamedOf(streams, step) : undefined;
  return text === "" ? undefined : text;
}
