import { isInline } from "../../engine/event/content";
import type { Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { stepIdOf } from "../../engine/state/place";
import { eventWords, isOfKind } from "../../engine/view/event-kind";
import { eventLine } from "../../engine/view/event-line";
import { eventTexts } from "../../engine/view/event-texts";
import type { EventFilter } from "../../protocol/session-panel";

/** Of a longer stored text, nothing is searched. */
const maxSearchedBytes = 1 << 20;
/** Digests whose texts were searched, at most. */
const maxKnown = 50_000;

export function isEmptyFilter({ kind, step, role, text }: EventFilter): boolean {
  return kind === "" && step === "" && role === "" && text === "";
}

/** Decides which events a filter shows. Fed with a session's events in their order, from the first. */
export class FilterRun {
  readonly #filter: EventFilter;
  readonly #wanted: string;
  readonly #readText: (content: Content) => Promise<string>;
  /** Steps of the role that is looked for. */
  readonly #steps = new Set<string>();
  /** Whether the text of a digest holds what is looked for. */
  readonly #known = new Map<string, boolean>();

  constructor(filter: EventFilter, readText: (content: Content) => Promise<string>) {
    this.#filter = filter;
    this.#wanted = filter.text.toLowerCase();
    this.#readText = readText;
  }

  /** The numbers of those that pass. A stored text that cannot be read holds nothing. */
  async passing(events: readonly SessionEvent[]): Promise<number[]> {
    const found: number[] = [];
    for (const event of events) {
      if (!this.#passesFields(event)) continue;
      // Awaiting where nothing is read would cost more than the whole search.
      const known = this.#wanted === "" || this.#holdsAtOnce(event);
      if (known || (await this.#holdsStored(event))) found.push(event.seq);
    }
    return found;
  }

  #passesFields(event: SessionEvent): boolean {
    const { kind, step, role } = this.#filter;
    if (role !== "") this.#note(event, role);
    if (kind !== "" && !isOfKind(event, kind)) return false;
    if (step !== "" && event.step !== step && (event.step === null || stepIdOf(event.step) !== step))
      return false;
    return role === "" || (event.step !== null && this.#steps.has(event.step));
  }

  #note(event: SessionEvent, role: string): void {
    if (event.type !== "step_start" && event.type !== "step_skipped") return;
    if (event.data.role === role && event.step !== null) this.#steps.add(event.step);
  }

  #holds(text: string): boolean {
    return text.toLowerCase().includes(this.#wanted);
  }

  #holdsAtOnce(event: SessionEvent): boolean {
    if (this.#holds(event.type) || this.#holds(event.step ?? "") || this.#holds(eventWords(event.type)))
      return true;
    if (this.#holds(eventLine(event))) return true;
    return eventTexts(event).some(({ content }) => isInline(content) && this.#holds(content.text));
  }

  async #holdsStored(event: SessionEvent): Promise<boolean> {
    for (const { content } of eventTexts(event)) {
      if (isInline(content) || content.bytes > maxSearchedBytes) continue;
      const known = this.#known.get(content.sha256);
      if (known === true) return true;
      if (known === false) continue;
      const holds = this.#holds(await this.#readText(content).catch(() => ""));
      if (this.#known.size >= maxKnown) this.#known.clear();
      this.#known.set(content.sha256, holds);
      if (holds) return true;
    }
    return false;
  }
}
