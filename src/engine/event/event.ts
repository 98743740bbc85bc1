import * as z from "zod";
import { providerErrorCodes } from "../error/provider-error";
import { commandEndSchema, commandPlaceSchema, commandVerdicts, isolationSchema } from "../model/command";
import { jsonSchema } from "../model/field";
import { adjustmentBodySchema, adjustmentSchema, answeredBy, by } from "./adjustment";
import { attached, callId, omissionSchema, toolCallSchema, messageSchema, unreadCallSchema } from "./message";
import { artifactState, proposalRest } from "./artifact";
import { blobRefSchema, contentSchema, digestSchema } from "./content";
import { sessionStartSchema } from "./session-start";
import { tokenUsageSchema } from "./tokens";
import { onceEach } from "../model/once";

export type { Message, Omission, ToolCall, UnreadCall } from "./message";

export { aboutAdjustment } from "./adjustment";
export type { Adjustment, AdjustmentBody, DecidedBy } from "./adjustment";

const stepId = z.string();
const turn = z.int().min(1).describe("Which model call of the step's attempt, from 1.");
const attempt = z.int().min(1);
const queuedMs = z
  .int()
  .min(1)
  .describe(
    "How long the call waited for its turn at the Venue before it was sent; this time does not count for the step's timeout_seconds.",
  );

