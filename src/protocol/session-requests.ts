import * as z from "zod";
import { artifactActions, eventKinds, panelViews } from "./session-panel";
import type { EventFilter, EventKind } from "./session-panel";

/* What the session panel may send. Only the extension loads this file: a webview needs no schemas. */

const index = z.int().min(0);
const share = z.number().min(0).max(1);
const partId = z.string().min(1).max(100);

/** The panel's requests. Everything that it sends is parsed with this first. */
export const panelRequestSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), filter: filterSchema() }),
  z.strictObject({ type: z.literal("filter"), filter: filterSchema() }),
  /** Lets the filter go on looking through the events, or stops it. */
  z.strictObject({ type: z.literal("look"), on: z.boolean() }),
  z.strictObject({ type: z.literal("rows"), edition: index, from: index, to: index }),
  z.strictObject({ type: z.literal("transcript"), edition: index, from: index, to: index }),
  /** Sends a folded text. */
  z.strictObject({ type: z.literal("part"), seq: index, id: partId }),
  /** Opens a text in full in an editor; of a prompt, `whole` is all its messages. */
  z.strictObject({ type: z.literal("open_part"), seq: index, id: partId }),
  z.strictObject({ type: z.literal("copy_part"), seq: index, id: partId }),
  /** Opens what an event wrote to a file, as a diff with what was there before. */
  z.strictObject({ type: z.literal("diff"), seq: index, path: z.string().min(1).max(4000) }),
  z.strictObject({ type: z.literal("steps"), text: z.string().max(300) }),
  z.strictObject({ type: z.literal("timeline"), from: share, to: share, columns: z.int().min(10).max(400) }),
  z.strictObject({ type: z.literal("usage") }),
  /** Asks the person for another session, and compares this one with it. */
  z.strictObject({ type: z.literal("compare") }),
  /** Opens a compared step side by side; without one, all of them. */
  z.strictObject({ type: z.literal("compare_open"), step: z.string().max(300).optional() }),
  /** Another view is shown; the next panel of the session begins with it. */
  z.strictObject({ type: z.literal("view"), view: z.enum(panelViews) }),
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
    kind: z.enum(["", ...Object.keys(eventKinds)] as ["", EventKind]),
    step: z.string().max(300),
    role: z.string().max(300),
    text: z.string().max(1000),
  });
}

/** What the panel keeps across a reload, and what identifies its session to the extension. */
export const panelStateSchema = z.object({
  folder: z.string().max(4000),
  session: z.string().min(1).max(300),
  filter: filterSchema().optional().catch(undefined),
});
