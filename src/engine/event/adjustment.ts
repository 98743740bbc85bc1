import type { Adjustment } from "./event";

/** What an adjustment is about, for people and for those who look for it. */
export function aboutAdjustment(adjustment: Adjustment): {
  readonly step?: string;
  readonly role?: string;
  readonly limit?: string;
  readonly value?: number | null | undefined;
} {
  switch (adjustment.kind) {
    case "skip":
    case "patch":
    case "retry":
      return { step: adjustment.step };
    case "enable":
    case "disable":
      return { role: adjustment.role };
    case "set_limit":
      return { limit: adjustment.limit, value: adjustment.value };
    case "pause":
    case "stop":
      return {};
  }
}
