import type { ShownText } from "../../protocol/conductor";

/** Longest text that is sent to a view, in characters. */
export const maxShownLength = 20_000;

export function shown(text: string, max = maxShownLength): ShownText {
  return text.length <= max ? { text } : { text: text.slice(0, max), cutFrom: text.length };
}

/** On one line, cut with an ellipsis. */
export function oneLine(text: string, max = 200): string {
  const line = text
    .slice(0, max * 2)
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}
