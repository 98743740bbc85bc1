import * as z from "zod";
import type { StepStatus } from "../engine/view/session-view";

/* Messages between the flow view and the extension. */

/** One box of the Score: a step, or a group with its content. */
export interface FlowBox {
  /** The step's or group's id; unique in the Score. */
  readonly id: string;
  readonly kind: "role" | "run" | "ask" | "accept" | "loop" | "each" | "parallel" | "sequence" | "use";
  readonly label: string;
  /** Its details: role, model, bounds. */
  readonly facts: readonly string[];
  /** Of a step in a session. */
  readonly status?: StepStatus;
  /** Its use in a session: runs, tokens, cost, time. */
  readonly used?: string;
  /** Share of the costliest step's use, from 0 to 4; absent: nothing yet. */
  readonly heat?: number;
  /** Its boxes stand side by side. */
  readonly across?: true;
  readonly boxes: readonly FlowBox[];
}

export interface FlowScreen {
  readonly flow: string;
  /** The session whose states are shown; absent: the plan only. */
  readonly session?: { readonly id: string; readonly label: string };
  readonly boxes: readonly FlowBox[];
  /** Why there is no plan. */
  readonly problem?: string;
}

export interface FlowMessage {
  readonly type: "screen";
  readonly screen: FlowScreen;
}

export const flowRequestSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  /** Opens the line in the YAML file. */
  z.strictObject({ type: z.literal("open_line"), id: z.string().min(1).max(300) }),
  z.strictObject({ type: z.literal("open_events") }),
]);
export type FlowRequest = z.infer<typeof flowRequestSchema>;
