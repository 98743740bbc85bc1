/** Names under which servers take keys, in any spelling. */
const keyName =
  /^(?:x[-_]?)?(?:api[-_]?keys?|auth(?:orization|[-_]?token)?|(?:access|bearer|secret|session|id)[-_]?(?:token|key)s?|bearer|secrets?|passw(?:or)?d|client[-_]?secret|tokens?|credentials?)$/iu;

/** Prefixes that vendors give their keys so that leaked ones can be detected. */
const keyValue =
  /^(?:Bearer |Basic |sk-|sk_|gsk_|gh[pousr]_|github_pat_|glpat-|xai-|xox[abp]-|hf_|AIza|AKIA|pplx-|r8_|eyJ[A-Za-z0-9_-]+\.eyJ)[^\s]{12,}/u;

const mostDepth = 16;

/**
 * Where in a Venue's `params` there is a key, as the path of names to it; undefined: nowhere. Recognized by its name, or
 * by what it looks like. The key itself is not part of the answer.
 */
export function keyInParams(params: unknown, path: readonly string[] = []): readonly string[] | undefined {
  if (typeof params === "string") return keyValue.test(params) ? path : undefined;
  if (typeof params !== "object" || params === null || path.length > mostDepth) return undefined;
  for (const [name, value] of Object.entries(params)) {
    const here = [...path, name];
    if (!Array.isArray(params) && keyName.test(name) && typeof value === "string" && value !== "")
      return here;
    const found = keyInParams(value, here);
    if (found !== undefined) return found;
  }
  return undefined;
}
