import { FilterRun, isEmptyFilter } from "./event-filter";
import type { Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { eventWords } from "../../engine/view/event-kind";
import { noFilter } from "../../protocol/session-panel";
import type { EventFilter, EventRow } from "../../protocol/session-panel";
import { eventLine } from "../../engine/view/event-line";

/** Where events are read from, by their numbers, from 0. They are only appended, unless their end proves to be damaged. */
export interface EventSource {
  readonly total: number;
  readEvents(from: number, count: number): Promise<readonly SessionEvent[]>;
  readText(content: Content): Promise<string>;
}

/** Events that the filter scans at once: few, since the thread is held meanwhile. */
const pieceEvents = 512;
/** Events at most this far apart are read together. */
const nearEvents = 64;

/**
 * A session's events through a filter. Holds the numbers of the matching events, not the events: rows are read on
 * demand. The filter scans the events from the first on, so that found events keep their places.
 */
export class EventIndex {
  #filter: EventFilter = noFilter;
  #run: FilterRun | undefined;
  /** Numbers of the matching events; undefined: all of them. */
  #matching: number[] | undefined;
  #scanned = 0;
  #seen = 0;
  #edition = 0;
  #looks = true;
  readonly #source: EventSource;

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Increased when rows moved. */
  get edition(): number {
    return this.#edition;
  }

  get total(): number {
    return this.#source.total;
  }

  get matching(): number {
    return this.#matching?.length ?? this.total;
  }

  /** Number of events that the filter has scanned. */
  get scanned(): number {
    return this.#matching === undefined ? this.total : this.#scanned;
  }

  /** Whether the filter goes on scanning. */
  get looks(): boolean {
    return this.#looks;
  }

  setFilter(filter: EventFilter): void {
    this.#filter = filter;
    this.#looks = true;
    this.#restart();
  }

  /** Stops scanning, or goes on with it. */
  look(on: boolean): void {
    this.#looks = on;
  }

  /** Scans a piece of further events, unless scanning was stopped. @returns whether there is more to scan. */
  async scan(): Promise<boolean> {
    if (this.total < this.#seen) this.#restart();
    this.#seen = this.total;
    const [edition, from] = [this.#edition, this.#scanned];
    const [matching, run] = [this.#matching, this.#run];
    const count = Math.min(pieceEvents, this.total - from);
    if (matching === undefined || run === undefined || !this.#looks || count <= 0) return false;
    const events = await this.#source.readEvents(from, count);
    const found = await run.passing(events);
    // Another filter was set meanwhile.
    if (this.#edition !== edition || this.#scanned !== from) return this.scanned < this.total;
    for (const seq of found) matching.push(seq);
    this.#scanned = from + events.length;
    return events.length > 0 && this.scanned < this.total;
  }

  /** Numbers of the events at these places of the filtered list. */
  numbers(from: number, to: number): readonly number[] {
    const last = Math.min(to, this.matching);
    return (
      this.#matching?.slice(from, last) ??
      Array.from({ length: Math.max(0, last - from) }, (_, index) => from + index)
    );
  }

  /** Whether the filter shows the event with this number. */
  includes(seq: number): boolean {
    if (this.#matching === undefined) return true;
    let [low, high] = [0, this.#matching.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#matching[middle] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return this.#matching[low] === seq;
  }

  /** Rows by their places in the filtered list. */
  async rows(from: number, to: number): Promise<EventRow[]> {
    const numbers = this.numbers(from, to);
    const wanted = new Set(numbers);
    const rows: EventRow[] = [];
    for (const stretch of stretches(numbers)) {
      for (const event of await this.#source.readEvents(stretch.from, stretch.to - stretch.from)) {
        const { seq, at, type, step } = event;
        if (wanted.has(seq))
          rows.push({ seq, at, type, words: eventWords(type), step, text: eventLine(event) });
      }
    }
    return rows;
  }

  #restart(): void {
    this.#edition += 1;
    const isAll = isEmptyFilter(this.#filter);
    this.#matching = isAll ? undefined : [];
    this.#run = isAll ? undefined : new FilterRun(this.#filter, (content) => this.#source.readText(content));
    this.#scanned = 0;
  }
}

/** The numbers as stretches of events to read together. */
export function stretches(
  numbers: readonly number[],
): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && number - last.to < nearEvents) last.to = number + 1;
    else found.push({ from: number, to: number + 1 });
  }
  return found;
}
