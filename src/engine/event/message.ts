import * as z from "zod";
import { contentSchema } from "./content";

export const callId = z.string().describe("Id of a tool call, unique within the step.");

export const attached = contentSchema.describe(
  "JSON of what the backend attached (reasoning, signatures, unknown fields): it goes back to it unchanged.",
);

export const toolCallSchema = z.strictObject({
  id: callId,
  tool: z.string(),
  args: contentSchema,
  server_id: z.string().optional().describe("The backend's own id of the call: goes back to it unchanged."),
  attached: attached.optional(),
});
/** A tool call as the model made it; `args` is the JSON text. */
export type ToolCall = z.infer<typeof toolCallSchema>;

export const messageSchema = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content: contentSchema }),
  z.strictObject({ role: z.literal("user"), content: contentSchema }),
  z.strictObject({
    role: z.literal("assistant"),
    content: contentSchema,
    tool_calls: z.array(toolCallSchema).optional(),
    attached: attached.optional(),
  }),
  z.strictObject({ role: z.literal("tool"), call_id: callId, tool: z.string(), content: contentSchema }),
]);
/** One message of a prompt. */
export type Message = z.infer<typeof messageSchema>;

export const omissionSchema = z.strictObject({
  what: z
    .enum(["summaries", "notes", "artifacts", "tool_results", "calls", "turns"])
    .describe("calls: what the model wrote into files; turns: whole turns of the step."),
  count: z.int().min(1),
  first: z.string().describe("The oldest that was left out."),
  last: z.string().describe("The newest that was left out."),
  why: z
    .enum(["window", "refused"])
    .optional()
    .describe("window: the context window is full; refused: the server found the prompt too long."),
  bytes: z.int().min(0).optional().describe("How much was left out."),
});
/** What was left out of a prompt so that it fits, oldest first. */
export type Omission = z.infer<typeof omissionSchema>;

export const unreadCallSchema = z.strictObject({
  kind: z
    .enum(["unreadable", "cut", "unknown_tool", "quoted", "not_native", "server"])
    .describe("server: the backend itself could not parse the call."),
  tool: z.string().optional(),
  why: z.string(),
  characters: z.int().describe("How much of it had arrived."),
});
/** Something in a reply that looks like a call and was not performed. */
export type UnreadCall = z.infer<typeof unreadCallSchema>;
