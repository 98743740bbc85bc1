import type { ShownText } from "../../protocol/conductor";

/** Maximum length of a text sent to a view, in characters. */
const maxShownLength = 20_000;

export function shown(text: string, max = maxShownLength): ShownText {
  return text.length <= max ? { text } : { text: text.slice(0, max), cutFrom: text.length };
}
