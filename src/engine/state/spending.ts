import { addUsage } from "../event/tokens";
import type { TokenUsage } from "../event/tokens";
import type { Pricing } from "../model/venue";
import type { Spending } from "./state";
import type { OpenCall } from "./step-run";
import { entryOf } from "../model/entry-of";

const perMillion = 1_000_000;

/** Cost in US dollars; undefined where there are no prices or no counts. */
export function costOf(tokens: TokenUsage, pricing: Pricing | undefined): number | undefined {
  if (pricing === undefined || tokens.input === undefined || tokens.output === undefined) return undefined;
  const cached = tokens.cached_input?.count ?? 0;
  const cachedPrice = pricing.cached_input_per_million_usd ?? pricing.input_per_million_usd;
  const fresh = Math.max(0, tokens.input.count - cached);
  return (
    (fresh * pricing.input_per_million_usd +
      cached * cachedPrice +
      tokens.output.count * pricing.output_per_million_usd) /
    perMillion
  );
}

/** The most that a call can cost, in US dollars; 0 where there are no prices. */
export function worstCostUsd(
  inputTokens: number,
  outputTokens: number,
  pricing: Pricing | undefined,
): number {
  if (pricing === undefined) return 0;
  return (
    (inputTokens * pricing.input_per_million_usd + outputTokens * pricing.output_per_million_usd) / perMillion
  );
}

/** Reserves a call's worst case. */
export function reserve(spending: Spending, tokens: number, usd: number): Spending {
  return {
    ...spending,
    modelCalls: spending.modelCalls + 1,
    reservedTokens: spending.reservedTokens + tokens,
    reservedUsd: spending.reservedUsd + usd,
  };
}

/**
 * Turns a reservation into actual use. Counts against the limits are exact only where both sides were measured;
 * otherwise the whole reservation counts, so that a missing measurement never lets a limit be exceeded.
 */
export function settleCall(
  spending: Spending,
  call: OpenCall,
  role: string,
  tokens: TokenUsage,
  costUsd: number | undefined,
): Spending {
  const measured =
    tokens.input?.source === "measured" && tokens.output?.source === "measured"
      ? tokens.input.count + tokens.output.count
      : undefined;
  return {
    ...release(spending, call),
    tokens: addUsage(spending.tokens, tokens),
    byRole: { ...spending.byRole, [role]: addUsage(entryOf(spending.byRole, role) ?? {}, tokens) },
    costUsd: costUsd === undefined ? spending.costUsd : (spending.costUsd ?? 0) + costUsd,
    limitTokens: spending.limitTokens + (measured ?? call.reservedTokens),
    limitUsd: spending.limitUsd + (measured === undefined ? call.reservedUsd : (costUsd ?? call.reservedUsd)),
  };
}

/** Ends a call that failed; one that had begun to answer counts with its whole reservation. */
export function settleFailedCall(spending: Spending, call: OpenCall, hadAnswered: boolean): Spending {
  const released = release(spending, call);
  if (!hadAnswered) return released;
  return {
    ...released,
    limitTokens: released.limitTokens + call.reservedTokens,
    limitUsd: released.limitUsd + call.reservedUsd,
  };
}

function release(spending: Spending, call: OpenCall): Spending {
  return {
    ...spending,
    reservedTokens: spending.reservedTokens - call.reservedTokens,
    reservedUsd: spending.reservedUsd - call.reservedUsd,
  };
}
