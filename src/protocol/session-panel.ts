import * as z from "zod";
import type { ShownText } from "./conductor";

/*
 * Messages between the session panel and the extension. The events stay with the extension, which also filters
 * them; the panel requests the rows that it shows.
 */

/** One event, as a row. */
export interface EventRow {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  readonly text: string;
}

/** What the team proposes at one path, and its state. */
export interface ArtifactRow {
  readonly path: string;
  /** Where a renamed file is in the project. */
  readonly renamedFrom?: string;
  readonly change: "added" | "changed" | "deleted" | "renamed";
  readonly state: string;
  /** A person must still decide about part of it. */
  readonly open: boolean;
  /** Part of it was decided, which can be taken back. */
  readonly decided: boolean;
  /** The person has a version of their own, which an acceptance uses. */
  readonly own?: boolean;
  /** Lines; absent where they were not counted, or it is not text. */
  readonly added?: number;
  readonly removed?: number;
  /** Digest of what a decision would be about. */
  readonly shown?: string;
}

/** What a person can do about an artifact. */
export const artifactActions = ["diff", "accept", "reject", "revert", "history"] as const;
export type ArtifactAction = (typeof artifactActions)[number];

export interface EventFilter {
  readonly type: string;
  readonly step: string;
  readonly text: string;
}

export const noFilter: EventFilter = { type: "", step: "", text: "" };

/** Most rows in one answer. */
export const maxRows = 500;

export interface StreamInfo {
  readonly session: string;
  readonly flow: string;
  readonly status: string;
  /** More events may come. */
  readonly live: boolean;
  readonly total: number;
  /** Rows that match the filter. */
  readonly matching: number;
  /** Events that the filter has checked so far; absent: all of them. */
  readonly scanned?: number;
  /** Raised when rows moved: rows of another edition cannot be used. */
  readonly edition: number;
  readonly types: readonly string[];
  readonly steps: readonly string[];
  /** By path, so that a decision moves no row. */
  readonly artifacts: readonly ArtifactRow[];
  /** What was verified about the session, one sentence each. */
  readonly proven?: readonly string[];
  readonly problem?: string;
}

export interface EventDetails {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  /** The event's data as indented JSON. */
  readonly json: string;
  /** Prompts, replies and arguments that the data refers to. */
  readonly texts: readonly { readonly label: string; readonly text: ShownText }[];
}

export type PanelMessage =
  | { readonly type: "info"; readonly info: StreamInfo }
  | {
      readonly type: "rows";
      readonly edition: number;
      readonly from: number;
      readonly rows: readonly EventRow[];
    }
  | { readonly type: "details"; readonly details: EventDetails }
  /** Show the event with this number, whatever the filter was. */
  | { readonly type: "reveal"; readonly seq: number }
  | { readonly type: "failed"; readonly message: string };

const index = z.int().min(0);

/** The panel's requests. Everything that it sends is parsed with this first. */
export const panelRequestSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), filter: filterSchema() }),
  z.strictObject({ type: z.literal("filter"), filter: filterSchema() }),
  z.strictObject({ type: z.literal("rows"), edition: index, from: index, to: index }),
  z.strictObject({ type: z.literal("details"), seq: index }),
  z.strictObject({ type: z.literal("copy"), text: z.string().max(5_000_000) }),
  z.strictObject({
    type: z.literal("artifact"),
    action: z.enum(artifactActions),
    path: z.string().min(1).max(4000),
    shown: z.string().max(100).optional(),
  }),
  /** Requests a sign of life. The answer is the info. */
  z.strictObject({ type: z.literal("ping") }),
]);
export type PanelRequest = z.infer<typeof panelRequestSchema>;

function filterSchema(): z.ZodType<EventFilter> {
  return z.strictObject({
    type: z.string().max(100),
    step: z.string().max(300),
    text: z.string().max(1000),
  });
}

/** What the panel keeps across a reload, and what identifies its session to the extension. */
export const panelStateSchema = z.object({
  folder: z.string().max(4000),
  session: z.string().min(1).max(300),
  filter: filterSchema().optional(),
});
