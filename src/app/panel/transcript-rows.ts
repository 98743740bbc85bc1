import { contentLength, isInline } from "../../engine/event/content";
import type { Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { grouped } from "../../engine/model/grouped";
import { askedIn } from "../../engine/model/prompt-text";
import { partnersOf } from "../../engine/view/event-pairs";
import { transcriptEntry } from "../../engine/view/transcript";
import type { StepFacts, TranscriptPart } from "../../engine/view/transcript";
import type { PartScreen, TranscriptRow } from "../../protocol/session-panel";
import { shown } from "../../protocol/shown-text";
import { stretches } from "./event-index";
import type { EventSource } from "./event-index";

/** Two halves of a call or a command are put together if they are at most this many events apart. */
const pairEvents = 400;
/** Longest text that is sent without being asked for, in characters. */
const maxOpenLength = 6000;

/** Where the transcript is read from. */
export interface TranscriptSource extends EventSource {
  /** More events may come. */
  readonly live: boolean;
  includes(seq: number): boolean;
  stepOf(key: string): StepFacts | undefined;
}

/**
 * The entries of events by their numbers, which are the places from `from` on of the filtered list. Around them a bounded
 * number of events is read, so that an entry is the same wherever the part begins and ends.
 */
export async function transcriptRows(
  source: TranscriptSource,
  numbers: readonly number[],
  from: number,
): Promise<TranscriptRow[]> {
  const indexOf = new Map(numbers.map((seq, offset) => [seq, from + offset]));
  const rows: TranscriptRow[] = [];
  for (const stretch of stretches(numbers)) {
    const begin = Math.max(0, stretch.from - pairEvents);
    const around = await source.readEvents(begin, stretch.to + pairEvents - begin);
    const partners = partnersOf(around);
    const context = {
      partners: (seq: number) => (partners.get(seq) ?? []).filter((other) => isNear(seq, other.seq)),
      includes: (seq: number) => source.includes(seq),
      awaits: (seq: number) => source.live && seq + pairEvents >= source.total,
      stepOf: (key: string) => source.stepOf(key),
    };
    for (const event of around) {
      const index = indexOf.get(event.seq);
      const entry = index === undefined ? undefined : transcriptEntry(event, context);
      if (index === undefined || entry === undefined) continue;
      const parts = await Promise.all(entry.parts.map((part) => partScreens(part, event, source)));
      rows.push({ ...entry, index, parts: parts.flat() });
    }
  }
  return rows;
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= pairEvents;
}

function sizeText(content: Content): string {
  const size = grouped(contentLength(content));
  return isInline(content) ? `${size} characters` : `${size} bytes`;
}

/** A part with its text, if it is open. Of a step's first message, what is asked of the step comes first. */
async function partScreens(
  part: TranscriptPart,
  event: SessionEvent,
  source: TranscriptSource,
): Promise<PartScreen[]> {
  const { seq, id, label, content, open } = part;
  const screen: PartScreen = { seq, id, label, size: sizeText(content) };
  if (open === undefined) return [screen];
  const text = await textOf(content, source);
  const asked = event.type === "prompt_built" && event.data.kept === 0 ? askedIn(text) : undefined;
  if (asked === undefined) return [{ ...screen, text: shown(text, maxOpenLength) }];
  return [
    {
      ...screen,
      label: "What is asked",
      size: `${grouped(asked.length)} characters`,
      text: shown(asked, maxOpenLength),
    },
    { ...screen, label: "The whole message" },
  ];
}

async function textOf(content: Content, { readText }: Pick<TranscriptSource, "readText">): Promise<string> {
  try {
    return await readText(content);
  } catch (error) {
    return `[This text cannot be read: ${error instanceof Error ? error.message : String(error)}]`;
  }
}
