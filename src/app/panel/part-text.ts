import type { EventOf, Message, SessionEvent } from "../../engine/event/event";
import { eventTexts } from "../../engine/view/event-texts";
import type { EventSource } from "./event-index";

/** The id of all messages of a prompt together. */
export const wholePrompt = "whole";

/** Events that are read together on the way back. */
const pieceEvents = 200;

/** A text of an event in full, and a name for it as a file. */
export interface PartText {
  readonly name: string;
  readonly text: string;
}

/** JSON over several lines; anything else unchanged. */
function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text) as unknown, null, 2);
  } catch {
    return text;
  }
}

/** The same text as it is best read: JSON over several lines. */
export async function readablePartText(
  source: EventSource,
  seq: number,
  id: string,
): Promise<PartText | undefined> {
  const found = await partText(source, seq, id);
  return found?.name.endsWith(".json") === true ? { ...found, text: laidOut(found.text) } : found;
}

/**
 * The text with this id of the event with this number; undefined where there is none.
 * @throws {OrketError} blob_missing, journal_damaged, disk_failed.
 */
export async function partText(source: EventSource, seq: number, id: string): Promise<PartText | undefined> {
  const [event] = await source.readEvents(seq, 1);
  if (event === undefined) return undefined;
  if (id === wholePrompt && event.type === "prompt_built") return promptText(source, event);
  const found = eventTexts(event).find((text) => text.id === id);
  if (found === undefined) return undefined;
  return { name: fileName(event, id), text: await source.readText(found.content) };
}

const endings: Readonly<Record<string, string>> = { args: "json", sent: "json", reply: "md", summary: "md" };

function fileName(event: SessionEvent, id: string): string {
  if (event.type === "artifact_written") return event.data.path.split("/").at(-1) ?? "file.txt";
  const step = (event.step ?? "session").replace(/[^\w.-]+/g, "-");
  return `${step}-${id.replace(/\s+/g, "-")}-${event.seq}.${endings[id] ?? (id.startsWith("message") ? "md" : "txt")}`;
}

/** All messages of a prompt: those that it keeps stand in the step's prompts before it. */
async function promptText(source: EventSource, event: EventOf<"prompt_built">): Promise<PartText> {
  let messages: readonly Message[] = event.data.added;
  let { kept } = event.data;
  for (let to = event.seq; kept > 0 && to > 0; to -= pieceEvents) {
    const from = Math.max(0, to - pieceEvents);
    const events = await source.readEvents(from, to - from);
    for (const before of events.toReversed()) {
      if (kept === 0) break;
      if (before.type !== "prompt_built" || before.step !== event.step) continue;
      const first = before.data.kept;
      if (first >= kept) continue;
      messages = [...before.data.added.slice(0, kept - first), ...messages];
      kept = first;
    }
  }
  const texts = await Promise.all(
    messages.map(async ({ role, content }) => `# ${role}\n\n${await source.readText(content)}\n`),
  );
  return { name: fileName(event, "prompt").replace(/txt$/, "md"), text: texts.join("\n") };
}
