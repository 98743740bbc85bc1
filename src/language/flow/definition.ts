import { definitionFormat } from "../../engine/model/definition";
import { defaultLimits } from "../../engine/model/flow";
import type { Limits } from "../../engine/model/flow";
import type { FieldMap, Json } from "../../engine/model/field";
import type { Definition } from "../../engine/model/definition";
import type { VenueFile } from "../../engine/model/venue";
import { contentOf } from "../schema/contents";
import { isGiven } from "../schema/read";
import type { FlowParts } from "../project/flow-parts";
import { planScore } from "./plan-score";
import { withReads } from "./reads";
import { defined } from "../../engine/model/defined";
import { factsOf } from "../../engine/model/providers";

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

/** The limits of a Flow that has none of its own. A cost is counted only where the Venue has prices. */
function limitsFor({ pricing, roles }: VenueFile): Limits {
  const { cost_usd, ...others } = defaultLimits;
  const priced = pricing !== undefined || Object.values(roles).some((role) => role.pricing !== undefined);
  return priced ? { ...others, cost_usd } : others;
}

/** What the Score's inputs are unless the Flow or the run says otherwise. */
function presetsOf(inputs: FieldMap): Record<string, Json> {
  const presets: Record<string, Json> = {};
  for (const [name, { default: preset }] of Object.entries(inputs))
    if (preset !== undefined) presets[name] = preset;
  return presets;
}

/** What the inputs must be: arguments of commands take only what is bounded. */
function specsOf(inputs: FieldMap): { input_specs?: FieldMap } {
  return Object.keys(inputs).length === 0 ? {} : { input_specs: inputs };
}

/**
 * The definition that sound files come to, with the Flow's own task and no inputs yet. Undefined when a file is absent or
 * its schema finds something wrong with it. Whatever else is wrong with them is not looked at.
 */
export function defineFlow(parts: FlowParts): Definition | undefined {
  const flow = contentOf(parts.flow, "flow");
  const band = contentOf(parts.band, "band");
  const venue = contentOf(parts.venue, "venue");
  const score = contentOf(parts.score, "score");
  const replies = contentOf(parts.replies, "replies");
  if (flow === undefined || band === undefined || venue === undefined || score === undefined)
    return undefined;
  if (parts.replies !== undefined && replies === undefined) return undefined;
  const planned =
    parts.score === undefined ? undefined : planScore(parts.score, flow.approval, [...parts.uses]);
  if (planned === undefined) return undefined;
  const { replies: _file, ...backend } = withDefaults(venue);
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
    band: { name: band.name, source: parts.band?.path ?? "", roles: band.roles },
    venue: {
      ...backend,
      source: parts.venue?.path ?? "",
      ...defined({ replies }),
    },
    score: {
      name: score.name,
      source: parts.score?.path ?? "",
      steps: withReads(planned.steps),
      result: { step: planned.result },
    },
  };
}
