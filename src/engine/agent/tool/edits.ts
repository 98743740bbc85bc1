import { withoutNumbers } from "./lines";
import { nearestPlaceOf } from "./nearest-place";

export interface Edit {
  readonly old_text: string;
  readonly new_text: string;
  readonly replace_all: boolean;
}

/**
 * A text with all edits made in order, or why one of them cannot be made; then none is made. Line ends may differ: the
 * text keeps its own. If a piece was pasted with line numbers, these are removed first.
 */
export function applyEdits(
  text: string,
  edits: readonly Edit[],
  path: string,
): { readonly text: string } | { readonly problem: string } {
  let edited = text;
  for (const [index, edit] of edits.entries()) {
    const made = applyEdit(edited, edit);
    if (typeof made === "string") {
      edited = made;
      continue;
    }
    const which = edits.length === 1 ? "" : `Edit ${index + 1} of ${edits.length}: `;
    const none = edits.length === 1 ? "" : " No edit was made.";
    return { problem: `${which}${problemOf(edited, edit, made.count, path)}${none}` };
  }
  if (edited === text)
    return { problem: `The edit changes nothing in ${path}: the new text is the old one.` };
  return { text: edited };
}

/** The edited text, or how often the piece occurs. */
function applyEdit(text: string, edit: Edit): string | { readonly count: number } {
  const lf = new LfText(text);
  const exact = placesOf(text, edit.old_text);
  if (exact.length > 0) {
    const asGiven = edit.old_text.includes("\r\n");
    return replaced(text, edit, exact, asGiven ? edit.new_text : lf.withEnds(edit.new_text));
  }
  const tries = [edit];
  const plain = withoutNumbers(edit.old_text);
  if (plain !== undefined && plain !== "") {
    tries.push({ ...edit, old_text: plain, new_text: withoutNumbers(edit.new_text) ?? edit.new_text });
  }
  for (const one of tries) {
    const wanted = one.old_text.replaceAll("\r\n", "\n");
    const places = placesOf(lf.text, wanted).map(({ start, end }) => lf.original(start, end));
    if (places.length > 0) return replaced(text, edit, places, lf.withEnds(one.new_text));
  }
  return { count: 0 };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function placesOf(text: string, piece: string): Span[] {
  const places: Span[] = [];
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length))
    places.push({ start: at, end: at + piece.length });
  return places;
}

function replaced(
  text: string,
  { replace_all: all }: Edit,
  places: readonly Span[],
  instead: string,
): string | { readonly count: number } {
  if (places.length > 1 && !all) return { count: places.length };
  let result = "";
  let from = 0;
  for (const { start, end } of places) {
    result += text.slice(from, start) + instead;
    from = end;
  }
  return result + text.slice(from);
}

/** A text with only LF as its line end, and the conversion back to the original. */
class LfText {
  readonly text: string;
  readonly #cuts: number[] = [];
  readonly #crlf: boolean;

  constructor(original: string) {
    for (let at = original.indexOf("\r\n"); at >= 0; at = original.indexOf("\r\n", at + 2))
      this.#cuts.push(at);
    this.text = this.#cuts.length === 0 ? original : original.replaceAll("\r\n", "\n");
    this.#crlf = usesCrlf(original);
  }

  original(start: number, end: number): Span {
    return { start: start + this.#before(start), end: end + this.#before(end) };
  }

  /** How many CRs were removed before an offset in the text. */
  #before(offset: number): number {
    let low = 0;
    let high = this.#cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cuts[middle] ?? 0) - middle < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  withEnds(text: string): string {
    return this.#crlf ? toCrlf(text) : text.replaceAll("\r\n", "\n");
  }
}

/** Whether most of the text's lines end with CR LF. */
export function usesCrlf(text: string): boolean {
  const crlf = text.split("\r\n").length - 1;
  return crlf > 0 && crlf * 2 > text.split("\n").length - 1;
}

export function toCrlf(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
}

function problemOf(text: string, edit: Edit, count: number, path: string): string {
  if (count > 1) {
    return `old_text occurs ${count} times in ${path}; make it longer so that it occurs once, or set replace_all.`;
  }
  const near = nearestPlaceOf(text, edit.old_text);
  return `old_text does not occur in ${path}.${near === undefined ? "" : ` ${near}`}`;
}
