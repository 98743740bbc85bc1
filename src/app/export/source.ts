import { isInline } from "../../engine/event/content";
import type { BlobRef, Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { Definition } from "../../engine/model/definition";
import type { SessionState } from "../../engine/state/state";
import type { Sha256 } from "../../engine/port/digest";
import type { Utf8 } from "../../engine/port/utf8";
import { eventPieces } from "../session/event-pieces";
import type { RecordedEvents } from "../session/event-pieces";

/** What an export is made from: the events, the state that they give, the contents they name, and their definition. */
export interface ExportSource {
  readonly events: RecordedEvents;
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

/** All events in order. */
export async function* eachEvent(events: RecordedEvents): AsyncGenerator<SessionEvent, void, void> {
  for await (const piece of eventPieces(events)) yield* piece;
}
