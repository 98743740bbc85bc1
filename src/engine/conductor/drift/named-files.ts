/*
 * Which files a text names. Only names with a well-known extension count, so that "e.g.", versions and host names are
 * not files; neither is a product such as "Node.js".
 */

const extensions =
  "ts|tsx|js|jsx|mjs|cjs|mts|cts|py|pyi|rb|go|rs|java|kt|kts|c|h|cc|cpp|hpp|cs|php|swift|scala|sh|bash|ps1|sql|html|css|scss|less|json|jsonl|yaml|yml|toml|ini|cfg|md|rst|txt|xml|csv|svg|vue|svelte|lua|ex|exs|erl|hs|ml|jl|dart|gradle|proto|ipynb";
const path = new RegExp(
  String.raw`(?<![\w./:@-])(?:\./)?((?:[\w@-][\w.@-]{0,80}/){0,12}[\w@-][\w.@-]{0,80}\.(?:${extensions}))(?![\w/-]|\.\w)`,
  "g",
);
/** A quick look for whether a text can name any file. */
const anyName = new RegExp(String.raw`[\w@-]\.(?:${extensions})(?![\w/-])`);
const product = /^[A-Z][A-Za-z0-9]*\.js$/;

/** Longest text that is searched, in characters, and most files that are taken from it. */
const maxText = 65_536;
const maxNames = 100;

/** The files that a text names, each once, in order of appearance, with forward slashes. */
export function namedFiles(text: string): string[] {
  const found = new Set<string>();
  const searched = text.slice(0, maxText);
  if (!anyName.test(searched)) return [];
  for (const [, name = ""] of searched.matchAll(path)) {
    if (product.test(name)) continue;
    found.add(name);
    if (found.size === maxNames) break;
  }
  return [...found];
}

const wrote =
  /\b(?:wrote|written|created|added|implemented|saved|generated|produced|updated|fixed|edited|modified|rewrote|changed)\b/i;
const notSo =
  /\b(?:not|no|never|should|must|shall|will|would|could|can|cannot|need|needs|please|todo|missing|plan|planned|next|later|unless|if|without|nothing)\b|n't\b/i;
const bullet = /^\s*(?:[-*+]|\d{1,3}[.)])\s/;

/**
 * The files that a report claims to have been written: those in a sentence that claims it, or in a list below
 * a line that claims it. Wishes, plans and negations are not claims.
 */
export function claimedFiles(text: string): string[] {
  const claimed: string[] = [];
  let listed = false;
  for (const line of text.slice(0, maxText).split("\n")) {
    if (bullet.test(line) && listed) {
      if (!notSo.test(line)) claimed.push(...namedFiles(line));
      continue;
    }
    if (line.trim() === "") continue;
    listed = false;
    for (const sentence of line.split(/(?<=[.!?;])\s/)) {
      if (!wrote.test(sentence) || notSo.test(sentence)) continue;
      claimed.push(...namedFiles(sentence));
      listed = sentence.trimEnd().endsWith(":");
    }
  }
  return [...new Set(claimed)].slice(0, maxNames);
}

/** Whether two names can be one file: the paths are equal, or one is the end of the other. */
export function isSameFile(one: string, other: string): boolean {
  return one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);
}
