import { placeholderText } from "../../engine/model/template";
import type { Placeholder } from "../../engine/model/template";

/** Text in the form of Orket's files: `\n` line ends, no trailing whitespace, one final line end if it has several lines. */
function tidy(text: string): string {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== "");
  const whole = first < 0 ? "" : lines.slice(first).join("\n").trimEnd();
  return whole.includes("\n") ? `${whole}\n` : whole;
}

/** One line for display. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 2000)
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ")
    .trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}

/** Paragraphs, with a blank line between; empty ones are left out. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return tidy(
    parts
      .filter((part) => part !== undefined && part.trim() !== "")
      .map((part) => tidy(part ?? "").trimEnd())
      .join("\n\n"),
  );
}

/** The text as a template that means exactly this text: each `{{` becomes `\{{`. */
export function escapeTemplate(text: string): string {
  return text.replace(/(?<!\\)(\\*)\{\{/g, "$1$1\\{{");
}

/** The replacement for an expression of another tool's template. */
export type Translation = { readonly placeholder: Placeholder } | { readonly template: string };

/**
 * Translates another tool's template: what `expression` finds is replaced according to `translate`; everything else,
 * and what it does not know, is kept as written.
 */
export function translateTemplate(
  text: string,
  expression: RegExp,
  translate: (match: RegExpExecArray) => Translation | undefined,
): string {
  let made = "";
  let at = 0;
  for (const match of text.matchAll(expression)) {
    const found = translate(match);
    if (found === undefined) continue;
    made += literalBefore(text.slice(at, match.index));
    made += "placeholder" in found ? placeholderText(found.placeholder) : found.template;
    at = match.index + match[0].length;
  }
  return made + escapeTemplate(text.slice(at));
}

/** How often a character is repeated at the end of a text. */
function countAtEnd(text: string, character: string): number {
  let count = 0;
  while (text[text.length - 1 - count] === character) count++;
  return count;
}

/** Escaped text before a placeholder: its last backslashes and brace must not change what follows. */
function literalBefore(text: string): string {
  const space = countAtEnd(text, "{") % 2 === 1 ? " " : "";
  return `${escapeTemplate(text)}${"\\".repeat(countAtEnd(text, "\\"))}${space}`;
}

/** The text without the part between two marks (marks included), and that part. */
export function takeOut(text: string, open: string, close: string): { text: string; taken: string[] } {
  const taken: string[] = [];
  let kept = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf(open, at);
    const end = start < 0 ? -1 : text.indexOf(close, start + open.length);
    if (end < 0) return { text: kept + text.slice(at), taken };
    taken.push(text.slice(start, end + close.length));
    kept += text.slice(at, start);
    at = end + close.length;
  }
}
