import { checkUnusedCommands } from "../check/commands";
import type { Definition } from "../../engine/model/definition";
import { defaultLimitHints, limitHints, limitWarnings } from "../check/limits";
import { reachDiagnostics } from "../check/reach";
import { promptWarnings } from "../check/prompt-size";
import { checkForeignTools } from "../check/foreign-tools";
import { checkMaterials } from "../check/materials";
import { checkPlaceholders } from "../check/placeholders";
import { checkReachableIn } from "../check/reachable";
import { checkScore } from "../check/score";
import { checkDisabledRoles, checkVenue } from "../check/venue";
import { defineFlow } from "./definition";
import { diagnose } from "../check/file";
import { hasError } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { withoutMisspelled } from "../check/misspelled";
import { ofParts } from "../text/memo";
import { Report } from "../schema/report";
import type { FlowParts } from "../project/flow-parts";
import type { VenueRoute } from "../project/venue-routes";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import type { ScoreView } from "../schema/score-view";

/** The result for the files of one Flow, independent of a run's options. */
export interface Findings {
  /** What is wrong between the files, including hints. Problems of each file by itself are not included. */
  readonly diagnostics: readonly Diagnostic[];
  /** With the Flow's own task and no inputs yet; present when all files are there and none has an error. */
  readonly definition: Definition | undefined;
}

/** The files that were found, the Flow first. */
export function filesOf({ flow, band, venue, score, replies, routes, uses }: FlowParts): SourceDocument[] {
  const sent = routes.flatMap((route) => [...route.through, route.replies]);
  const parts = [flow, band, venue, score, replies, ...sent, ...uses].filter((part) => part !== undefined);
  return [...new Set(parts)];
}

/** The files that can be read. The content of a damaged file is unknown: it counts as not found. */
function readable(parts: FlowParts): FlowParts {
  const own = (part: SourceDocument | undefined): SourceDocument | undefined =>
    part === undefined || isDamaged(part) ? undefined : part;
  const { band, venue, score, replies, routes } = parts;
  const sent = routes.map((route) => ({
    ...route,
    replies: own(route.replies),
    found: route.found && !route.through.some(isDamaged),
  }));
  return {
    ...parts,
    band: own(band),
    venue: own(venue),
    score: own(score),
    replies: own(replies),
    routes: sent,
  };
}

function check(parts: FlowParts): Findings {
  const report = new Report();
  const sources = readable(parts);
  let view: ScoreView | undefined;
  if (!isDamaged(parts.flow)) {
    checkDisabledRoles(sources, report);
    view = checkScore(sources, report);
    checkForeignTools(sources, report);
    checkMaterials(sources, report);
    checkVenue(sources, view, report);
    checkUnusedCommands(parts, report);
    checkPlaceholders(sources, view, report);
  }
  const own = filesOf(parts).flatMap((source) => diagnose(source));
  const diagnostics = withoutMisspelled(report.diagnostics, own, filesOf(parts));
  const sound = !hasError(own) && !hasError(diagnostics);
  const definition = sound && view !== undefined ? defineFlow(parts) : undefined;
  if (definition !== undefined) {
    diagnostics.push(...limitWarnings(parts.flow, definition), ...limitHints(parts.flow, definition));
    diagnostics.push(
      ...defaultLimitHints(parts.flow, definition),
      ...reachDiagnostics(parts.flow, definition),
    );
    diagnostics.push(...promptWarnings(parts, definition));
    const never = new Report();
    checkReachableIn(sources, definition, never);
    diagnostics.push(...never.diagnostics);
  }
  return { diagnostics, definition };
}

/** Roles that are routed elsewhere, as a flat list whose parts are compared one by one. */
const flatRoutes = (routes: readonly VenueRoute[]): (VenueRoute["replies"] | string | number | boolean)[] =>
  routes.flatMap(({ role, through, replies, found }) => [role, through.length, ...through, replies, found]);

const checked = ofParts(check, ({ flow, band, venue, score, replies, routes, uses, materials }) => [
  flow,
  band,
  venue,
  score,
  replies,
  materials,
  ...flatRoutes(routes),
  ...uses,
]);

/** The result for the files of a Flow; computed once for these versions of them. */
export function findingsOf(parts: FlowParts): Findings {
  return checked(parts);
}
