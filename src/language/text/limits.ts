/** Upper bounds for a file; exceeding one is a diagnostic, and the rest is not read. */
export const sourceLimits = {
  bytes: 1024 * 1024,
  /** Pieces of syntax, counted before the tree is built: bounds the time of the parser. */
  tokens: 250_000,
  /** Values, those of aliases counted each time they are used. */
  nodes: 100_000,
  depth: 64,
  /** Syntax errors that are listed. */
  syntaxErrors: 100,
} as const;
