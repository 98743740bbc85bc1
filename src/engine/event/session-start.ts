import * as z from "zod";
import { blobRefSchema } from "./content";
import { journalFormat } from "./format";

/** How a session began, and which versions of the engine's parts made it. */
export const sessionStartSchema = z.strictObject({
  format: z.literal(journalFormat),
  engine: z.string().describe("Version of the engine."),
  prompt_builder: z.int().min(1).optional().describe("Version of what builds prompts; absent: 1."),
  call_reader: z
    .int()
    .min(1)
    .optional()
    .describe("Version of what reads tool calls and a step's end from a reply; absent: 1."),
  tool_answers: z.int().min(1).optional().describe("Version of what tools answer; absent: 1."),
  drift_rules: z
    .int()
    .min(1)
    .optional()
    .describe("Version of the rules that see a run drift; absent: none were asked."),
  reasons: z.int().min(1).optional().describe("Version of the reasons of conditions; absent: 1."),
  acceptances: z
    .int()
    .min(1)
    .optional()
    .describe("Version of how decisions about parts of a file count; absent: 1."),
  reports: z
    .int()
    .min(1)
    .optional()
    .describe("Version of what counts where a step's last reply has no text; absent: 1."),
  session: z.string(),
  flow: z.string(),
  definition: blobRefSchema,
  provider: z.string(),
  started_by: z.enum(["command_line", "editor", "library"]),
  calibration: z
    .array(z.strictObject({ model: z.string(), tokens_per_byte: z.number().min(0) }))
    .optional()
    .describe(
      "What earlier sessions measured of the Venue's models; prompts are fitted with it from the start.",
    ),
  json_schema: z
    .array(z.string())
    .optional()
    .describe("Roles whose backend was shown to keep to a JSON Schema: their results are asked for by it."),
  forked_from: z
    .array(
      z.strictObject({
        session: z.string(),
        events: z
          .int()
          .min(1)
          .describe("Events up to here, this first one apart, were recorded under `definition`."),
        definition: blobRefSchema.describe("The definition.json of that session."),
        prompt_builder: z.int().min(1).optional().describe("As in that session; absent: 1."),
        call_reader: z.int().min(1).optional().describe("As in that session; absent: 1."),
        tool_answers: z.int().min(1).optional().describe("As in that session; absent: 1."),
        drift_rules: z.int().min(1).optional().describe("As in that session; absent: none."),
        reasons: z.int().min(1).optional().describe("As in that session; absent: 1."),
        acceptances: z.int().min(1).optional().describe("As in that session; absent: 1."),
        reports: z.int().min(1).optional().describe("As in that session; absent: 1."),
      }),
    )
    .optional()
    .describe("The sessions that the first events come from, oldest first."),
});
