import * as z from "zod";
import { bandFileSchema } from "./band";
import { commandTableSchema } from "./command";
import { resolvedConditionSchema } from "./condition";
import type { Condition } from "./condition";
import { definitionFormat } from "./definition-format";
import { fieldMapSchema, jsonSchema } from "./field";
import type { FieldMap, Json } from "./field";
import { conductorSchema, inputValueSchema, limitsSchema, resolvedPolicySchema } from "./flow";
import { approvalSchema, idSchema, nameSchema } from "./names";
import { pinnedShape } from "./pinned-schema";
import { onExhausted, onFailure } from "./score";
import type { ItemsFile, OnExhausted, OnFailure } from "./score";
import { repliesFileSchema, venueFileSchema } from "./venue";

/** A step's whole id in the resolved Score: `review`, or `harden.review` in a Score that is used as `harden`. */
const wholeIdSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}(\.[A-Za-z][A-Za-z0-9_-]{0,63})*$/);

/** What can take the place of an agent in a step. */
export const actSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), command: z.string() }),
  z.strictObject({
    kind: z.literal("ask"),
    question: z.string().optional().describe("A template; absent where the questions come from a result."),
    from: z.strictObject({ step: z.string(), field: z.string() }).optional(),
    fields: fieldMapSchema,
    agent_may_answer: z
      .literal(true)
      .optional()
      .describe("Absent: only a person answers it, never an agent of the editor."),
  }),
  z.strictObject({ kind: z.literal("accept"), paths: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal("group"),
    group: z.enum(["loop", "each", "parallel", "sequence", "use"]),
  }),
]);
/**
 * A command, a question or an acceptance in the place of an agent. `group` does not occur in a Score: a group has such a
 * step of its own at its beginning and at its end.
 */
export type Act = z.infer<typeof actSchema>;

const conditions = z.array(resolvedConditionSchema).min(1).optional();

const stepNodeSchema = z.strictObject({
  kind: z.literal("step"),
  id: wholeIdSchema,
  role: z.string().describe("The role; of a command, a question or an acceptance what stands in its place."),
  does: actSchema.optional().describe("Absent: the role is at work."),
  note: z.string().optional(),
  when: conditions,
  instruction: z.string(),
  produces: z.array(z.string()),
  verdict: z.array(z.string()).optional(),
  result: fieldMapSchema.optional(),
  must: z.array(z.string()).optional(),
  reads: z
    .union([
      z.literal("all"),
      z.array(z.string()),
      z.strictObject({
        nearest: z.array(z.string()).describe("The first of these that ran; the nearest one stands first."),
      }),
    ])
    .optional()
    .describe("Reports in its prompt beside what its templates name. Absent: those of all steps before it."),
  approval: approvalSchema,
  max_turns: z.int().min(1),
  timeout_seconds: z.number().positive().optional(),
  retry_attempts: z.int().min(1),
  retry_feedback: z.literal(true).optional(),
  retry_pause_seconds: z.number().positive().optional(),
  frame: z
    .string()
    .optional()
    .describe("The `use` around it, by its whole id: names in templates are within it."),
});
/** A step of the resolved Score: ids given, defaults filled in. */
export type StepNode = z.infer<typeof stepNodeSchema>;

/** Absent `id`: a group of a definition from before groups had results; it has no beginning and no end of its own. */
interface GroupNode {
  id?: string | undefined;
  note?: string | undefined;
  when?: Condition[] | undefined;
}
export interface LoopNode extends GroupNode {
  kind: "loop";
  max: number;
  /** One step's verdict in definitions from before `on_exhausted`; else conditions that must all hold. */
  until?: { step: string; verdict: string } | Condition[] | undefined;
  on_exhausted?: OnExhausted | undefined;
  body: PlanNode[];
}
export interface ParallelNode extends GroupNode {
  kind: "parallel";
  on_failure?: OnFailure | undefined;
  branches: PlanNode[];
}
export interface SequenceNode extends GroupNode {
  kind: "sequence";
  id: string;
  body: PlanNode[];
}
export interface EachNode extends GroupNode {
  kind: "each";
  id: string;
  in: ItemsFile;
  max: number;
  at_once: number;
  on_failure: OnFailure;
  body: PlanNode[];
  /** The `use` around it. */
  frame?: string | undefined;
}
export interface UseNode extends GroupNode {
  kind: "use";
  id: string;
  must?: string[] | undefined;
  score: string;
  source: string;
  /** What the used Score takes, and what it is given: a text is a template, resolved at the place of the `use`. */
  inputs: FieldMap;
  with: Readonly<Record<string, Json>>;
  /** The whole id of the step whose result, verdict and summary it returns. */
  result: string;
  body: PlanNode[];
  /** The `use` around it. */
  frame?: string | undefined;
}
/** One entry of the resolved Score. */
export type PlanNode = StepNode | LoopNode | ParallelNode | SequenceNode | EachNode | UseNode;
export type GroupPlanNode = Exclude<PlanNode, StepNode>;

