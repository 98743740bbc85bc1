import type { LineRange, LinesRead } from "../../port/files";

/** The lines of a text, without their ends (LF or CR LF); a line end at the end of the text does not begin another line. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

/** A part of a text, read in the same way as a part of a file. */
export function partOf(text: string, bytes: number, range: LineRange): LinesRead {
  const all = linesOf(text.startsWith("\ufeff") ? text.slice(1) : text);
  const lines: string[] = [];
  let length = 0;
  let cut = false;
  for (const line of all.slice(range.start - 1, range.end)) {
    length += line.length + 1;
    if (length > range.maxLength && lines.length > 0) {
      cut = true;
      break;
    }
    lines.push(line);
  }
  return { kind: "lines", lines, start: range.start, total: all.length, bytes, cut, executable: false };
}

/** `12<tab>text`: how lines are shown with their numbers, which the edit tool accepts back. */
export function numbered(lines: readonly string[], start: number): string {
  return lines.map((line, index) => `${start + index}\t${line}`).join("\n");
}

const number = /^[ \t]*\d+\t/;

/** A text that was pasted with line numbers, without them; undefined: not every line has a number. */
export function withoutNumbers(text: string): string | undefined {
  const lines = text.split("\n");
  const isEnd = (index: number): boolean => index === lines.length - 1 && lines[index] === "";
  if (!lines.every((line, index) => number.test(line) || isEnd(index))) return undefined;
  return lines.map((line) => line.replace(number, "")).join("\n");
}

export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
