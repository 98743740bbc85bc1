import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";

/**
 * The tools that a Band gives a role. Undefined where its list cannot be read, for example because a comma is missing: the
 * Band reports this itself, and the role's tools are unknown.
 */
export function toolsOf(band: SourceDocument | undefined, role: string): readonly string[] | undefined {
  if (band === undefined || valueAt(band.value, ["roles", role]) === undefined) return undefined;
  const listed = valueAt(band.value, ["roles", role, "tools"]);
  if (listed === undefined) return [];
  if (!Array.isArray(listed)) return undefined;
  const tools = listed.filter((tool): tool is string => typeof tool === "string" && !/\s/.test(tool));
  return tools.length === listed.length ? tools : undefined;
}
