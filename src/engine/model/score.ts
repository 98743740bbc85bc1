import * as z from "zod";
import { conditionsSchema } from "./condition";
import type { ConditionsFile } from "./condition";
import { fieldMapSchema, fieldNameSchema, jsonSchema } from "./field";
import { approvalSchema, idSchema, nameSchema, referenceSchema } from "./names";

/** Model calls within one step when the Score does not set the number. */
const defaultMaxTurns = 8;

/** Bound on `loop.max`: keeps a plan, which unrolls loops, readable and finite. */
const maxLoopIterations = 100;
/** Bound on `each.max`, for the same reason. */
const maxEachItems = 1000;
/** Bound on `each.at_once`. */
const maxAtOnce = 64;

export const onExhausted = ["fail", "ask", "continue"] as const;
export type OnExhausted = (typeof onExhausted)[number];
export const onFailure = ["stop", "continue"] as const;
export type OnFailure = (typeof onFailure)[number];

const id = (what: string) => idSchema.optional().describe(what);
const note = z.string().optional().describe("An annotation for people.");
const when = conditionsSchema
  .optional()
  .describe(
    "What must hold when the turn comes: one condition, or a list of which all must hold. Otherwise it is skipped.",
  );
const must = z
  .union([idSchema, z.array(idSchema).min(1)])
  .optional()
  .describe("The verdict, or list of verdicts, that lets the run go on; any other one fails the step.");
const verdict = z
  .array(idSchema)
  .min(1)
  .optional()
  .describe("The step must end by calling set_verdict with one of these words.");
const result = fieldMapSchema
  .optional()
  .describe("The typed answer that the step must give by calling set_result: its fields.");
const timeout = z
  .number()
  .positive()
  .max(604_800)
  .optional()
  .describe("Working time of the step, in seconds.");
const retry = z
  .strictObject({
    attempts: z.int().min(1).max(10).default(1).describe("How often the step is tried in all."),
    feedback: z.boolean().optional().describe("The next attempt is told why the one before failed."),
    pause_seconds: z.number().min(0).max(86_400).optional().describe("Pause before the next attempt."),
  })
  .default({ attempts: 1 })
  .describe("Tries of the whole step when it fails.");
const approval = approvalSchema.optional().describe("Overrides the Flow's approval for this step.");

export const stepSchema = z
  .strictObject({
    id: id("The step's id. Default: the role and its ordinal, such as architect-1."),
    role: idSchema.describe("The role that performs the step."),
    note,
    when,
    instruction: z.string().min(1).optional().describe("What this step is for, a template."),
    reads: z
      .union([z.literal("all"), z.array(idSchema)])
      .optional()
      .describe(
        "Earlier steps and groups whose reports stand in the prompt beside what the templates name: a list of ids, `all` (of every round), or `[]` for none. Without it: the nearest one before it that ran.",
      ),
    produces: z
      .array(z.string().min(1))
      .default([])
      .describe("Artifacts that must exist when the step ends; inputs and {{item}} may stand in them."),
    verdict,
    result,
    must,
    approval,
    max_turns: z.int().min(1).max(200).default(defaultMaxTurns).describe("Model calls within the step."),
    timeout_seconds: timeout,
    retry,
  })
  .describe("One step: a role at work.");
export type StepFile = z.infer<typeof stepSchema>;

export const runSchema = z
  .strictObject({
    run: idSchema.describe("The command of the Flow that is run. Its verdict is pass, fail or timeout."),
    id: id("The step's id. Default: the command and its ordinal, such as tests-1."),
    note,
    when,
    must: must.describe(
      "The verdict, or list of verdicts, that lets the run go on: pass, unless a condition looks at its verdict.",
    ),
    result: fieldMapSchema
      .optional()
      .describe("The fields of the JSON document that the command prints (output: json)."),
    approval,
    timeout_seconds: timeout,
    retry,
  })
  .describe("A command of the Flow at work.");
export type RunFile = z.infer<typeof runSchema>;

/** The default verdict of a question that names no words. */
export const answered = "answered";

