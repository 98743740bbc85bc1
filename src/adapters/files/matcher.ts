import { RE2JS } from "re2js";
import type { SearchOptions } from "../../engine/port/files";
import { requiredText } from "./required-text";
import type { FileProbe } from "./ripgrep";

/** Whether a line contains the search text. The time grows linearly with the line, whatever the pattern. */
export interface LineMatcher {
  matches(line: string): boolean;
  /** Text that every match contains, to check the bytes before they are decoded; absent: there is none. */
  readonly needle?: Buffer;
  /** How another program can find the files that may have a match; absent: only reading them shows it. */
  readonly probe?: FileProbe;
}

/** @returns a sentence where the regular expression is invalid. */
export function matcherOf(
  query: string,
  { regex = false, ignoreCase = false }: SearchOptions,
): LineMatcher | { readonly problem: string } {
  if (!regex)
    return ignoreCase ? caseless(query) : { matches: (line) => line.includes(query), ...needed(query) };
  try {
    const pattern = RE2JS.compile(query, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    const text = ignoreCase ? undefined : requiredText(query);
    return { matches: (line) => pattern.matcher(line).find(), ...(text === undefined ? {} : needed(text)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problem: `The query is no regular expression of RE2 (no look-around, no back-references): ${why}`,
    };
  }
}

/** Characters whose bytes are not always those of the text: what cannot be decoded, and halves of characters. */
const ambiguous = /[\ufffd\p{Cs}]/u;

/** A text that every match contains. */
function needed(text: string): Pick<LineMatcher, "needle" | "probe"> {
  if (ambiguous.test(text)) return {};
  return {
    needle: Buffer.from(text),
    ...(/[\0\r\n]/.test(text) ? {} : { probe: { kind: "text", text } }),
  };
}

/** Letters compared in lower case; enough for a search, and linear. */
function caseless(query: string): LineMatcher {
  const wanted = query.toLowerCase();
  const matches = (line: string): boolean => line.toLowerCase().includes(wanted);
  if (!/^[\x20-\x7e]+$/.test(query)) return { matches };
  const pattern = wanted.replace(/[^A-Za-z0-9 ]/g, "\\$&");
  // The only letter whose lower case begins with one of ASCII: İ, of which the i is the first half.
  return { matches, probe: { kind: "caseless", pattern: pattern.replace(/i$/, "(?:i|\u0130)") } };
}
