import { RE2JS } from "re2js";
import type { SearchOptions } from "../../engine/port/files";

/** Whether a line contains the search text. The time grows linearly with the line, whatever the pattern. */
export interface LineMatcher {
  matches(line: string): boolean;
  /** Text that every match contains, to check the bytes before they are decoded; absent: there is none. */
  readonly needle?: Buffer;
}

/** @returns a sentence where the regular expression is invalid. */
export function matcherOf(
  query: string,
  { regex = false, ignoreCase = false }: SearchOptions,
): LineMatcher | { readonly problem: string } {
  if (!regex)
    return ignoreCase
      ? caseless(query)
      : { matches: (line) => line.includes(query), needle: Buffer.from(query) };
  try {
    const pattern = RE2JS.compile(query, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return { matches: (line) => pattern.matcher(line).find() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problem: `The query is no regular expression of RE2 (no look-around, no back-references): ${why}`,
    };
  }
}

/** Letters compared in lower case; enough for a search, and linear. */
function caseless(query: string): LineMatcher {
  const wanted = query.toLowerCase();
  return { matches: (line) => line.toLowerCase().includes(wanted) };
}
