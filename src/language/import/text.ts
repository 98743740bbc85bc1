import { placeholderText, type Placeholder } from "../../engine/model/template";

/** Text as Orket's files hold it: `\n` line ends, no blanks at the end, one line end where it has several lines. */
export function tidy(text: string): string {
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/^\s*\n/, "")
    .replace(/[^\S\n]+$/gm, "")
    .trimEnd();
  return lines.includes("\n") ? `${lines}\n` : lines;
}

/** One line for people. */
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

/** The text as a template that means just this text: each `{{` becomes `\{{`. */
export function escapeTemplate(text: string): string {
  return text.replace(/(\\*)\{\{/g, "$1$1\\{{");
}

/** What stands for an expression of another tool's template. */
export type Translation = { readonly placeholder: Placeholder } | { readonly template: string };

/**
 * Translates another tool's template: what `expression` finds is replaced as `translate` says, all else, and what it
 * does not know, stays as it is written.
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

/** Escaped text that a placeholder follows: its last backslashes and brace are not to change what follows. */
function literalBefore(text: string): string {
  const slashes = /\\*$/.exec(text)?.[0] ?? "";
  const brace = (/\{*$/.exec(text)?.[0].length ?? 0) % 2 === 1;
  return `${escapeTemplate(text)}${slashes}${brace ? " " : ""}`;
}
