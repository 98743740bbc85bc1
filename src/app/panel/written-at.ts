import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { EventSource } from "./event-index";

/** How far back an earlier version of the file is looked for, in events, and how many are read together. */
const maxBack = 50_000;
const pieceEvents = 500;

/** What an event made of a file. */
export interface Written {
  readonly step: string | null;
  /** What was there before: the session's version, else the project's file; null: there was no file. */
  readonly before: BlobRef | null;
  readonly after: BlobRef | null;
}

/** What the event with this number wrote to a file, and what was there before; undefined: it did not write it. */
export async function writtenAt(
  source: EventSource,
  seq: number,
  file: string,
): Promise<Written | undefined> {
  const [event] = await source.readEvents(seq, 1);
  const after = event === undefined ? undefined : contentIn(event, file);
  if (event === undefined || after === undefined) return undefined;
  for (let to = seq; to > Math.max(0, seq - maxBack); to -= pieceEvents) {
    const from = Math.max(0, to - pieceEvents);
    for (const earlier of (await source.readEvents(from, to - from)).toReversed()) {
      const before = contentIn(earlier, file);
      if (before !== undefined) return { step: event.step, before, after };
    }
  }
  const isArtifact = event.type === "artifact_written" || event.type === "artifact_deleted";
  return { step: event.step, before: isArtifact ? event.data.base : null, after };
}

/** The file's content after the event; undefined: the event does not write it. */
function contentIn(event: SessionEvent, file: string): BlobRef | null | undefined {
  switch (event.type) {
    case "artifact_written":
      return event.data.path === file ? event.data.content : undefined;
    case "artifact_deleted":
      return event.data.path === file ? null : undefined;
    case "command_end":
      return event.data.files.find(({ path }) => path === file)?.content;
    default:
      return undefined;
  }
}
