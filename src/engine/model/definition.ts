import * as z from "zod";
import { bandFileSchema } from "./band";
import { commandTableSchema } from "./command";
import { conductorSchema, inputValueSchema, limitsSchema, policySchema } from "./flow";
import { approvalSchema, idSchema, nameSchema } from "./names";
import {
  pricingSchema,
  repliesFileSchema,
  systemRoleSchema,
  toolCallModeSchema,
  venueFileSchema,
} from "./venue";

/** Format of `definition.json`; raised when a reader of an older engine could misread it. */
export const definitionFormat = 1;

/** Context window assumed when the Venue does not say one, in tokens: what a small local model offers. */
export const defaultContextTokens = 8192;
/** Longest reply when the Venue does not say one, in tokens. */
export const defaultMaxOutputTokens = 2048;

const stepNodeSchema = z.strictObject({
  kind: z.literal("step"),
  id: idSchema,
  role: idSchema,
  note: z.string().optional(),
  instruction: z.string(),
  produces: z.array(z.string()),
  verdict: z.array(z.string()).optional(),
  approval: approvalSchema,
  max_turns: z.int().min(1),
  retry_attempts: z.int().min(1),
});
/** A step of the resolved Score: ids given, defaults filled in. */
export type StepNode = z.infer<typeof stepNodeSchema>;

export interface LoopNode {
  kind: "loop";
  max: number;
  until?: { step: string; verdict: string } | undefined;
  body: PlanNode[];
}
export interface ParallelNode {
  kind: "parallel";
  branches: PlanNode[];
}
/** One entry of the resolved Score. */
export type PlanNode = StepNode | LoopNode | ParallelNode;

export const planNodeSchema: z.ZodType<PlanNode> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    stepNodeSchema,
    z.strictObject({
      kind: z.literal("loop"),
      max: z.int().min(1),
      until: z.strictObject({ step: z.string(), verdict: z.string() }).optional(),
      body: z.array(planNodeSchema),
    }),
    z.strictObject({ kind: z.literal("parallel"), branches: z.array(planNodeSchema) }),
  ]),
);

const source = z
  .string()
  .describe("The file it came from, relative to the WorkDomain, with forward slashes.");

/**
 * `definition.json`: everything that a run reads. References are resolved, defaults filled in, step ids given,
 * scripted replies included; `api_key` is still a reference to a secret.
 */
export const definitionSchema = z.strictObject({
  format: z.literal(definitionFormat),
  flow: z.strictObject({
    name: nameSchema,
    description: z.string().optional(),
    source,
    task: z.string(),
    inputs: z.record(idSchema, inputValueSchema),
    references: z.array(z.string()),
    policy: policySchema,
    approval: approvalSchema,
    limits: limitsSchema,
    conductor: conductorSchema,
    commands: commandTableSchema.optional(),
  }),
  band: z.strictObject({ name: nameSchema, source, roles: bandFileSchema.shape.roles }),
  venue: z.strictObject({
    ...venueFileSchema.shape,
    source,
    replies: repliesFileSchema.optional(),
  }),
  score: z.strictObject({ name: nameSchema, source, steps: z.array(planNodeSchema) }),
});
/** The resolved Flow, Band, Venue and Score, inputs and policy of one session. */
export type Definition = z.infer<typeof definitionSchema>;

const _settings = z.strictObject({
  model: z.string(),
  temperature: z.number().optional(),
  seed: z.int().optional(),
  context_tokens: z.int(),
  max_output_tokens: z.int(),
  params: z.record(z.string(), z.unknown()),
  tool_calls: toolCallModeSchema,
  system_role: systemRoleSchema.optional(),
  pricing: pricingSchema.optional(),
});
/** What a call of one role asks of the backend. */
export type CallSettings = z.infer<typeof _settings>;

/** The Venue's settings with the role's overrides on top and the defaults below. */
export function callSettings(definition: Definition, role: string): CallSettings {
  const { venue } = definition;
  const own = venue.roles[role] ?? {};
  const temperature = own.temperature ?? venue.temperature;
  const seed = own.seed ?? venue.seed;
  const pricing = own.pricing ?? venue.pricing;
  return {
    model: own.model ?? venue.model ?? (venue.provider === "scripted" ? "scripted" : ""),
    context_tokens: own.context_tokens ?? venue.context_tokens ?? defaultContextTokens,
    max_output_tokens: own.max_output_tokens ?? venue.max_output_tokens ?? defaultMaxOutputTokens,
    params: { ...venue.params, ...own.params },
    tool_calls: own.tool_calls ?? venue.tool_calls ?? "auto",
    system_role: own.system_role ?? venue.system_role ?? "auto",
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(pricing === undefined ? {} : { pricing }),
  };
}
