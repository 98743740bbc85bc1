import * as z from "zod";
import { editorToolSchema } from "./band";
import { commandTableSchema } from "./command";
import { fieldMapSchema, fieldTypes, jsonSchema, patternSchema } from "./field";
import type { Json } from "./field";
import { approvalSchema, idSchema, nameSchema, referenceSchema } from "./names";

/** The spaces a policy can open to agents; everything that is not listed is denied. */
export const scopeSchema = z.enum(["workspace", "reference", "domain"]);
export type Scope = z.infer<typeof scopeSchema>;

/** A value that a run was given for one of the Flow's inputs. */
export const inputValueSchema = jsonSchema;
export type InputValue = Json;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const inputSpecSchema = z
  .strictObject({
    type: z.enum(fieldTypes).default("string").describe("The kind of value."),
    description: z.string().optional().describe("What to enter, for the person who starts the run."),
    default: inputValueSchema.optional().describe("Used when the run gives no value."),
    enum: z.array(scalar).min(1).optional().describe("The values that are allowed."),
    of: z
      .union([z.enum(fieldTypes), fieldMapSchema])
      .optional()
      .describe("What a list holds or an object has: a type, or a map of fields."),
    max: z.number().min(0).optional().describe("Most entries, most characters, or the largest number."),
    pattern: patternSchema.optional().describe("A regular expression that the whole text must match."),
    multiline: z.boolean().optional().describe("The text may have several lines."),
    optional: z.boolean().optional().describe("A run needs no value."),
  })
  .describe("A value that is asked for when a run starts.");
/** What a Flow asks for when a run starts. */
export type InputSpec = z.infer<typeof inputSpecSchema>;

const quotedCallsSchema = z.enum(["ask", "refuse"]);

const policySchema = z
  .strictObject({
    read_scope: z
      .array(scopeSchema)
      .default(["workspace", "reference", "domain"])
      .describe("Where agents may read."),
    write_scope: z
      .array(z.enum(["workspace"]))
      .default(["workspace"])
      .describe(
        "Where agents may write. Only the Workspace can be written; a person brings files into the project.",
      ),
    allow: z
      .array(z.string().min(1))
      .default([])
      .describe("Globs that lift the rule on files that usually hold secrets, relative to the project."),
    foreign_tools: z
      .array(editorToolSchema)
      .default([])
      .describe(
        "Tools of other extensions and of MCP servers (`vscode:NAME`) that agents may call without a question each time. Orket cannot bound what such a tool does.",
      ),
    quoted_calls: quotedCallsSchema
      .default("ask")
      .describe(
        "What happens to a tool call that appears word for word in something the step has read: ask (you are asked; where nobody can be asked, it is refused) or refuse (the model is told).",
      ),
  })
  .describe("Which files agents may touch, and which calls they may make unasked.");

/** The policy in a definition; without `foreign_tools` or `quoted_calls`, it dates from before approvals for them existed. */
export const resolvedPolicySchema = policySchema.extend({
  foreign_tools: z.array(editorToolSchema).optional(),
  quoted_calls: quotedCallsSchema.optional(),
});
/** Which files agents may access, and which calls they may make without asking. */
export type Policy = z.infer<typeof resolvedPolicySchema>;

export const limitsSchema = z
  .strictObject({
    total_tokens: z
      .int()
      .positive()
      .optional()
      .describe("Tokens of the whole session, input and output together."),
    cost_usd: z
      .number()
      .positive()
      .optional()
      .describe("Cost of the whole session in US dollars, by the Venue's pricing."),
    duration_seconds: z
      .number()
      .positive()
      .optional()
      .describe("Working time of the session; waiting for a person does not count."),
    model_calls: z.int().positive().optional().describe("Model calls of the session, retries included."),
  })
  .describe(
    "Reserved before each call, so they are never overshot. A session that hits one pauses. Without this key: 2,000,000 tokens, 500 model calls and, where the Venue has prices, 5 US dollars; `{}` for none.",
  );
/** Limits of a session; an absent one does not limit. */
export type Limits = z.infer<typeof limitsSchema>;
export type LimitName = keyof Limits;
/**
 * The default limits of a Flow that has no `limits`: tokens and calls, and US dollars where the Venue has prices. They
 * bound a runaway session and are well above what a team of a few steps needs. `limits: {}` in a Flow means no limits.
 */
export const defaultLimits = { total_tokens: 2_000_000, model_calls: 500, cost_usd: 5 } as const;
export const limitNames = limitsSchema.keyof().options;

export const conductorSchema = z
  .strictObject({
    disabled_roles: z.array(idSchema).default([]).describe("Roles whose steps are skipped from the start."),
    drift: z
      .enum(["off", "suggest", "pause"])
      .default("suggest")
      .describe(
        "What happens when the rules see a run drift: nothing, a suggestion, or a suggestion and a pause.",
      ),
  })
  .describe("How the run is governed between steps.");

/** A `*.flow.yaml` file. */
export const flowFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    name: nameSchema.describe("The Flow's name, unique among the project's flows."),
    description: z.string().optional().describe("One line, for people."),
    band: referenceSchema.describe("The Band: its name, or a path relative to this file."),
    venue: referenceSchema.describe("The Venue: its name, or a path relative to this file."),
    score: referenceSchema.describe("The Score: its name, or a path relative to this file."),
    task: z
      .string()
      .min(1)
      .optional()
      .describe("What the team is to do. Asked for at the start when it is absent."),
    inputs: z
      .record(idSchema, inputSpecSchema)
      .default({})
      .describe("Values asked for when a run starts; {{inputs.NAME}} in prompts."),
    references: z
      .array(z.string().min(1))
      .default([])
      .describe("Read-only input folders, relative to the project."),
    policy: policySchema.default({
      read_scope: ["workspace", "reference", "domain"],
      write_scope: ["workspace"],
      allow: [],
      foreign_tools: [],
      quoted_calls: "ask",
    }),
    approval: approvalSchema
      .default("before_step")
      .describe("When a person is asked. A step can say otherwise."),
    limits: limitsSchema.default({}),
    conductor: conductorSchema.default({ disabled_roles: [], drift: "suggest" }),
    commands: commandTableSchema
      .optional()
      .describe("What may be executed, each command under its name; nothing else ever is."),
  })
  .describe("Names a Band, a Venue and a Score, and gives the task, inputs, limits and policy.");
/** A Flow as written in its file, with defaults filled in. */
export type FlowFile = z.infer<typeof flowFileSchema>;
