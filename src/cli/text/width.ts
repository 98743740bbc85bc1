import { graphemesOf, wideWidth } from "./wide-text";

/**
 * Each character takes one column: ASCII, the letters of Western European languages, and the signs that Orket itself prints.
 * Most texts are such; the tables for others are then not loaded.
 */
const singleColumns = /^[ -~¡-¬®-ÿ–—…→─✓✗▸⠇⠋⠏⠙⠦⠧⠴⠸⠹⠼]*$/;

/** What a reader perceives as one character. */
function charactersOf(text: string): Iterable<string> {
  return singleColumns.test(text) ? text : graphemesOf(text);
}

/** The text's width in terminal columns; one line without control characters. */
export function displayWidth(text: string): number {
  return singleColumns.test(text) ? text.length : wideWidth(text);
}

/** The text cut to at most `columns`, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (columns <= 0) return "";
  let width = 0;
  let kept = "";
  // The longest part that leaves room for the ellipsis.
  let room = "";
  for (const character of charactersOf(text)) {
    width += displayWidth(character);
    if (width > columns) return `${room}…`;
    kept += character;
    if (width < columns) room = kept;
  }
  return text;
}

/** The text padded with spaces to `columns`. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** The text in lines of at most `columns`, broken between words where there are any; no word is lost. */
export function wrapText(text: string, columns: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(8, columns)));
}

function wrapLine(line: string, columns: number): string[] {
  if (displayWidth(line) <= columns) return [line];
  const indent = /^\s*/.exec(line)?.[0].slice(0, columns >> 1) ?? "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(indent.length).split(" ")) {
    const joined = current === "" ? indent + word : `${current} ${word}`;
    if (displayWidth(joined) <= columns) {
      current = joined;
      continue;
    }
    if (current !== "") lines.push(current);
    current = indent + word;
    while (displayWidth(current) > columns) {
      const head = headOf(current, columns);
      lines.push(head);
      current = indent + current.slice(head.length);
    }
  }
  lines.push(current);
  return lines;
}

function headOf(text: string, columns: number): string {
  let width = 0;
  let head = "";
  for (const character of charactersOf(text)) {
    width += displayWidth(character);
    if (width > columns) break;
    head += character;
  }
  return head;
}
