import { callSettings } from "../model/definition";
import type { Definition } from "../model/definition";
import type { ActiveRun } from "./cursor";

/** How a step's tools are offered to its model: through the backend's own interface, or described in the prompt. */
export type ToolMode = "native" | "text";

/** As the Venue says, or as was learned of its backend on the way to this step. */
export function toolMode(definition: Definition, { run, scope }: Pick<ActiveRun, "run" | "scope">): ToolMode {
  const { role } = run.node;
  const asText = callSettings(definition, role).tool_calls === "text" || scope.textToolRoles[role] === true;
  return asText ? "text" : "native";
}

/** Whether the system message goes out as a part of the user's: as the Venue says, or as was learned on the way. */
export function mergesSystem(
  definition: Definition,
  { run, scope }: Pick<ActiveRun, "run" | "scope">,
): boolean {
  const { role } = run.node;
  return callSettings(definition, role).system_role === "merge" || scope.mergedSystemRoles[role] === true;
}
