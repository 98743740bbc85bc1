import type { SessionEvent } from "../../engine/event/event";
import { noFilter, type EventFilter, type EventRow } from "../../protocol/session-panel";
import { eventLine } from "./event-line";

/** A session's events through a filter; takes new ones as they come, without looking at the old ones again. */
export class EventIndex {
  #events: readonly SessionEvent[] = [];
  #seen = 0;
  #filter: EventFilter = noFilter;
  /** Places in `events` that the filter lets through; undefined: all of them. */
  #matching: number[] | undefined;
  #edition = 0;
  readonly #types = new Set<string>();
  readonly #steps = new Set<string>();

  get edition(): number {
    return this.#edition;
  }

  get total(): number {
    return this.#seen;
  }

  get matching(): number {
    return this.#matching?.length ?? this.#seen;
  }

  get types(): readonly string[] {
    return [...this.#types].sort();
  }

  get steps(): readonly string[] {
    return [...this.#steps];
  }

  setFilter(filter: EventFilter): void {
    this.#filter = filter;
    this.#rebuild();
  }

  /** Takes the session's events; they only grow, unless they are another list altogether. */
  take(events: readonly SessionEvent[]): void {
    const grown = this.#seen === 0 || (events.length >= this.#seen && events[0] === this.#events[0]);
    this.#events = events;
    if (!grown) {
      this.#rebuild();
      return;
    }
    this.#scan(this.#seen);
  }

  rows(from: number, to: number): EventRow[] {
    const rows: EventRow[] = [];
    for (let index = from; index < Math.min(to, this.matching); index += 1) {
      const event = this.#events[this.#matching?.[index] ?? index];
      if (event === undefined) break;
      rows.push({ seq: event.seq, at: event.at, type: event.type, step: event.step, text: eventLine(event) });
    }
    return rows;
  }

  event(seq: number): SessionEvent | undefined {
    const guess = this.#events[seq];
    return guess?.seq === seq ? guess : this.#events.find((event) => event.seq === seq);
  }

  #rebuild(): void {
    this.#edition += 1;
    const { type, step, text } = this.#filter;
    this.#matching = type === "" && step === "" && text === "" ? undefined : [];
    this.#types.clear();
    this.#steps.clear();
    this.#scan(0);
  }

  #scan(from: number): void {
    for (let index = from; index < this.#events.length; index += 1) {
      const event = this.#events[index];
      if (event === undefined) continue;
      this.#types.add(event.type);
      if (event.step !== null) this.#steps.add(event.step);
      if (this.#matching !== undefined && this.#passes(event)) this.#matching.push(index);
    }
    this.#seen = this.#events.length;
  }

  #passes(event: SessionEvent): boolean {
    const { type, step, text } = this.#filter;
    if (type !== "" && event.type !== type) return false;
    if (step !== "" && event.step !== step) return false;
    if (text === "") return true;
    const wanted = text.toLowerCase();
    return [event.type, event.step ?? "", eventLine(event)].some((part) =>
      part.toLowerCase().includes(wanted),
    );
  }
}
