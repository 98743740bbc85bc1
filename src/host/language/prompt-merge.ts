import { applyPatch, structuredPatch } from "diff";

/**
 * What was edited in `mine` since `base`, made in `theirs` as well; undefined where both changed the same lines or lines
 * that touch.
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const patch = structuredPatch("base", "mine", base, mine, undefined, undefined, { context: 1 });
  const merged = applyPatch(theirs, patch, { fuzzFactor: 0 });
  return merged === false ? undefined : merged;
}
