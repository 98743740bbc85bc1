import type { EventData } from "../event/event";
import type { SessionState } from "./state";

export type LimitCheck =
  | { readonly kind: "fits" }
  /** It would fit once the calls under way return what they do not use. */
  | { readonly kind: "wait" }
  | { readonly kind: "hit"; readonly limit: EventData<"limit_reached"> };

/** What counts against each limit. */
interface LimitUse {
  readonly limit: EventData<"limit_reached">["limit"];
  /** undefined: there is no such limit. */
  readonly value: number | undefined;
  readonly used: number;
  /** What calls under way may still use. */
  readonly reserved: number;
}

/** What was used and is reserved of each limit, in the limit's unit. */
export function limitUses({ limits, spending }: SessionState): readonly LimitUse[] {
  return [
    {
      limit: "total_tokens",
      value: limits.total_tokens,
      used: spending.limitTokens,
      reserved: spending.reservedTokens,
    },
    { limit: "cost_usd", value: limits.cost_usd, used: spending.limitUsd, reserved: spending.reservedUsd },
    { limit: "model_calls", value: limits.model_calls, used: spending.modelCalls, reserved: 0 },
    {
      limit: "duration_seconds",
      value: limits.duration_seconds,
      used: spending.activeMs / 1000,
      reserved: 0,
    },
  ];
}

/** Whether a call with this worst case may begin: what was used, what is reserved and the call itself, against each limit. */
export function checkLimits(state: SessionState, tokens: number, usd: number): LimitCheck {
  const needs = { total_tokens: tokens, cost_usd: usd, model_calls: 1, duration_seconds: 0 };
  let wait = false;
  for (const { limit, value, used, reserved } of limitUses(state)) {
    if (value === undefined) continue;
    const needed = needs[limit];
    const isTime = limit === "duration_seconds";
    if (isTime ? used >= value : used + needed > value) {
      return { kind: "hit", limit: { limit, value, used, needed } };
    }
    if (used + reserved + needed > value) wait = true;
  }
  return wait ? { kind: "wait" } : { kind: "fits" };
}
