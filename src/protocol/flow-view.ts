import * as z from "zod";
import type { FlowBoxView, HeatMeasure } from "../engine/view/flow-boxes";

/* Messages between the flow view and the extension. */

export type FlowBox = FlowBoxView;

export interface FlowScreen {
  readonly flow: string;
  /** The session whose states are shown; absent: the plan only. */
  readonly session?: {
    readonly id: string;
    readonly label: string;
    /** What the heat of the boxes compares; absent: nothing was used yet. */
    readonly heat?: HeatMeasure;
  };
  readonly boxes: readonly FlowBox[];
  /** Why there is no plan. */
  readonly problem?: string;
}

export interface FlowMessage {
  /** `changes`: of the boxes that the view has, only those that changed, without the boxes in them. */
  readonly type: "screen" | "changes";
  readonly screen: FlowScreen;
}

export const flowRequestSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  /** Opens the line in the YAML file. */
  z.strictObject({ type: z.literal("open_line"), id: z.string().min(1).max(300) }),
  z.strictObject({ type: z.literal("open_events") }),
]);
export type FlowRequest = z.infer<typeof flowRequestSchema>;
