import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { quoted } from "../text/diagnostic";
import type { SourceKind } from "../text/file-kind";
import { resolveReference } from "./reference";
import type { Materials } from "./materials";
import type { KnownFiles } from "./reference";
import { followUses } from "./uses";
import { followVenues } from "./venue-routes";
import type { VenueRoute } from "./venue-routes";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { textAt } from "../schema/read";
import { isFromFile } from "../../engine/model/providers";

function refer(
  known: KnownFiles,
  from: SourceDocument,
  kind: SourceKind,
  path: ValuePath,
  report: Report,
  override?: string,
): SourceDocument | undefined {
  const reference = override ?? textAt(from, path);
  if (reference === undefined || reference === "") return undefined;
  const resolved = resolveReference(known, kind, reference, from.path);
  if ("source" in resolved) return resolved.source;
  // What a damaged file names is only a guess.
  if (override === undefined && isDamaged(from)) return undefined;
  const { near, ...init } = resolved.init;
  const fixed = { ...init, ...(override === undefined ? replaceValue(from, path, near) : {}) };
  if (override !== undefined && near !== undefined) fixed.hint = `Did you mean ${quoted(near)}?`;
  report.at(from, path, resolved.code, resolved.message, {
    ...fixed,
    ...(override === undefined ? {} : { origin: "options" as const }),
  });
  return undefined;
}

/**
 * Finds the files that a Flow names; those that cannot be found are reported and absent. `venueOverride` is a name or
 * path that replaces the Flow's Venue.
 */
export function findParts(
  known: KnownFiles & { readonly materials: Materials },
  flow: SourceDocument,
  report: Report,
  venueOverride?: string,
): FlowParts {
  const venue = refer(known, flow, "venue", ["venue"], report, venueOverride);
  const scripted = isFromFile(textAt(venue, ["provider"]) ?? "");
  const score = refer(known, flow, "score", ["score"], report);
  return {
    flow,
    materials: known.materials,
    band: refer(known, flow, "band", ["band"], report),
    venue,
    score,
    routes: venue === undefined ? [] : followVenues(known, venue, report),
    uses: score === undefined ? [] : followUses(known, score, report),
    replies:
      venue === undefined || !scripted ? undefined : refer(known, venue, "replies", ["replies"], report),
  };
}

/** The files of one Flow, as far as they were found. */
export interface FlowParts {
  readonly flow: SourceDocument;
  readonly band: SourceDocument | undefined;
  readonly venue: SourceDocument | undefined;
  readonly score: SourceDocument | undefined;
  readonly replies: SourceDocument | undefined;
  /** The roles that the Venue routes to others. */
  readonly routes: readonly VenueRoute[];
  /** The Scores that the Score uses, and those that they use, in traversal order. */
  readonly uses: readonly (SourceDocument | undefined)[];
  /** What the project's Bands name beside the definition files. */
  readonly materials: Materials;
}
