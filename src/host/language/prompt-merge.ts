import { applyPatch, structuredPatch } from "diff";

/**
 * Applies the edits from `base` to `mine` to `theirs` as well; undefined where both changed the same or adjacent
 * lines.
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const patch = structuredPatch("base", "mine", base, mine, undefined, undefined, { context: 1 });
  const merged = applyPatch(theirs, patch, { fuzzFactor: 0 });
  return merged === false ? undefined : merged;
}
