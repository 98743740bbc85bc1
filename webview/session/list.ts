import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { EventRow } from "../../src/protocol/session-panel";
import { timeText } from "./time";

const rowHeight = 22;

/** The indices of the first and the last visible row. */
export interface VisibleRows {
  readonly first: number;
  readonly last: number;
}

/** Where the list gets rows from and what it reports to. */
export interface ListSource {
  readonly row: (index: number) => EventRow | undefined;
  readonly selected: () => number | undefined;
  /** These rows are rendered, including a few that are not visible. */
  readonly drawn: (first: number, last: number) => void;
  /** The visible rows have changed. */
  readonly moved: (visible: VisibleRows) => void;
  readonly select: (index: number) => void;
}

/** The event list: of any number of rows, only the visible ones are in the document. */
export class EventList {
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #rows = new Map<number, HTMLElement>();
  #count = 0;
  readonly #scroller: HTMLElement;
  readonly #canvas: HTMLElement;
  readonly #source: ListSource;

  constructor(scroller: HTMLElement, canvas: HTMLElement, source: ListSource) {
    this.#scroller = scroller;
    this.#canvas = canvas;
    this.#source = source;
    this.#virtualizer = new Virtualizer(this.#options());
    this.#virtualizer._didMount();
    this.#virtualizer._willUpdate();
  }

  get visible(): VisibleRows {
    return this.#rowsWithin(this.#scroller.scrollTop, this.#scroller.clientHeight);
  }

  get atEnd(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop < rowHeight;
  }

  /** Renders again after rows arrived, the selection moved or their number changed. */
  update(count: number, following: boolean): void {
    const grown = count > this.#count;
    if (count !== this.#count) {
      this.#count = count;
      this.#virtualizer.setOptions(this.#options());
      this.#virtualizer._willUpdate();
    }
    this.#draw();
    if (following && grown) this.reveal(count - 1);
  }

  reveal(index: number): void {
    this.#virtualizer.scrollToIndex(index, { align: "auto" });
  }

  /** Shows the page of rows before the visible ones. */
  pageBack(): void {
    const { first, last } = this.visible;
    this.#virtualizer.scrollToIndex(Math.max(0, first - Math.max(1, last - first)), { align: "start" });
  }

  toStart(): void {
    this.#scroller.scrollTop = 0;
  }

  /** Shows the last rows, and new ones as they arrive. */
  toEnd(): void {
    this.#virtualizer.scrollToIndex(this.#count - 1, { align: "end" });
  }

  #options(): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: this.#count,
      getScrollElement: () => this.#scroller,
      estimateSize: () => rowHeight,
      overscan: 12,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.#draw(),
    };
  }

  #rowsWithin(top: number, height: number): VisibleRows {
    const first = Math.min(Math.ceil(top / rowHeight), Math.max(0, this.#count - 1));
    const last = Math.min(Math.floor((top + height) / rowHeight), this.#count) - 1;
    return { first, last: Math.max(first, last) };
  }

  #draw(): void {
    const items = this.#virtualizer.getVirtualItems();
    this.#canvas.style.height = `${this.#virtualizer.getTotalSize()}px`;
    const wanted = new Set(items.map(({ index }) => index));
    for (const [index, element] of this.#rows) {
      if (wanted.has(index)) continue;
      element.remove();
      this.#rows.delete(index);
    }
    for (const { index, start } of items) this.#drawRow(index, start);
    const first = items[0]?.index;
    const last = items.at(-1)?.index;
    if (first !== undefined && last !== undefined) this.#source.drawn(first, last);
    // Values just written are not read back, which would force a layout immediately; a pending scroll renders again.
    const { scrollOffset, scrollRect } = this.#virtualizer;
    this.#source.moved(this.#rowsWithin(scrollOffset ?? 0, scrollRect?.height ?? 0));
    const selected = this.#source.selected();
    if (selected !== undefined && this.#rows.has(selected)) {
      this.#scroller.setAttribute("aria-activedescendant", rowId(selected));
    } else this.#scroller.removeAttribute("aria-activedescendant");
  }

  #drawRow(index: number, start: number): void {
    let element = this.#rows.get(index);
    if (element === undefined) {
      element = document.createElement("div");
      element.className = "row";
      element.id = rowId(index);
      element.setAttribute("role", "option");
      element.setAttribute("aria-posinset", String(index + 1));
      element.addEventListener("click", () => this.#source.select(index));
      for (const name of ["seq", "at", "type", "step", "text"]) {
        const cell = document.createElement("span");
        cell.className = `cell cell-${name}`;
        element.append(cell);
      }
      this.#canvas.append(element);
      this.#rows.set(index, element);
    }
    element.style.transform = `translateY(${start}px)`;
    element.setAttribute("aria-setsize", String(this.#count));
    element.setAttribute("aria-selected", String(index === this.#source.selected()));
    const row = this.#source.row(index);
    const texts =
      row === undefined
        ? ["", "", "…", "", ""]
        : [String(row.seq), timeText(row.at, true), row.words, row.step ?? "", row.text];
    texts.forEach((text, cell) => {
      const target = element.children[cell];
      if (target !== undefined && target.textContent !== text) target.textContent = text;
    });
    if (row !== undefined) element.dataset["type"] = row.type;
  }
}

function rowId(index: number): string {
  return `row-${index}`;
}
