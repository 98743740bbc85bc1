/**
 * Bytes that one token stands for, as prompts are fitted into the context window. Byte-pair vocabularies average about
 * four bytes of English and three of code; three errs on the side of leaving room.
 */
const bytesPerToken = 3;

/** Upper bound on what a chat template adds to a message, in tokens (role markers, separators, the reply's opening). */
const templateTokensPerMessage = 16;

/** Estimated tokens of a text of that many UTF-8 bytes. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

/** Estimated tokens of a whole prompt. */
export function estimatePromptTokens(bytes: number, messages: number): number {
  return estimateTokens(bytes) + messages * 4;
}

/**
 * The most tokens that a prompt can have: a tokenizer that falls back to bytes makes no more tokens than bytes. Limits
 * are reserved with it, so that no count by a server can overshoot them.
 */
export function maxPromptTokens(bytes: number, messages: number): number {
  return bytes + messages * templateTokensPerMessage;
}
