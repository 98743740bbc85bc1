import * as z from "zod";

export const by = z
  .enum(["person", "conductor", "policy", "command_line", "engine"])
  .describe("Who decided.");
export type DecidedBy = z.infer<typeof by>;

export const answeredBy = z
  .enum([...by.options, "agent"])
  .describe("Who answered; `agent`: an agent of the editor, where the Score lets one answer.");

const stepId = z.string();
const reason = z.string().optional();
const stepOrRun = stepId.describe("The step's id in the Score, or one run of it.");

/** How a run is changed between steps, without who decided it. */
const adjustments = {
  skip: { kind: z.literal("skip"), step: stepOrRun, reason },
  patch: { kind: z.literal("patch"), step: stepOrRun, instruction: z.string(), reason },
  patch_role: {
    kind: z.literal("patch_role"),
    role: z.string(),
    prompt: z.string().describe("The role's system prompt from its next prompt on; a template."),
    reason,
  },
  set_model: {
    kind: z.literal("set_model"),
    role: z.string(),
    model: z.string().min(1).optional().describe("The model of the role's next calls; absent: as it was."),
    temperature: z.number().min(0).optional(),
    once: z.literal(true).optional().describe("Only until the role's next step ends."),
    reason,
  },
  enable: { kind: z.literal("enable"), role: z.string(), reason },
  disable: { kind: z.literal("disable"), role: z.string(), reason },
  retry: {
    kind: z.literal("retry"),
    step: stepId,
    reason,
    feedback: z.string().optional().describe("What the next attempt is told."),
    from_turn: z
      .int()
      .min(2)
      .optional()
      .describe("The next attempt continues the conversation with this turn; absent: it begins anew."),
    anew: z.string().optional().describe("Why the turns of the failed attempt are not continued."),
  },
  pause: {
    kind: z.literal("pause"),
    reason,
    pause: z.enum(["person", "cancelled", "approval"]).optional().describe("What the session waits for."),
  },
  stop: { kind: z.literal("stop"), reason },
  set_limit: {
    kind: z.literal("set_limit"),
    limit: z.enum(["total_tokens", "cost_usd", "duration_seconds", "model_calls"]),
    value: z.number().nullable().optional().describe("null: no limit."),
    reason,
  },
  withdraw: {
    kind: z.literal("withdraw"),
    of: z.int().min(0).describe("The `seq` of the adjustment that is taken back before it had an effect."),
    reason,
  },
} as const;

/** An adjustment without who decided it: the form that a suggestion offers. */
export const adjustmentBodySchema = z.discriminatedUnion("kind", [
  z.strictObject(adjustments.skip),
  z.strictObject(adjustments.patch),
  z.strictObject(adjustments.patch_role),
  z.strictObject(adjustments.set_model),
  z.strictObject(adjustments.enable),
  z.strictObject(adjustments.disable),
  z.strictObject(adjustments.retry),
  z.strictObject(adjustments.pause),
  z.strictObject(adjustments.stop),
  z.strictObject(adjustments.set_limit),
  z.strictObject(adjustments.withdraw),
]);

/** An adjustment as stored in an event. */
export const adjustmentSchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...adjustments.skip, by }),
  z.strictObject({ ...adjustments.patch, by }),
  z.strictObject({ ...adjustments.patch_role, by }),
  z.strictObject({ ...adjustments.set_model, by }),
  z.strictObject({ ...adjustments.enable, by }),
  z.strictObject({ ...adjustments.disable, by }),
  z.strictObject({ ...adjustments.retry, by }),
  z.strictObject({ ...adjustments.pause, by }),
  z.strictObject({ ...adjustments.stop, by }),
  z.strictObject({ ...adjustments.set_limit, by }),
  z.strictObject({ ...adjustments.withdraw, by }),
]);

/** How a run is changed between steps. */
export type Adjustment = z.infer<typeof adjustmentSchema>;
/** An adjustment without who decided it. */
export type AdjustmentBody = z.infer<typeof adjustmentBodySchema>;

/** What an adjustment is about, for display and for look-up. */
export function aboutAdjustment(adjustment: Adjustment): {
  readonly step?: string;
  readonly role?: string;
  readonly limit?: string;
  readonly value?: number | null | undefined;
} {
  switch (adjustment.kind) {
    case "skip":
    case "patch":
    case "retry":
      return { step: adjustment.step };
    case "enable":
    case "disable":
      return { role: adjustment.role };
    case "set_limit":
      return { limit: adjustment.limit, value: adjustment.value };
    case "patch_role":
    case "set_model":
      return { role: adjustment.role };
    case "pause":
    case "stop":
    case "withdraw":
      return {};
  }
}
