import { render } from "preact";
import type { PanelMessage, StreamInfo } from "../../src/protocol/session-panel";
import { Entries } from "./transcript";
import type { EntryActions } from "./transcript";
import {
  noTranscript,
  partKey,
  rowsAround,
  rowsBeyond,
  rowsToRead,
  streamOf,
  withRows,
  withStreams,
  withText,
} from "./transcript-state";
import type { RowRange, TranscriptState } from "./transcript-state";

/** How near to an end of what is loaded more is requested, in pixels. */
const nearPixels = 900;
/** How near to the end the reader counts as being there, in pixels. */
const endPixels = 24;

export interface TranscriptHost extends Omit<EntryActions, "onFold"> {
  readonly request: (edition: number, rows: RowRange) => void;
  readonly requestPart: (seq: number, id: string) => void;
  /** The reader has moved: the visible entries, and whether the end is visible. */
  readonly moved: () => void;
}

/** The scrolled part of the transcript: loads entries where the reader is, and keeps the reader's place meanwhile. */
export class TranscriptView {
  #state: TranscriptState = noTranscript;
  #info: StreamInfo | undefined;
  #following = false;
  /** A frame was requested, to draw what has been streamed. */
  #drawing = false;
  /** The rows that were requested and have not come. */
  #asked = "";
  /** Where to go once the entries have come: a row, or an end of the list. */
  #goal: number | "start" | "end" | undefined;
  readonly #scroller: HTMLElement;
  readonly #host: TranscriptHost;

  constructor(scroller: HTMLElement, host: TranscriptHost) {
    this.#scroller = scroller;
    this.#host = host;
    scroller.addEventListener("scroll", () => {
      host.moved();
      this.#fill();
    });
    scroller.addEventListener("keydown", (event) => this.#key(event));
  }

  get atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return this.#state.to >= this.#count && scrollHeight - scrollTop - clientHeight < endPixels;
  }

