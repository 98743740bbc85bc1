const ignorable = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Blocks whose characters take two columns. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26aa, 0x26ab],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x274e, 0x274e],
  [0x2753, 0x2757],
  [0x2795, 0x2797],
  [0x2b50, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ignorable.test(character)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** How many columns a terminal gives the text; one line without control characters. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** The text cut so that it takes at most `columns`, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (columns <= 0) return "";
  let width = 0;
  let kept = "";
  // The longest part that leaves room for the ellipsis.
  let room = "";
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) return `${room}…`;
    kept += character;
    if (width < columns) room = kept;
  }
  return text;
}

/** The text with spaces after it up to `columns`. */
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
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    head += character;
  }
  return head;
}
