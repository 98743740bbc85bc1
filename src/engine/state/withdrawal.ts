import type { Adjustment } from "../event/event";
import { defined } from "../model/defined";
import type { RoleChange, RoleChanges } from "./role-changes";
import { entryOf } from "../model/entry-of";

/** A step to leave out, as stored in the state. */
interface Skip {
  readonly by: Adjustment["by"];
  readonly reason: string;
}

/** An adjustment that has had no effect yet, and what it replaced. */
export interface PendingAdjustment {
  readonly seq: number;
  readonly adjustment: Extract<Adjustment, { kind: "patch" | "skip" | "patch_role" | "set_model" }>;
  readonly instruction?: string;
  readonly skip?: Skip;
  readonly change?: RoleChange;
}

/** What is kept of an adjustment so that it can be withdrawn; undefined: it takes effect immediately. */
export function pendingOf(
  {
    patches,
    skips,
    roleChanges,
  }: {
    readonly patches: Readonly<Record<string, string>>;
    readonly skips: Readonly<Record<string, Skip>>;
    readonly roleChanges: RoleChanges;
  },
  seq: number,
  adjustment: Adjustment,
): PendingAdjustment | undefined {
  switch (adjustment.kind) {
    case "patch":
      return { seq, adjustment, ...defined({ instruction: entryOf(patches, adjustment.step) }) };
    case "skip":
      return { seq, adjustment, ...defined({ skip: entryOf(skips, adjustment.step) }) };
    case "patch_role":
    case "set_model":
      return { seq, adjustment, ...defined({ change: entryOf(roleChanges, adjustment.role) }) };
    default:
      return undefined;
  }
}

/** The adjustments still without effect once a model was called for a step, or the step was skipped. */
export function stillPending(
  pending: readonly PendingAdjustment[],
  { key, node }: { readonly key: string; readonly node: { readonly id: string; readonly role: string } },
): readonly PendingAdjustment[] {
  if (pending.length === 0) return pending;
  return pending.filter(({ adjustment }) =>
    adjustment.kind === "patch" || adjustment.kind === "skip"
      ? adjustment.step !== key && adjustment.step !== node.id
      : adjustment.role !== node.role,
  );
}
