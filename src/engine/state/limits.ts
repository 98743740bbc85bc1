import type { EventData } from "../event/event";
import type { SessionState } from "./state";

export type LimitCheck =
  | { readonly kind: "fits" }
  /** It would fit once the calls under way return what they do not use. */
  | { readonly kind: "wait" }
  | { readonly kind: "hit"; readonly limit: EventData<"limit_reached"> };

/** Whether a call with this worst case may begin: what was used, what is reserved and the call itself, against each limit. */
export function checkLimits(state: SessionState, tokens: number, usd: number): LimitCheck {
  const { limits, spending } = state;
  const rows = [
    {
      limit: "total_tokens" as const,
      value: limits.total_tokens,
      used: spending.limitTokens,
      reserved: spending.reservedTokens,
      needed: tokens,
    },
    {
      limit: "cost_usd" as const,
      value: limits.cost_usd,
      used: spending.limitUsd,
      reserved: spending.reservedUsd,
      needed: usd,
    },
    {
      limit: "model_calls" as const,
      value: limits.model_calls,
      used: spending.modelCalls,
      reserved: 0,
      needed: 1,
    },
    {
      limit: "duration_seconds" as const,
      value: limits.duration_seconds,
      used: spending.activeMs / 1000,
      reserved: 0,
      needed: 0,
    },
  ];
  let wait = false;
  for (const { limit, value, used, reserved, needed } of rows) {
    if (value === undefined) continue;
    const isTime = limit === "duration_seconds";
    if (isTime ? used >= value : used + needed > value) {
      return { kind: "hit", limit: { limit, value, used, needed } };
    }
    if (used + reserved + needed > value) wait = true;
  }
  return wait ? { kind: "wait" } : { kind: "fits" };
}
