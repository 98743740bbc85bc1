import { definitionFormat } from "../../engine/model/definition-format";
import { defaultLimits } from "../../engine/model/flow";
import type { Limits } from "../../engine/model/flow";
import type { FieldMap, Json } from "../../engine/model/field";
import type { Definition, ResolvedVenue } from "../../engine/model/definition";
import type { RoleOverride, VenueFile } from "../../engine/model/venue";
import type { SourceDocument } from "../text/source";
import { contentOf } from "../schema/contents";
import { isGiven } from "../schema/read";
import type { FlowParts } from "../project/flow-parts";
import { pinBand } from "./pin-band";
import { planScore } from "./plan-score";
import { withReads } from "./reads";
import { defined } from "../../engine/model/defined";
import { factsOf } from "../../engine/model/providers";
import { entryOf } from "../../engine/model/entry-of";

function withDefaults(venue: VenueFile): VenueFile {
  const { answeredBy, defaultEndpoint } = factsOf(venue.provider);
  switch (answeredBy) {
    case "server":
      return { ...venue, ...defined({ endpoint: venue.endpoint ?? defaultEndpoint }) };
    case "nodes":
      return { ...venue, routing: venue.routing ?? "least_busy", same_model: venue.same_model ?? "required" };
    case "editor":
    case "file":
      return venue;
  }
}

/** The limits of a Flow that sets none. A cost is counted only where a Venue has prices. */
function limitsFor(venue: Definition["venue"]): Limits {
  const { cost_usd, ...others } = defaultLimits;
  const priced = [venue, ...Object.values(venue.venues ?? {})].some(
    ({ pricing, roles }) =>
      pricing !== undefined || Object.values(roles).some((role) => role.pricing !== undefined),
  );
  return priced ? { ...others, cost_usd } : others;
}

/** The defaults of the Score's inputs, unless the Flow or the run overrides them. */
function presetsOf(inputs: FieldMap): Record<string, Json> {
  const presets: Record<string, Json> = {};
  for (const [name, { default: preset }] of Object.entries(inputs))
    if (preset !== undefined) presets[name] = preset;
  return presets;
}

/** The required form of inputs: arguments of commands only accept bounded values. */
function specsOf(inputs: FieldMap): { input_specs?: FieldMap } {
  return Object.keys(inputs).length === 0 ? {} : { input_specs: inputs };
}

function backendOf(venue: SourceDocument, replies: SourceDocument | undefined): ResolvedVenue | undefined {
  const content = contentOf(venue, "venue");
  const said = contentOf(replies, "replies");
  if (content === undefined || (replies !== undefined && said === undefined)) return undefined;
  const { replies: _file, ...backend } = withDefaults(content);
  return { ...backend, source: venue.path, ...defined({ replies: said }) };
}

/** The settings of a role from the Venues it is routed through; the first one that sets a value counts. */
function overridesOf(way: readonly SourceDocument[], role: string): RoleOverride {
  const said = way.flatMap((venue) => entryOf(contentOf(venue, "venue")?.roles, role) ?? []);
  const { venue: _venue, ...override } = said.reduceRight<RoleOverride>(
    (below, own) => ({
      ...below,
      ...own,
      ...(below.params === undefined && own.params === undefined
        ? {}
        : { params: { ...below.params, ...own.params } }),
    }),
    {},
  );
  return override;
}

/** The Flow's Venue, with the Venues to which it routes roles of the Band. Undefined when one of them is not available. */
function venueWithOthers(
  venue: SourceDocument,
  { replies, routes }: FlowParts,
  bandRoles: Readonly<Record<string, unknown>>,
): Definition["venue"] | undefined {
  const own = backendOf(venue, replies);
  if (own === undefined) return undefined;
  const roles = { ...own.roles };
  const venues: Record<string, ResolvedVenue> = {};
  for (const { role, through, replies: ofLast, found } of routes) {
    const last = through.at(-1);
    // An override for a role that the Band does not have has no effect.
    if (!Object.hasOwn(bandRoles, role)) {
      delete roles[role];
      continue;
    }
    const other = last === undefined || !found ? undefined : backendOf(last, ofLast);
    if (other === undefined) return undefined;
    const taken = entryOf(venues, other.name);
    const key = taken === undefined || taken.source === other.source ? other.name : other.source;
    if (!Object.hasOwn(venues, key)) venues[key] = { ...other, roles: {} };
    roles[role] = { ...overridesOf([venue, ...through], role), venue: key };
  }
  return { ...own, roles, ...(Object.keys(venues).length === 0 ? {} : { venues }) };
}

/**
 * The definition made from valid files, with the Flow's own task and no inputs yet. Undefined when a file is absent or
 * its schema finds something wrong with it. Other problems are ignored.
 */
export function defineFlow(parts: FlowParts): Definition | undefined {
  const flow = contentOf(parts.flow, "flow");
  const band = contentOf(parts.band, "band");
  const score = contentOf(parts.score, "score");
  if (flow === undefined || band === undefined || parts.venue === undefined || score === undefined)
    return undefined;
  const venue = venueWithOthers(parts.venue, parts, band.roles);
  if (venue === undefined) return undefined;
  const planned =
    parts.score === undefined ? undefined : planScore(parts.score, flow.approval, [...parts.uses]);
  if (planned === undefined) return undefined;
  const bandPath = parts.band?.path ?? "";
  const pinned = pinBand(bandPath, band.roles, parts.materials, flow.policy.allow);
  return {
    format: definitionFormat,
    flow: {
      name: flow.name,
      ...defined({ description: flow.description }),
      source: parts.flow.path,
      task: flow.task ?? "",
      inputs: presetsOf(planned.inputs),
      ...specsOf({ ...planned.inputs, ...flow.inputs }),
      references: flow.references,
      policy: flow.policy,
      approval: flow.approval,
      limits: isGiven(parts.flow, ["limits"]) ? flow.limits : limitsFor(venue),
      conductor: flow.conductor,
      ...defined({ commands: flow.commands }),
    },
    band: { name: band.name, source: bandPath, ...pinned },
    venue,
    score: {
      name: score.name,
      source: parts.score?.path ?? "",
      steps: withReads(planned.steps),
      result: { step: planned.result },
    },
  };
}