export const askSchema = z
  .strictObject({
    ask: z
      .union([
        z.string().min(1),
        z.strictObject({
          from: z
            .strictObject({
              step: idSchema.describe("The step that gave the list."),
              field: fieldNameSchema.describe("The field of its result that holds the questions."),
            })
            .describe("A list of questions from a result; an empty one skips the step."),
        }),
      ])
      .describe("The question, a template; or where a list of questions comes from."),
    id: id("The step's id. Default: ask and its ordinal, such as ask-1."),
    note,
    when,
    verdict: z.array(idSchema).min(1).optional().describe("The words of which the person chooses one."),
    fields: fieldMapSchema.optional().describe("What the person fills in beside the word."),
    agent_may_answer: z
      .boolean()
      .optional()
      .describe(
        "An agent of the editor may answer it too, with the tool orket_answer. Default: false, only a person.",
      ),
    must,
  })
  .describe("A question to a person.");
export type AskFile = z.infer<typeof askSchema>;

/** The possible outcomes of an `accept` step. */
export const acceptVerdicts = ["accepted", "partly", "rejected"] as const;

export const acceptSchema = z
  .strictObject({
    accept: z
      .array(z.string().min(1))
      .min(1)
      .describe(
        "Globs of the artifacts that a person must have decided about; inputs and {{item}} may stand in them.",
      ),
    id: id("The step's id. Default: accept and its ordinal, such as accept-1."),
    note,
    when,
    must: must.describe(
      "The verdict, or list of verdicts, that lets the run go on: accepted and partly, unless a condition looks at its verdict.",
    ),
  })
  .describe("Waits until a person has decided about artifacts. Its verdict is accepted, partly or rejected.");
export type AcceptFile = z.infer<typeof acceptSchema>;

export const useSchema = z
  .strictObject({
    use: referenceSchema.describe("Another Score in this place: its name, or a path relative to this file."),
    id: id(
      "The step's id; the used Score's steps become ID.STEP. Default: use and its ordinal, such as use-1.",
    ),
    with: z
      .record(idSchema, jsonSchema)
      .default({})
      .describe("Values of the used Score's inputs; a text is a template."),
    note,
    when,
    must,
  })
  .describe("Another Score in this place. From outside only its summary, verdict and result can be named.");
export type UseFile = z.infer<typeof useSchema>;

export type ScoreItemFile =
  StepFile | RunFile | AskFile | AcceptFile | UseFile | LoopFile | EachFile | ParallelFile | SequenceFile;

interface GroupFile {
  id?: string | undefined;
  note?: string | undefined;
  when?: ConditionsFile | undefined;
  steps: ScoreItemFile[];
}
export interface LoopFile {
  loop: GroupFile & {
    max: number;
    until?: ConditionsFile | undefined;
    on_exhausted: OnExhausted;
  };
}
/** Where the items of an `each` come from. */
export type ItemsFile = { step: string; field: string } | { input: string } | { glob: string };
export interface EachFile {
  each: GroupFile & {
    in: {
      step?: string | undefined;
      field?: string | undefined;
      input?: string | undefined;
      glob?: string | undefined;
    };
    max: number;
    at_once: number;
    on_failure: OnFailure;
  };
}
export interface ParallelFile {
  parallel: GroupFile & { on_failure: OnFailure };
}
export interface SequenceFile {
  sequence: GroupFile;
}

const groupId = (kind: string) =>
  id(`The group's id; its summary can be named by it. Default: ${kind} and its ordinal, such as ${kind}-1.`);
const steps = (what: string) => z.array(scoreItemSchema).min(1).describe(what);
const failure = z
  .enum(onFailure)
  .default("stop")
  .describe(
    "What a failed branch or item means: the run stops, or goes on with the others and names it at the end.",
  );

export const loopSchema: z.ZodType<LoopFile> = z
  .strictObject({
    loop: z.strictObject({
      id: groupId("loop"),
      note,
      when,
      max: z.int().min(1).max(maxLoopIterations).describe("How often the steps are repeated at most."),
      until: conditionsSchema
        .optional()
        .describe("Ends the loop early: one condition, or a list of which all must hold in this round."),
      on_exhausted: z
        .enum(onExhausted)
        .default("fail")
        .describe(
          "What it means when 'until' never came true: the loop fails, a person is asked, or the run goes on.",
        ),
      get steps() {
        return steps("The steps that are repeated.");
      },
    }),
  })
  .describe("Bounded repetition, in the file's order.");