const group = { note: z.string().optional(), when: conditions };
const body = z.array(z.lazy(() => planNodeSchema));
const planNodeSchema: z.ZodType<PlanNode> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    stepNodeSchema,
    z.strictObject({
      kind: z.literal("loop"),
      id: wholeIdSchema.optional(),
      ...group,
      max: z.int().min(1),
      until: z
        .union([
          z.array(resolvedConditionSchema).min(1),
          z.strictObject({ step: z.string(), verdict: z.string() }),
        ])
        .optional(),
      on_exhausted: z.enum(onExhausted).optional(),
      body,
    }),
    z.strictObject({
      kind: z.literal("parallel"),
      id: wholeIdSchema.optional(),
      ...group,
      on_failure: z.enum(onFailure).optional(),
      branches: body,
    }),
    z.strictObject({ kind: z.literal("sequence"), id: wholeIdSchema, ...group, body }),
    z.strictObject({
      kind: z.literal("each"),
      id: wholeIdSchema,
      ...group,
      in: z.union([
        z.strictObject({ step: z.string(), field: z.string() }),
        z.strictObject({ input: z.string() }),
        z.strictObject({ glob: z.string() }),
      ]),
      max: z.int().min(1),
      at_once: z.int().min(1),
      on_failure: z.enum(onFailure),
      body,
      frame: z.string().optional(),
    }),
    z.strictObject({
      kind: z.literal("use"),
      id: wholeIdSchema,
      ...group,
      must: z.array(z.string()).optional(),
      score: z.string(),
      source: z.string(),
      inputs: fieldMapSchema,
      with: z.record(z.string(), jsonSchema),
      result: z.string(),
      body,
      frame: z.string().optional(),
    }),
  ]),
);

/** The steps and groups of a Score, in their order. */
export const planSchema = z.array(planNodeSchema);

const source = z
  .string()
  .describe("The file it came from, relative to the WorkDomain, with forward slashes.");

const backendSchema = z.strictObject({
  ...venueFileSchema.shape,
  source,
  replies: repliesFileSchema.optional(),
});
/** A Venue as a run reads it: including scripted replies, with its role settings resolved. */
export type ResolvedVenue = z.infer<typeof backendSchema>;

const venueSchema = z.strictObject({
  ...backendSchema.shape,
  venues: z
    .record(z.string(), backendSchema)
    .optional()
    .describe("The Venues that `roles` send roles to, by what stands there under `venue`."),
});

/**
 * `definition.json`: everything that a run reads. References are resolved, defaults filled in, step ids assigned,
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
    input_specs: fieldMapSchema.optional().describe("What the inputs must be, as far as it was said."),
    references: z.array(z.string()),
    policy: resolvedPolicySchema,
    approval: approvalSchema,
    limits: limitsSchema,
    conductor: conductorSchema,
    commands: commandTableSchema.optional(),
  }),
  band: z.strictObject({ name: nameSchema, source, roles: bandFileSchema.shape.roles, ...pinnedShape }),
  venue: venueSchema,
  score: z.strictObject({
    name: nameSchema,
    source,
    steps: planSchema,
    result: z
      .strictObject({ step: z.string() })
      .optional()
      .describe("The step whose result the run gives back. Absent: a definition from before results."),
  }),
});
/** The resolved Flow, Band, Venue and Score, inputs and policy of one session. */
export type Definition = z.infer<typeof definitionSchema>;
