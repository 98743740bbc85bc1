import type { Report } from "../schema/report";
import { isGiven, keysAt, textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import { factsOfText } from "../../engine/model/providers";

/** Whether a Venue, or the Venue to which it routes a role, names a model for that role. */
function hasOwnModel(venue: SourceDocument, role: string): boolean {
  return isGiven(venue, ["roles", role, "model"]) || isGiven(venue, ["roles", role, "venue"]);
}

/**
 * Which roles have a model to call: all, by the Venue's own or that of each node; some, by a role's own entry; none.
 * Undefined: the provider needs none.
 */
export function whoHasModel(venue: SourceDocument): "all" | "some" | "none" | undefined {
  if (factsOfText(textAt(venue, ["provider"]))?.needsModel !== true) return undefined;
  const nodes = valueAt(venue.value, ["nodes"]);
  const ofNodes =
    Array.isArray(nodes) &&
    nodes.length > 0 &&
    nodes.every((_, index) => isGiven(venue, ["nodes", index, "model"]));
  if (ofNodes || isGiven(venue, ["model"])) return "all";
  return keysAt(venue, ["roles"]).some((role) => hasOwnModel(venue, role)) ? "some" : "none";
}

/** Reports that a model is missing: for these roles, or for all. */
export function reportMissingModel(
  venue: SourceDocument,
  report: Report,
  roles: readonly string[] = [],
): void {
  const whom = roles.length === 0 ? "" : ` for ${roles.slice(0, 10).join(", ")}`;
  const message = `The provider ${textAt(venue, ["provider"]) ?? ""} needs a 'model'${whom}.`;
  report.at(venue, ["provider"], "orket/missing-model", message, {
    hint: "Add 'model:' with the name that the backend gives it.",
  });
}