export const eachSchema: z.ZodType<EachFile> = z
  .strictObject({
    each: z.strictObject({
      id: groupId("each"),
      note,
      when,
      in: z
        .strictObject({
          step: idSchema.optional().describe("The step whose result holds the list."),
          field: fieldNameSchema.optional().describe("The field of its result."),
          input: idSchema.optional().describe("The input that holds the list."),
          glob: z
            .string()
            .min(1)
            .optional()
            .describe("The files that match, of the Workspace and the project, sorted."),
        })
        .check((ctx) => {
          const { step, field, input, glob } = ctx.value;
          const given = [step, input, glob].filter((one) => one !== undefined).length;
          if (given === 1 && (step === undefined) === (field === undefined)) return;
          const message = "'in' has 'step' and 'field', or 'input', or 'glob'";
          ctx.issues.push({ code: "custom", message, path: [], input: ctx.value });
        })
        .describe("Where the items come from."),
      max: z
        .int()
        .min(1)
        .max(maxEachItems)
        .describe("How many items there may be; more of them fail before the first."),
      at_once: z
        .int()
        .min(1)
        .max(maxAtOnce)
        .default(1)
        .describe("How many items are worked on at once. With 1 each item sees the files of the one before."),
      on_failure: failure,
      get steps() {
        return steps("The steps that are performed for each item; {{item}} is the item.");
      },
    }),
  })
  .describe("Steps that are performed once per item of a list.");

export const parallelSchema: z.ZodType<ParallelFile> = z
  .strictObject({
    parallel: z.strictObject({
      id: groupId("parallel"),
      note,
      when,
      on_failure: failure,
      get steps() {
        return steps("The branches; each starts from the state at the group's start.");
      },
    }),
  })
  .describe("Independent steps; they join in the file's order.");

export const sequenceSchema: z.ZodType<SequenceFile> = z
  .strictObject({
    sequence: z.strictObject({
      id: groupId("sequence"),
      note,
      when,
      get steps() {
        return steps("The steps, one after another.");
      },
    }),
  })
  .describe("Steps that belong together, such as one branch of a parallel group.");

/** The schema of each kind of entry, by the key that identifies the kind; an entry with none of the keys is a `role` step. */
export const scoreItemSchemas = {
  role: stepSchema,
  run: runSchema,
  ask: askSchema,
  accept: acceptSchema,
  use: useSchema,
  loop: loopSchema,
  each: eachSchema,
  parallel: parallelSchema,
  sequence: sequenceSchema,
} as const;
export type ScoreItemKind = keyof typeof scoreItemSchemas;
export const scoreGroupKinds = ["loop", "each", "parallel", "sequence"] as const;
export type ScoreGroupKind = (typeof scoreGroupKinds)[number];

/** The kind of entry of a Score that a value is meant as, by its key. */
export function scoreItemKindOf(item: unknown): ScoreItemKind {
  if (typeof item !== "object" || item === null) return "role";
  for (const kind of [...scoreGroupKinds, "use", "run", "ask", "accept"] as const)
    if (kind in item) return kind;
  return "role";
}

/**
 * One entry of a Score. It is read by its own key (`loop`, `each`, …, otherwise as a step), so that a mistake inside a
 * group is reported where it is and not as "no alternative matched".
 */
export const scoreItemSchema: z.ZodType<ScoreItemFile> = z.lazy(() =>
  z.union(Object.values(scoreItemSchemas) as unknown as [z.ZodType<ScoreItemFile>, z.ZodType<ScoreItemFile>]),
);

/** A `*.score.yaml` file. */
export const scoreFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    name: nameSchema.describe("The Score's name, unique among the project's scores."),
    description: z.string().optional().describe("One line, for people."),
    inputs: fieldMapSchema
      .default({})
      .describe("What the Score takes: given by 'use … with', or by the Flow's inputs of the same name."),
    result: z
      .strictObject({
        step: idSchema.describe("The step whose result, verdict and summary the Score gives back."),
      })
      .optional()
      .describe("What the Score gives back. Default: its last step."),
    steps: z.array(scoreItemSchema).min(1).describe("The ordered steps."),
  })
  .describe("The ordered steps.");
/** A Score as written in its file, with defaults filled in. */
export type ScoreFile = z.infer<typeof scoreFileSchema>;