  /** The rows of the first and the last visible entry. */
  get visible(): { readonly first: number; readonly last: number } | undefined {
    const box = this.#scroller.getBoundingClientRect();
    const seen = this.#articles().filter((article) => {
      const { top, bottom } = article.getBoundingClientRect();
      return bottom > box.top && top < box.bottom;
    });
    const [first, last] = [seen[0], seen.at(-1)].map((article) => Number(article?.dataset["index"]));
    if (first === undefined || last === undefined || Number.isNaN(first)) return undefined;
    // The last events can be shown by the entry of an earlier one.
    return { first, last: this.atEnd ? this.#count - 1 : last };
  }

  get #count(): number {
    return this.#info?.matching ?? 0;
  }

  /** The list has changed: more rows, or other ones. */
  update(info: StreamInfo, following: boolean): void {
    const isOther = info.edition !== this.#state.edition;
    const before = this.#count;
    this.#info = info;
    this.#following = following;
    this.#scroller.hidden = info.matching === 0;
    if (info.matching === 0) {
      this.#state = this.#emptied(info.edition);
      this.#draw();
      return;
    }
    if (isOther) {
      this.#state = this.#emptied(info.edition);
      this.go(following ? "end" : "start");
      return;
    }
    if (info.matching === before) return;
    const rows = rowsToRead(this.#state, info.matching, following);
    if (following) this.#goal = "end";
    if (rows === undefined) this.#fill();
    else this.#request(rows);
  }

  /** Shows a row, or an end of the list. */
  go(goal: number | "start" | "end"): void {
    this.#goal = goal;
    const index = goal === "start" ? 0 : goal === "end" ? this.#count - 1 : goal;
    const { from, to } = this.#state;
    if (index >= from && index < to) {
      this.#reach();
      this.#fill();
    } else if (this.#count > 0) this.#request(rowsAround(index, this.#count));
  }

  take(message: Extract<PanelMessage, { type: "transcript" }>): void {
    // The answer to an earlier request is of a place that the reader has left.
    if (`${message.edition} ${message.from}` !== this.#asked) return;
    this.#asked = "";
    this.#state = withRows(this.#state, message);
    const toEnd = this.#goal === "end";
    this.#draw();
    this.#reach();
    this.#host.moved();
    // What stands above may just have appeared, and taken room.
    if (toEnd && this.#goal === undefined) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#fill();
  }

  takePart({ seq, id, text }: Extract<PanelMessage, { type: "part" }>): void {
    this.#state = withText(this.#state, partKey(seq, id), text);
    this.#draw();
  }

  takeStream(message: Extract<PanelMessage, { type: "stream" }>): void {
    this.#state = withStreams(this.#state, message);
    const { entries, streams } = this.#state;
    if (this.#drawing || entries.every((entry) => streamOf(entry, streams) === undefined)) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
      if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    });
  }

  /** Moves the reader by about a screen towards the beginning. */
  pageBack(): void {
    this.#goal = undefined;
    this.#scroller.scrollBy({ top: -0.9 * this.#scroller.clientHeight });
  }

  #emptied(edition: number): TranscriptState {
    return { ...noTranscript, edition, streams: this.#state.streams };
  }

  #articles(): HTMLElement[] {
    return [...this.#scroller.querySelectorAll<HTMLElement>("article")];
  }

  #request(rows: RowRange): void {
    const { edition } = this.#info ?? { edition: -1 };
    const question = `${edition} ${rows.from}`;
    if (question === this.#asked) return;
    this.#asked = question;
    this.#host.request(edition, rows);
  }

  /** Requests more rows where the reader is near an end of what is loaded. */
  #fill(): void {
    if (this.#asked !== "" || this.#count === 0) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const later = scrollHeight - scrollTop - clientHeight < nearPixels;
    const rows =
      (later ? rowsBeyond(this.#state, "later", this.#count) : undefined) ??
      (scrollTop < nearPixels ? rowsBeyond(this.#state, "earlier", this.#count) : undefined);
    if (rows !== undefined) this.#request(rows);
  }

  #reach(): void {
    const goal = this.#goal;
    if (goal === undefined) return;
    if (goal === "end" ? this.#state.to < this.#count : goal === "start" && this.#state.from > 0) return;
    if (goal === "end") this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else if (goal === "start") this.#scroller.scrollTop = 0;
    else {
      // A row without an entry is shown by the entry before it.
      const article = this.#articles().findLast(({ dataset }) => Number(dataset["index"]) <= goal);
      if (article === undefined) return;
      article.scrollIntoView({ block: "start" });
      article.classList.add("reached");
      article.addEventListener("blur", () => article.classList.remove("reached"), { once: true });
      article.focus({ preventScroll: true });
    }
    this.#goal = undefined;
  }

  /** Draws, and keeps what the reader sees at its place. */
  #draw(): void {
    const top = this.#scroller.getBoundingClientRect().top;
    const anchor = this.#articles().find((article) => article.getBoundingClientRect().bottom > top);
    const place = anchor?.getBoundingClientRect().top ?? 0;
    const { request: _, requestPart, moved: _moved, ...actions } = this.#host;
    render(
      <Entries
        entries={this.#state.entries}
        texts={this.#state.texts}
        streams={this.#state.streams}
        count={this.#count}
        {...actions}
        onFold={({ seq, id }, open) => {
          const key = partKey(seq, id);
          if (open === this.#state.texts.has(key)) return;
          this.#state = withText(this.#state, key, open ? "request" : "close");
          if (open) requestPart(seq, id);
          this.#draw();
        }}
      />,
      this.#scroller,
    );
    this.#scroller.ariaBusy = String(this.#state.entries.length === 0);
    if (anchor?.isConnected === true) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - place;
  }

  #key(event: KeyboardEvent): void {
    const onScroller = event.target === this.#scroller;
    if (event.key === "Home" || event.key === "End") {
      if (event.target instanceof HTMLElement && event.target.closest("pre") !== null) return;
      event.preventDefault();
      this.go(event.key === "Home" ? "start" : "end");
      return;
    }
    // In a feed, the page keys go from article to article.
    const step = event.key === "PageDown" ? 1 : event.key === "PageUp" ? -1 : 0;
    const current = onScroller ? undefined : (event.target as HTMLElement).closest("article");
    if (step === 0 || current == null) return;
    const articles = this.#articles();
    const next = articles[articles.indexOf(current) + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }
}
