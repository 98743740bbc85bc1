import { callSettings } from "../model/definition";
import type { Definition } from "../model/definition";
import type { ActiveRun } from "./cursor";
import { entryOf } from "../model/entry-of";

/** How a step's tools are offered to its model: through the backend's own interface, or described in the prompt. */
export type ToolMode = "native" | "text";

/** As set in the Venue, or as learned about its backend on the way to this step. */
export function toolMode(definition: Definition, { run, scope }: Pick<ActiveRun, "run" | "scope">): ToolMode {
  const { role } = run.node;
  const asText =
    callSettings(definition, role).tool_calls === "text" || entryOf(scope.textToolRoles, role) === true;
  return asText ? "text" : "native";
}

/**
 * Whether a step's result is its model's reply itself, bound to a JSON Schema by the backend: for a step of which the
 * result is the only output, where the role has no other tools and the backend was shown to keep to a schema.
 */
export function answersBySchema(
  definition: Definition,
  { run, scope }: Pick<ActiveRun, "run" | "scope">,
): boolean {
  const { role, result, verdict, produces, does } = run.node;
  if (entryOf(scope.schemaRoles, role) !== true || result === undefined || verdict !== undefined)
    return false;
  if (produces.length > 0 || does !== undefined) return false;
  const { tools = [], skills = [] } = entryOf(definition.band.roles, role) ?? {};
  const { params } = callSettings(definition, role);
  // A form that the Venue asks for itself counts.
  if ("format" in params || "response_format" in params || skills.length > 0) return false;
  return (
    tools.includes("set_result") && tools.every((tool) => tool === "set_result" || tool === "set_verdict")
  );
}

/** Whether the system message is sent as part of the user's: as set in the Venue, or as learned on the way. */
export function mergesSystem(
  definition: Definition,
  { run, scope }: Pick<ActiveRun, "run" | "scope">,
): boolean {
  const { role } = run.node;
  return (
    callSettings(definition, role).system_role === "merge" || entryOf(scope.mergedSystemRoles, role) === true
  );
}
