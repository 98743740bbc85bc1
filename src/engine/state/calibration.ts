import type { BuiltPrompt } from "./step-run";

/** Upper bound on what a chat template adds to a message, in tokens (role markers, separators, the reply's opening). */
const templateTokensPerMessage = 16;

/** A count that is lower than this share of the known count covers only what was not in the server's cache. */
const leastShare = 0.6;

/**
 * The most tokens that a prompt can have: a tokenizer that falls back to bytes makes no more tokens than bytes. Limits
 * are reserved with it, so that no server's count can exceed them.
 */
export function maxPromptTokens(bytes: number, messages: number): number {
  return bytes + messages * templateTokensPerMessage;
}

/** The number of bytes from which `maxPromptTokens` of a prompt was computed. */
export function promptBytes({ maxTokens, messages }: BuiltPrompt): number {
  return Math.max(1, maxTokens - messages.length * templateTokensPerMessage);
}

/**
 * Tokens per byte of a model's prompts, after one more was counted. A denser prompt counts immediately, so that the
 * next one fits; a less dense one counts gradually.
 */
export function learnedDensity(known: number | undefined, bytes: number, tokens: number): number | undefined {
  const seen = tokens / bytes;
  if (known === undefined) return seen < 1 / 16 ? undefined : seen;
  if (seen > known) return seen;
  return seen < known * leastShare ? known : known * 0.9 + seen * 0.1;
}
