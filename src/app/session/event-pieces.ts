import type { SessionEvent } from "../../engine/event/event";
import type { Snapshot } from "./snapshot";

/** The events of a session, read from where they are stored, so that a long session is never in memory as a whole. */
export interface RecordedEvents {
  readonly count: number;
  /** Events by their numbers, from 0. @throws {OrketError} journal_damaged, disk_failed. */
  read(from: number, count: number): Promise<readonly SessionEvent[]>;
}

/** The events that a snapshot's state comes from: none that was added since. */
export function eventsOf(snapshot: Pick<Snapshot, "state" | "readEvents">): RecordedEvents {
  return { count: snapshot.state.events, read: (from, count) => snapshot.readEvents(from, count) };
}

/** Events that are in memory at a time. */
const pieceEvents = 2000;

/** All events of a session, in pieces. @throws {OrketError} like `read`. */
export async function* eventPieces(
  events: RecordedEvents,
): AsyncGenerator<readonly SessionEvent[], void, void> {
  const { count } = events;
  for (let from = 0; from < count; from += pieceEvents)
    yield await events.read(from, Math.min(pieceEvents, count - from));
}
