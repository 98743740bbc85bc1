import type { Position, Range } from "vscode-languageserver-types";

/** A part of a text as offsets in UTF-16 units: `end` is after the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the lines of a text begin. `\n`, `\r\n` and a lone `\r` end a line, as in an editor. */
export class LineIndex {
  readonly #starts: number[] = [0];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    const ending = /\r\n|\n|\r/g;
    while (ending.exec(text) !== null) this.#starts.push(ending.lastIndex);
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  positionAt(offset: number): Position {
    const wanted = Math.max(0, Math.min(offset, this.#text.length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: wanted - (this.#starts[low] ?? 0) };
  }

  /** The offset of a position; past the end of the text or the line, it is that end. */
  offsetAt({ line, character }: Position): number {
    const start = this.#starts[line];
    if (start === undefined) return line < 0 ? 0 : this.#text.length;
    const next = this.#starts[line + 1] ?? this.#text.length;
    return Math.max(start, Math.min(start + character, next));
  }

  rangeOf({ start, end }: Span): Range {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }

  /** The end of the line that holds `offset`, without the line break. */
  lineEnd(offset: number): number {
    const { line } = this.positionAt(offset);
    let end = this.#starts[line + 1] ?? this.#text.length;
    const start = this.#starts[line] ?? 0;
    while (end > start && (this.#text[end - 1] === "\n" || this.#text[end - 1] === "\r")) end--;
    return end;
  }
}
