import { nodeUtf8 } from "../../adapters/system/utf8";

/** Contents of a file; null: there is no file. */
export type Bytes = Uint8Array | null;

/** Larger files are handled as a whole: no hunks, no merge. In bytes. */
const largestText = 8 << 20;

/**
 * Versions of one file as text. Lines keep their line ends, so that the joined lines are exactly the file; only the
 * last may have none. A byte order mark is the first character of the first line.
 */
export interface Texts {
  /** `bytes`: one of the versions is not UTF-8, so that each character represents one byte in all of them. */
  readonly encoding: "utf8" | "bytes";
  /** One list for each version; a missing file has no lines. */
  readonly lines: readonly (readonly string[])[];
}

/** The versions as text, read the same way; undefined where one is binary (holds a zero byte) or too large. */
export function textsOf(versions: readonly Bytes[]): Texts | undefined {
  if (versions.some((bytes) => bytes !== null && (bytes.length > largestText || bytes.includes(0))))
    return undefined;
  const utf8 = versions.map((bytes) => (bytes === null ? "" : nodeUtf8.decode(bytes)));
  const isUtf8 = utf8.every((text) => text !== null);
  const texts = isUtf8
    ? utf8
    : versions.map((bytes) => (bytes === null ? "" : Buffer.from(bytes).toString("latin1")));
  return { encoding: isUtf8 ? "utf8" : "bytes", lines: texts.map((text) => splitLines(text ?? "")) };
}

export function bytesOf(lines: readonly string[], encoding: Texts["encoding"]): Uint8Array {
  return Buffer.from(lines.join(""), encoding === "utf8" ? "utf8" : "latin1");
}

/** Lines with their line ends; only `\n` and `\r\n` end a line. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    lines.push(text.slice(start, end + 1));
    start = end + 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

/** Lines as editors count them: without their `\n`, and the text after the last one is a line, too. */
export function editorLines(lines: readonly string[]): string[] {
  return lines.join("").split("\n");
}

export type LineEnd = "\n" | "\r\n";

/** The line end that every line has; undefined where they are mixed or there is none. */
export function lineEndOf(lines: readonly string[]): LineEnd | undefined {
  let found: LineEnd | undefined;
  for (const line of lines) {
    if (!line.endsWith("\n")) continue;
    const end: LineEnd = line.endsWith("\r\n") ? "\r\n" : "\n";
    if (found !== undefined && found !== end) return undefined;
    found = end;
  }
  return found;
}

export function withLineEnd(lines: readonly string[], end: LineEnd): string[] {
  return lines.map((line) => (line.endsWith("\n") ? bare(line) + end : line));
}

/** The line without its line end. */
export function bare(line: string): string {
  if (line.endsWith("\r\n")) return line.slice(0, -2);
  return line.endsWith("\n") ? line.slice(0, -1) : line;
}

export function isSameBytes(a: Bytes, b: Bytes): boolean {
  if (a === null || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}
