import * as z from "zod";
import { approvalSchema, idSchema, nameSchema } from "./names";

/** Model calls within one step when the Score does not say. */
export const defaultMaxTurns = 8;

/** Bound on `loop.max`: keeps a plan, which unrolls loops, readable and finite. */
export const maxLoopIterations = 100;

export const stepSchema = z
  .strictObject({
    id: idSchema
      .optional()
      .describe("The step's id. Default: the role and its ordinal, such as architect-1."),
    role: idSchema.describe("The role that performs the step."),
    note: z.string().optional().describe("An annotation for people."),
    instruction: z.string().min(1).optional().describe("What this step is for, a template."),
    produces: z
      .array(z.string().min(1))
      .default([])
      .describe("Artifacts that must exist when the step ends."),
    verdict: z
      .array(idSchema)
      .min(1)
      .optional()
      .describe("The step must end by calling set_verdict with one of these words."),
    approval: approvalSchema.optional().describe("Overrides the Flow's approval for this step."),
    max_turns: z.int().min(1).max(200).default(defaultMaxTurns).describe("Model calls within the step."),
    retry: z
      .strictObject({ attempts: z.int().min(1).max(10).describe("How often the step is tried in all.") })
      .default({ attempts: 1 })
      .describe("Tries of the whole step when it fails."),
  })
  .describe("One step: a role at work.");
export type StepFile = z.infer<typeof stepSchema>;

export type ScoreItemFile = StepFile | LoopFile | ParallelFile;
export interface LoopFile {
  loop: { max: number; until?: { step: string; verdict: string } | undefined; steps: ScoreItemFile[] };
}
export interface ParallelFile {
  parallel: { steps: ScoreItemFile[] };
}

export const loopSchema: z.ZodType<LoopFile> = z
  .strictObject({
    loop: z.strictObject({
      max: z.int().min(1).max(maxLoopIterations).describe("How often the steps are repeated at most."),
      until: z
        .strictObject({
          step: idSchema.describe("A step of the loop that gives a verdict."),
          verdict: idSchema.describe("The verdict that ends the loop."),
        })
        .optional()
        .describe("Ends the loop early."),
      get steps() {
        return z.array(scoreItemSchema).min(1).describe("The steps that are repeated.");
      },
    }),
  })
  .describe("Bounded repetition, in the file's order.");

export const parallelSchema: z.ZodType<ParallelFile> = z
  .strictObject({
    parallel: z.strictObject({
      get steps() {
        return z
          .array(scoreItemSchema)
          .min(1)
          .describe("The branches; each starts from the state at the group's start.");
      },
    }),
  })
  .describe("Independent steps; they join in the file's order.");

/**
 * One entry of a Score. It is read by its own key (`loop`, `parallel`, else a step), so that a mistake inside a loop
 * is reported where it stands and not as "no alternative matched".
 */
export const scoreItemSchema: z.ZodType<ScoreItemFile> = z.lazy(() =>
  z.union([stepSchema, loopSchema, parallelSchema]),
);

/** A `*.score.yaml` file. */
export const scoreFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    name: nameSchema.describe("The Score's name, unique among the project's scores."),
    description: z.string().optional().describe("One line, for people."),
    steps: z.array(scoreItemSchema).min(1).describe("The ordered steps."),
  })
  .describe("The ordered steps.");
/** A Score as its file says it, defaults filled in. */
export type ScoreFile = z.infer<typeof scoreFileSchema>;
