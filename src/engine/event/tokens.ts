import * as z from "zod";

/** A number of tokens, and whether the backend measured it or the engine estimated it. Unknown counts are absent. */
export const tokenCountSchema = z.strictObject({
  count: z.int().min(0),
  source: z.enum(["measured", "estimated"]),
});
export type TokenCount = z.infer<typeof tokenCountSchema>;

export const tokenUsageSchema = z.strictObject({
  input: tokenCountSchema.optional(),
  cached_input: tokenCountSchema.optional(),
  output: tokenCountSchema.optional(),
});
/** Tokens of a call, step, role or session. `cached_input` is a part of `input`. */
export type TokenUsage = z.infer<typeof tokenUsageSchema>;

function addCount(a: TokenCount | undefined, b: TokenCount | undefined): TokenCount | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    count: a.count + b.count,
    source: a.source === "measured" && b.source === "measured" ? "measured" : "estimated",
  };
}

/** The sum; an unknown side adds nothing, and a sum that includes an estimate is an estimate. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  const sum: TokenUsage = {};
  for (const key of ["input", "cached_input", "output"] as const) {
    const count = addCount(a[key], b[key]);
    if (count !== undefined) sum[key] = count;
  }
  return sum;
}
