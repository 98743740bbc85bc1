import { createHash } from "node:crypto";
import type { ExportSource } from "../../src/app/export/source";
import type { RecordedEvents } from "../../src/app/session/event-pieces";
import type { SessionEvent } from "../../src/engine/event/event";
import type { Definition } from "../../src/engine/model/definition";
import { fold } from "../../src/engine/state/apply";
import { initialState } from "../../src/engine/state/state";
import type { Harness } from "./engine-harness";

/** Events in memory, as an export reads them. */
export function listed(events: readonly SessionEvent[]): RecordedEvents {
  return {
    count: events.length,
    read: (from, count) => Promise.resolve(events.slice(from, from + count)),
  };
}

export const allEvents = ({ events }: ExportSource): Promise<readonly SessionEvent[]> =>
  events.read(0, events.count);

/** The source of an export, from a session in memory. */
export function exportSourceOf({ store }: Harness, definition: Definition): ExportSource {
  return {
    events: listed(store.events),
    state: fold(initialState(definition), store.events),
    definition,
    getText: (content) => store.getText(content),
    getBytes: (ref) => store.getBytes(ref),
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    utf8: {
      encode: (text) => Buffer.from(text),
      decode: (bytes) => (bytes.includes(0) ? null : Buffer.from(bytes).toString("utf8")),
    },
  };
}

export async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}
