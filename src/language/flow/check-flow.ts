import type { Definition } from "../../engine/model/definition";
import { limitHints, limitWarnings } from "../check/limits";
import { checkPlaceholders } from "../check/placeholders";
import { checkScore } from "../check/score";
import { checkDisabledRoles, checkVenue } from "../check/venue";
import { defineFlow } from "./definition";
import { diagnose } from "../check/file";
import { hasError } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { withoutMisspelled } from "../check/misspelled";
import { ofVersions } from "../text/memo";
import { Report } from "../schema/report";
import type { FlowParts } from "../project/flow-parts";
import type { SourceDocument } from "../text/source";

/** What the files of one Flow come to, whatever a run adds. */
export interface Findings {
  /** What is wrong between the files, hints included. What is wrong with each by itself is not among it. */
  readonly diagnostics: readonly Diagnostic[];
  /** With the Flow's own task and no inputs yet; present when all files are there and none has an error. */
  readonly definition: Definition | undefined;
}

/** The files that were found, the Flow first. */
export function filesOf({ flow, band, venue, score, replies, uses }: FlowParts): SourceDocument[] {
  const parts = [flow, band, venue, score, replies, ...uses].filter((part) => part !== undefined);
  return [...new Set(parts)];
}

function check(parts: FlowParts): Findings {
  const report = new Report();
  checkDisabledRoles(parts, report);
  const view = checkScore(parts, report);
  checkVenue(parts, view, report);
  checkPlaceholders(parts, view, report);
  const own = filesOf(parts).flatMap((source) => diagnose(source));
  const diagnostics = withoutMisspelled(report.diagnostics, own);
  const sound = !hasError(own) && !hasError(diagnostics);
  const definition = sound && view !== undefined ? defineFlow(parts) : undefined;
  if (definition !== undefined) {
    diagnostics.push(...limitWarnings(parts.flow, definition), ...limitHints(parts.flow, definition));
  }
  return { diagnostics, definition };
}

const checked = ofVersions(
  (
    flow: SourceDocument,
    band: FlowParts["band"],
    venue: FlowParts["venue"],
    score: FlowParts["score"],
    replies: FlowParts["replies"],
    ...uses: FlowParts["uses"]
  ) => check({ flow, band, venue, score, replies, uses }),
);

/** What the files of a Flow come to; worked out once for these versions of them. */
export function findingsOf({ flow, band, venue, score, replies, uses }: FlowParts): Findings {
  return checked(flow, band, venue, score, replies, ...uses);
}
