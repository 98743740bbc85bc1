import type * as z from "zod";
import type { Definition, GroupPlanNode, PlanNode, ResolvedVenue } from "./definition-schema";
import { defined } from "./defined";
import { factsOf } from "./providers";
import type { Pricing, systemRoleSchema, toolCallModeSchema } from "./venue";
import { entryOf } from "./entry-of";

export type {
  Act,
  Definition,
  EachNode,
  GroupPlanNode,
  LoopNode,
  PlanNode,
  ResolvedVenue,
  StepNode,
  UseNode,
} from "./definition-schema";

/** Context window assumed when the Venue does not set one, in tokens: typical of a small local model. */
const defaultContextTokens = 8192;
/** Longest reply when the Venue does not set one, in tokens. */
const defaultMaxOutputTokens = 2048;

/** What a group contains: the steps of its body, or its branches. */
export function nodesIn(node: GroupPlanNode): readonly PlanNode[] {
  return node.kind === "parallel" ? node.branches : node.body;
}

/** Whether the Score was resolved by the rules that came with results: waivers are named, groups end, loops can be exhausted. */
export function hasResult(definition: Definition): boolean {
  return definition.score.result !== undefined;
}

/** What a call of one role asks of the backend. */
export interface CallSettings {
  model: string;
  temperature?: number | undefined;
  seed?: number | undefined;
  context_tokens: number;
  max_output_tokens: number;
  params: Record<string, unknown>;
  tool_calls: z.infer<typeof toolCallModeSchema>;
  system_role?: z.infer<typeof systemRoleSchema> | undefined;
  pricing?: Pricing | undefined;
}

/** The Venue that answers a role: the Flow's own, or the one it routes the role to. */
export function venueOf({ venue }: Pick<Definition, "venue">, role: string): ResolvedVenue {
  const other = entryOf(venue.roles, role)?.venue;
  return (other === undefined ? undefined : entryOf(venue.venues, other)) ?? venue;
}

/** The settings of a role: its overrides, then those of the Venue that answers it, then the defaults. */
export function callSettings(definition: Definition, role: string): CallSettings {
  const venue = venueOf(definition, role);
  const own = entryOf(definition.venue.roles, role) ?? {};
  const temperature = own.temperature ?? venue.temperature;
  const seed = own.seed ?? venue.seed;
  const pricing = own.pricing ?? venue.pricing;
  return {
    model: own.model ?? venue.model ?? factsOf(venue.provider).fixedModel ?? "",
    context_tokens: own.context_tokens ?? venue.context_tokens ?? defaultContextTokens,
    max_output_tokens: own.max_output_tokens ?? venue.max_output_tokens ?? defaultMaxOutputTokens,
    params: { ...venue.params, ...own.params },
    tool_calls: own.tool_calls ?? venue.tool_calls ?? "auto",
    system_role: own.system_role ?? venue.system_role ?? "auto",
    ...defined({ temperature, seed, pricing }),
  };
}
