import stringWidth from "string-width";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** What a reader perceives as one character, such as a family of emoji or a letter with its accents. */
export function* graphemesOf(text: string): Generator<string> {
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** The width of any text; loading the tables for this takes longer than most commands. */
export function wideWidth(text: string): number {
  return stringWidth(text);
}