/** The fields of `data`, by event type. Public: scripts read them, and a JSON Schema of them is shipped. */
export const eventData = onceEach({
  session_start: () => sessionStartSchema,
  plan_resolved: () =>
    z.strictObject({
      steps: z.int().describe("Steps when no loop is repeated."),
      max_steps: z.int().describe("Steps when every loop runs to its bound."),
      max_model_calls: z.int().describe("Model calls in the worst case, without retries."),
    }),
  step_start: () =>
    z.strictObject({
      id: stepId.describe("The step's id in the Score."),
      role: z.string(),
      attempt,
      iteration: z
        .array(z.int())
        .optional()
        .describe("Iterations of the loops around it, outermost first, from 1."),
      kind: z
        .enum(["run", "ask", "accept"])
        .optional()
        .describe(
          "What takes the place of an agent; absent: the role is at work. `role` then says it in words.",
        ),
      item: z.string().optional().describe("The item of the `each` around it, shortened, for people."),
      from_turn: z
        .int()
        .min(2)
        .optional()
        .describe(
          "The attempt continues the conversation of the one before with this turn; absent: it begins anew.",
        ),
    }),
  prompt_built: () =>
    z.strictObject({
      turn,
      kept: z.int().min(0).describe("Messages kept from the step's prompt before."),
      added: z.array(messageSchema),
      sha256: digestSchema.describe(
        "Of the canonical JSON of all messages, with their contents as recorded; before `prompt_builder` 5 with their texts.",
      ),
      estimated_tokens: z.int(),
      tokens_per_byte: z
        .number()
        .optional()
        .describe(
          "What the estimate was made with, as servers counted it; absent: nothing was measured yet.",
        ),
      max_tokens: z.int().describe("Upper bound: bytes plus what a chat template adds."),
      omitted: z.array(omissionSchema),
    }),
  model_call_start: () =>
    z.strictObject({
      call: z.int().min(1).describe("Number of the call in the session."),
      turn,
      attempt,
      provider: z.string(),
      model: z.string(),
      tool_calls: z.enum(["native", "text"]),
      prompt: digestSchema,
      reserved_tokens: z.int(),
      reserved_usd: z.number().optional(),
      system_role: z
        .literal("merge")
        .optional()
        .describe("The system message went out as the beginning of the first user message."),
    }),
  model_call_end: () =>
    z.strictObject({
      call: z.int().min(1),
      turn,
      reply: contentSchema,
      reasoning: contentSchema.optional(),
      tool_calls: z.array(toolCallSchema),
      from_text: z.literal(true).optional().describe("The tool calls were written in the reply's text."),
      schema: z
        .enum(["kept", "ignored"])
        .optional()
        .describe("Whether the reply keeps to the JSON Schema that it was asked by; absent: by none."),
      said: contentSchema
        .optional()
        .describe("The reply's text without thoughts and calls; absent: the reply as it is."),
      unread: z
        .array(unreadCallSchema)
        .optional()
        .describe("What looks like a call and was not performed; the model is told."),
      finish_reason: z.enum(["stop", "length", "tool_calls", "content_filter", "other"]),
      finish_said: z.string().optional().describe("The backend's own word, where it is another one."),
      attached: attached.optional(),
      resent: z
        .literal(1)
        .optional()
        .describe("The request went out twice: the first time on a connection that the server had closed."),
      tokens: tokenUsageSchema,
      cost_usd: z.number().optional(),
      first_token_ms: z.number().optional(),
      total_ms: z.number(),
      queued_ms: queuedMs.optional(),
      model: z.string().optional().describe("The model that answered, as the backend says."),
      node: z.string().optional().describe("The node of a mesh that answered."),
      fingerprint: z
        .strictObject({
          digest: z.string().optional().describe("Of the model's files, as the backend names it."),
          quantisation: z.string().optional(),
          runtime: z.string().optional().describe("What runs the model, with its version."),
          context_tokens: z.int().optional(),
        })
        .optional()
        .describe("What the node's backend says of the model; a field is absent where it says nothing."),
      sent: contentSchema
        .optional()
        .describe("JSON of the request as it went out, without the messages and any key."),
      notices: z.array(z.string()).optional().describe("What the backend could not do as asked."),
    }),
  model_call_failed: () =>
    z.strictObject({
      call: z.int().min(1),
      turn,
      attempt,
      code: z.enum(providerErrorCodes),
      message: z.string(),
      status: z.int().optional(),
      queued_ms: queuedMs.optional(),
      partial: contentSchema.optional(),
      retry_in_seconds: z
        .number()
        .optional()
        .describe("Wait before the next try; absent when there is none."),
      asked_wait_seconds: z
        .number()
        .optional()
        .describe(
          "The wait that the server asked for, where it is longer than the Venue allows: no further try.",
        ),
      switch_to_text: z.literal(true).optional().describe("The next try writes tool calls as text."),
      without_schema: z.literal(true).optional().describe("The next try asks for the result by set_result."),
      merge_system: z
        .literal(true)
        .optional()
        .describe("The next try has no system message: it stands in the first user message."),
    }),
  failover: () =>
    z.strictObject({
      call: z.int().min(1),
      from: z.string(),
      to: z.string(),
      reason: z.string(),
      digest_changed: z
        .boolean()
        .describe("The new node's model is another one, or cannot be shown to be the same."),
      partial: contentSchema.optional().describe("What had arrived from the node that failed."),
    }),
  tool_call: () => z.strictObject({ call_id: callId, turn, tool: z.string(), args: contentSchema }),
  tool_result: () =>
    z.strictObject({ call_id: callId, tool: z.string(), ok: z.boolean(), content: contentSchema }),
  tool_denied: () =>
    z.strictObject({
      call_id: callId,
      tool: z.string(),
      rule: z.string().describe("Id of the rule that denied it."),
      path: z.string().optional(),
      message: z.string().describe("What the model is told."),
    }),
  artifact_written: () =>
    z.strictObject({
      call_id: callId,
      path: z.string().describe("Relative to the Workspace, with forward slashes."),
      content: blobRefSchema,
      base: blobRefSchema
        .nullable()
        .describe("The project's file that it would replace; null: there is none."),
      executable: z
        .literal(true)
        .optional()
        .describe("The file may be executed: a new one, or one that could not be executed before."),
      base_executable: z
        .literal(true)
        .optional()
        .describe("The project's file that it would replace may be executed, and so may the new version."),
      moved_from: z
        .strictObject({
          path: z.string(),
          base: blobRefSchema.nullable().describe("The project's file of that path, which would go."),
        })
        .optional()
        .describe("The file was moved: it is no longer there."),
    }),
  artifact_deleted: () =>
    z.strictObject({ call_id: callId, path: z.string(), base: blobRefSchema.nullable() }),
  notes_updated: () =>
    z.strictObject({
      call_id: callId,
      set: z.record(z.string(), z.string().nullable()).describe("null removes the note."),
    }),
  verdict_set: () => z.strictObject({ call_id: callId, verdict: z.string(), reason: z.string().optional() }),
  approval_requested: () =>
    z.strictObject({
      id: z.string(),
      kind: z.enum(["before_step", "after_step"]),
      sha256: digestSchema.describe("Of what is shown: the prompt, the command, or the result."),
      shows: contentSchema
        .optional()
        .describe("A command that is asked for, as JSON: argv, env names, and what was accepted."),
    }),
  approval_resolved: () =>
    z.strictObject({
      id: z.string(),
      sha256: digestSchema,
      decision: z.enum(["approve", "skip", "edit", "retry", "refuse", "stop"]),
      by,
      instruction: z.string().optional().describe("decision edit: the step's new instruction."),
      comment: z
        .string()
        .optional()
        .describe("refuse: the reason, which the steps after it read. retry: what the next attempt is told."),
    }),
  adjustment: () => adjustmentSchema,
  condition_checked: () =>
    z.strictObject({
      holds: z.boolean(),
      reason: z.string().describe("What the `when` asks for, and what was found where it does not hold."),
    }),
  items_resolved: () =>
    z.strictObject({
      items: z.array(jsonSchema).describe("The list of an `each`, fixed from here on."),
    }),
  inputs_resolved: () =>
    z.strictObject({
      inputs: z.record(z.string(), jsonSchema).describe("What a `use` gives the Score, fixed from here on."),
    }),
  loop_exhausted: () =>
    z.strictObject({
      rounds: z.int().min(1),
      on_exhausted: z.enum(["fail", "ask", "continue"]),
      reason: z.string().describe("What `until` asks for, and what was found."),
    }),
  group_end: () =>
    z.strictObject({
      summary: contentSchema,
      verdict: z.string().optional(),
      result: jsonSchema.optional(),
      parts: z.int().min(0).describe("Branches, items or rounds that were performed."),
      failed: z.array(z.string()).describe("Runs that failed and that the group went on without."),
    }),
  result_set: () => z.strictObject({ call_id: callId, result: jsonSchema }),
  command_start: () =>
    z.strictObject({
      command: z.string().describe("Its name in the Flow."),
      attempt: z.int().min(1).describe("How often it is started for this attempt of the step, from 1."),
      call_id: callId
        .optional()
        .describe("The tool call of a role that asked for it; absent for a step of its own."),
      argv: z.array(z.string()),
      env: z.array(z.string()).describe("Names of the variables that the Flow gives it."),
      stdin: contentSchema.optional(),
      network: z.enum(["none", "allowed"]),
      effects: z.enum(["none", "outside"]),
      isolation: isolationSchema.describe("The least that is accepted."),
      sha256: digestSchema.describe("Of what is run: argv, env, stdin and the files that it sees."),
      approval: z.string().optional().describe("The question that allowed it."),
    }),
  command_end: () =>
    z.strictObject({
      command: z.string(),
      end: z.discriminatedUnion("kind", [
        ...commandEndSchema.options,
        z.strictObject({ kind: z.literal("lost").describe("Orket stopped while it ran.") }),
      ]),
      verdict: z.enum(commandVerdicts).optional(),
      place: commandPlaceSchema.optional(),
      isolated_by: z.string().optional(),
      output: contentSchema.describe("Everything that it wrote, standard output and error."),
      summary: contentSchema.describe("The end of its output."),
      result: jsonSchema.optional(),
      result_problem: z
        .string()
        .optional()
        .describe("Why its output is not the JSON that the step declares."),
      files: z.array(artifactState).describe("What became artifacts."),
      discarded: z.strictObject({ files: z.int().min(0), bytes: z.int().min(0) }),
      changed: z.array(z.string()).optional().describe("effects outside: what it changed in the project."),
      duration_ms: z.number(),
    }),
  question_asked: () =>
    z.strictObject({
      id: z.string(),
      kind: z
        .enum(["ask", "accept", "exhausted", "happened", "foreign_tool", "quoted_call"])
        .describe(
          "A question of the Score; artifacts to decide about; a loop without its end; a command that was cut off; a call of a tool that Orket cannot bound; a call that appears in something the step has read.",
        ),
      text: contentSchema,
      sha256: digestSchema.describe("Of what is shown; an answer carries it."),
      verdict: z.array(z.string()).optional().describe("The words of which one is chosen."),
      fields: z
        .record(z.string(), jsonSchema)
        .optional()
        .describe("What is filled in beside the word, in the notation of inputs."),
      questions: z.array(z.string()).optional().describe("Several questions, answered one by one."),
      paths: z.array(z.string()).optional().describe("accept: the artifacts that are waited for."),
      tool: z.string().optional().describe("foreign_tool, quoted_call: the tool that is called."),
    }),
  question_answered: () =>
    z.strictObject({
      id: z.string(),
      sha256: digestSchema,
      by: answeredBy,
      verdict: z.string().optional(),
      answers: jsonSchema.optional().describe("The fields, or the list of answers."),
    }),
  suggestion: () =>
    z.strictObject({
      id: z.string(),
      rule: z.string().describe("The drift rule that says it."),
      message: z.string(),
      evidence: z.array(z.int()).describe("The `seq` of the events that show it."),
      adjustment: adjustmentBodySchema.optional().describe("What would be done about it."),
    }),
  suggestion_resolved: () =>
    z.strictObject({
      id: z.string(),
      decision: z
        .enum(["taken", "dismissed"])
        .describe("taken: the adjustment before it was made, as it was offered or edited."),
      by,
      reason: z.string().optional(),
    }),
  step_end: () =>
    z.strictObject({
      attempt,
      summary: contentSchema,
      sha256: digestSchema.describe("Of the result: summary, verdict and artifacts."),
      verdict: z.string().optional(),
      result: jsonSchema.optional().describe("The typed answer."),
      artifacts: z.array(artifactState).describe("What this step wrote or deleted."),
      turns: z.int(),
      tokens: tokenUsageSchema,
      cost_usd: z.number().optional(),
      names: z
        .array(z.string())
        .optional()
        .describe("Files that its report, its result or its documents name: the drift rules look at them."),
      claims: z
        .array(z.string())
        .optional()
        .describe("Files that its report says were written, whether they were or not."),
    }),
  step_skipped: () => z.strictObject({ id: stepId, role: z.string(), by, reason: z.string() }),
  step_failed: () =>
    z.strictObject({
      attempt,
      code: z.string(),
      message: z.string(),
      will_retry: z.boolean().describe("The Score gives the step another try."),
    }),
  limit_reached: () =>
    z.strictObject({
      limit: z.enum(["total_tokens", "cost_usd", "duration_seconds", "model_calls"]),
      value: z.number(),
      used: z.number(),
      needed: z.number().describe("What the next call could use, in the limit's unit."),
    }),
  session_paused: () =>
    z.strictObject({
      reason: z.enum(["person", "cancelled", "step_failed", "limit", "approval", "drift"]),
      message: z.string(),
    }),
  session_resumed: () =>
    z.strictObject({
      by,
      cut_bytes: z.int().optional().describe("Bytes of a torn last line that were cut off on opening."),
      interrupted_calls: z
        .int()
        .optional()
        .describe("Model calls that were under way when the session stopped."),
    }),
  venue_changed: () =>
    z.strictObject({
      by,
      name: z.string().describe("The Venue's name."),
      venue: jsonSchema.describe(
        "The resolved Venue from here on, as in definition.json, which stays as it was.",
      ),
    }),
  session_end: () =>
    z.strictObject({
      outcome: z.enum(["completed", "stopped"]),
      tokens: tokenUsageSchema,
      cost_usd: z.number().optional(),
      model_calls: z.int(),
      artifacts: z.array(artifactState),
      result: z
        .strictObject({
          step: z.string(),
          verdict: z.string().optional(),
          summary: contentSchema.optional(),
          result: jsonSchema.optional(),
        })
        .optional()
        .describe("What the Score gives back."),
      waived: z
        .array(z.strictObject({ step: z.string(), by, reason: z.string() }))
        .optional()
        .describe("Steps that were left out although nothing in the Score says so."),
      failed: z.array(z.string()).optional().describe("Runs that failed and that a group went on without."),
      unfinished: z
        .array(z.string())
        .optional()
        .describe("Loops that went on although their `until` never came true."),
    }),
  artifact_accepted: () =>
    z.strictObject({
      path: z.string(),
      content: blobRefSchema.nullable().describe("What the project's file becomes; null: it is deleted."),
      replaced: blobRefSchema.nullable().describe("What the project's file was; null: there was none."),
      mode: z.enum(["whole", "hunks", "edited"]),
      rest: proposalRest.optional(),
      file_mode: z
        .int()
        .min(0)
        .optional()
        .describe("Permission bits of the file that was replaced, or of a new one that may be executed."),
      made_executable: z
        .literal(true)
        .optional()
        .describe(
          "The project's file could not be executed before, and now it can; `file_mode` is from before.",
        ),
      renamed_from: z.string().optional().describe("The file was moved: this path was deleted with it."),
      renamed_to: z
        .string()
        .optional()
        .describe("The file was moved: it went with the acceptance of this path."),
      anyway: z
        .literal(true)
        .optional()
        .describe("The session had failed, or no check had passed after the last write."),
      by: by.optional(),
    }),
  artifact_rejected: () =>
    z.strictObject({
      path: z.string(),
      content: blobRefSchema.nullable(),
      reason: z.string().optional().describe("What later steps are told."),
      rest: proposalRest.optional(),
      by: by.optional(),
    }),
  acceptance_reverted: () =>
    z.strictObject({
      path: z.string(),
      from: blobRefSchema.nullable(),
      to: blobRefSchema.nullable(),
      acceptance: z
        .int()
        .min(0)
        .optional()
        .describe("Which acceptance, by its event's `seq`, where it is not the newest of the path."),
      by: by.optional(),
    }),
});

export type EventType = keyof typeof eventData;
export const eventTypes = Object.keys(eventData) as readonly EventType[];
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

/** What happened, before the journal assigns it a number and a time. `step` is the step run's key, such as `build#2`. */
export type EventDraft = {
  [T in EventType]: { readonly type: T; readonly step: string | null; readonly data: EventData<T> };
}[EventType];

/** One line of the journal, without the link to the line before. `at` is UTC, ISO 8601 with milliseconds. */
export type SessionEvent = EventDraft & { readonly seq: number; readonly at: string };
export type EventOf<T extends EventType> = Extract<SessionEvent, { type: T }>;

/** Makes a draft; in one place because the compiler needs a cast. */
export function draft<T extends EventType>(type: T, step: string | null, data: EventData<T>): EventDraft {
  return { type, step, data } as unknown as EventDraft;
}
