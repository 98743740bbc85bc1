import type { BuiltPrompt } from "./step-run";

/** Upper bound on what a chat template adds to a message, in tokens (role markers, separators, the reply's opening). */
const templateTokensPerMessage = 16;

/** A count that is lower than this share of what is known counts only what a server had not in its cache. */
const leastShare = 0.6;

/**
 * The most tokens that a prompt can have: a tokenizer that falls back to bytes makes no more tokens than bytes. Limits
 * are reserved with it, so that no count by a server can overshoot them.
 */
export function maxPromptTokens(bytes: number, messages: number): number {
  return bytes + messages * templateTokensPerMessage;
}

/** The bytes that `maxPromptTokens` of a prompt was made of. */
export function promptBytes({ maxTokens, messages }: BuiltPrompt): number {
  return Math.max(1, maxTokens - messages.length * templateTokensPerMessage);
}

/**
 * Tokens for each byte of a model's prompts, after one more was counted. A denser prompt counts at once, so that the
 * next one fits; a less dense one slowly.
 */
export function learnedDensity(known: number | undefined, bytes: number, tokens: number): number | undefined {
  const seen = tokens / bytes;
  if (known === undefined) return seen < 1 / 16 ? undefined : seen;
  if (seen > known) return seen;
  return seen < known * leastShare ? known : known * 0.9 + seen * 0.1;
}
