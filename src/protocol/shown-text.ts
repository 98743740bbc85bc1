/** A text for display; long ones are cut, and the length is included. */
export interface ShownText {
  readonly text: string;
  /** Characters of the whole text, when `text` is not all of it. */
  readonly cutFrom?: number;
}

/** Maximum length of a text sent to a view, in characters. */
const maxShownLength = 20_000;

export function shown(text: string, max = maxShownLength): ShownText {
  return text.length <= max ? { text } : { text: text.slice(0, max), cutFrom: text.length };
}
