import { isForeign } from "../model/tools";
import type { SessionState } from "./state";
import type { StepRun } from "./step-run";

/** The possible answers about a call that must be approved. */
export const callWords = { approve: "approve", refuse: "refuse" } as const;

/**
 * Whether the open call waits for a person: its tool is a foreign one that the Flow's policy does not list, and there is no
 * answer yet. A definition from before the policy covered foreign tools lists none.
 */
export function mustAsk({ definition }: SessionState, { openTool }: StepRun): boolean {
  if (openTool === null || openTool.answer !== undefined || openTool.done !== null) return false;
  const { tool } = openTool.call;
  return isForeign(tool) && definition.flow.policy.foreign_tools?.includes(tool) !== true;
}
