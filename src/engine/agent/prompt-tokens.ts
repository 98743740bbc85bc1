import { utf8LengthOf } from "../event/content";
import type { ToolCall } from "../event/event";

/**
 * Tokens per byte of text where nothing has been measured. Byte-pair vocabularies average about four bytes of English
 * and three of code to a token; a third errs on the side of leaving room.
 */
export const assumedDensity = 1 / 3;

/** Safety factor on a measured density: the next text may be slightly denser. */
const margin = 1.03;

/** Bytes of a call in a message: its arguments and the frame around them. */
export function toolBytesOf({ args }: Pick<ToolCall, "args">): number {
  return 40 + utf8LengthOf(args);
}

/** Converts between bytes and tokens. */
export interface Estimate {
  /** Tokens of that many bytes, rounded up. */
  tokens(bytes: number): number;
  /** Bytes of text that make about that many tokens. */
  bytes(tokens: number): number;
}

/**
 * Token estimate for a model whose density is known: tokens per byte of whole prompts, as servers counted
 * them. undefined: nothing was measured.
 */
export function estimateAt(density: number | undefined): Estimate {
  const each = density === undefined ? assumedDensity : density * margin;
  return {
    tokens: (bytes) => Math.ceil(bytes * each),
    bytes: (tokens) => Math.floor(tokens / each),
  };
}

/** Estimated tokens of a text for which nothing was measured. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes * assumedDensity);
}
