import { isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { Definition } from "../../engine/model/definition";
import type { SessionState } from "../../engine/state/state";
import type { Sha256 } from "../../engine/port/digest";
import type { Utf8 } from "../../engine/port/utf8";

/** The events of a session, read from where they are stored, so that a long session is never in memory as a whole. */
export interface ExportEvents {
  readonly count: number;
  /** Events by their numbers, from 0. */
  read(from: number, count: number): Promise<readonly SessionEvent[]>;
}

/** What an export is made from: the events, the state that they give, the contents they name, and their definition. */
export interface ExportSource {
  readonly events: ExportEvents;
  readonly state: SessionState;
  readonly definition: Definition;
  getText(content: Content): Promise<string>;
  getBytes(ref: BlobRef): Promise<Uint8Array>;
  readonly sha256: Sha256;
  readonly utf8: Utf8;
}

/** The text of a content, or why there is none: an export shows what exists. */
export async function textOrProblem(
  source: Pick<ExportSource, "getText">,
  content: Content,
): Promise<{ readonly text: string } | { readonly problem: string }> {
  if (isInline(content)) return content;
  try {
    return { text: await source.getText(content) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Events that are in memory at a time. */
const pieceEvents = 2048;

/** All events in order. */
export async function* eachEvent(events: ExportEvents): AsyncGenerator<SessionEvent, void, void> {
  const { count } = events;
  for (let from = 0; from < count; from += pieceEvents)
    yield* await events.read(from, Math.min(pieceEvents, count - from));
}
