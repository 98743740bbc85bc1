import { callSettings } from "../model/definition";
import type { Definition } from "../model/definition";
import type { ActiveRun } from "./cursor";

/** How a step's tools are offered to its model: through the backend's own interface, or described in the prompt. */
export type ToolMode = "native" | "text";

/** As set in the Venue, or as learned about its backend on the way to this step. */
export function toolMode(definition: Definition, { run, scope }: Pick<ActiveRun, "run" | "scope">): ToolMode {
  const { role } = run.node;
  const asText = callSettings(definition, role).tool_calls === "text" || scope.textToolRoles[role] === true;
  return asText ? "text" : "native";
}

/** Whether the system message is sent as part of the user's: as set in the Venue, or as learned on the way. */
export function mergesSystem(
  definition: Definition,
  { run, scope }: Pick<ActiveRun, "run" | "scope">,
): boolean {
  const { role } = run.node;
  return callSettings(definition, role).system_role === "merge" || scope.mergedSystemRoles[role] === true;
}
