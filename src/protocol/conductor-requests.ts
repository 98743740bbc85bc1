import * as z from "zod";
import { limitNames } from "../engine/model/flow";

/* What the conductor view may send. Only the extension loads this file: a webview needs no schemas. */

const session = z.string().min(1).max(300);
const step = z.string().min(1).max(300);
const instruction = z.string().trim().min(1).max(200_000);
const comment = z.string().trim().min(1).max(20_000);
const request = z.int().min(0);

/** What a person pressed. Everything that the view sends is parsed with this first. */
export const conductorRequestSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({
    type: z.literal("answer"),
    request,
    session,
    id: z.string().min(1).max(100),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    answer: z.discriminatedUnion("decision", [
      z.strictObject({ decision: z.literal("approve") }),
      z.strictObject({ decision: z.literal("skip") }),
      z.strictObject({ decision: z.literal("retry"), comment: comment.optional() }),
      z.strictObject({ decision: z.literal("refuse"), comment }),
      z.strictObject({ decision: z.literal("edit"), instruction }),
    ]),
  }),
  z.strictObject({
    type: z.literal("answer_question"),
    request,
    session,
    id: z.string().min(1).max(100),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    verdict: z.string().min(1).max(300).optional(),
    /** The entered text, by the field's name; the extension parses it by the field's kind. */
    fields: z.record(z.string().max(100), z.string().max(200_000)),
  }),
  z.strictObject({
    type: z.literal("fix_step"),
    request,
    session,
    step,
    how: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("retry") }),
      z.strictObject({ kind: z.literal("skip") }),
      z.strictObject({ kind: z.literal("edit"), instruction }),
    ]),
  }),
  /** Continues with the current content of the Venue's file, or with another model on it. */
  z.strictObject({
    type: z.literal("change_venue"),
    request,
    session,
    step,
    how: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("file") }),
      z.strictObject({ kind: z.literal("model"), model: z.string().min(1).max(500) }),
    ]),
  }),
  z.strictObject({ type: z.literal("withdraw"), request, session, of: z.int().min(0) }),
  z.strictObject({ type: z.literal("skip_step"), request, session, step }),
  /** A finished step is run again: a fork at it. */
  z.strictObject({ type: z.literal("do_again"), request, session, step }),
  z.strictObject({
    type: z.literal("resolve_suggestion"),
    request,
    session,
    id: z.string().min(1).max(100),
    how: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("apply"), text: instruction.optional() }),
      z.strictObject({ kind: z.literal("dismiss") }),
    ]),
  }),
  z.strictObject({
    type: z.literal("raise_limit"),
    request,
    session,
    limit: z.enum(limitNames),
    value: z.number().positive(),
  }),
  z.strictObject({
    type: z.literal("steer"),
    request,
    session,
    what: z.enum(["pause", "resume", "stop"]),
  }),
  z.strictObject({
    type: z.literal("set_role"),
    request,
    session,
    role: z.string().min(1).max(100),
    enabled: z.boolean(),
  }),
  /** The whole prompt of a question, in an editor. */
  z.strictObject({ type: z.literal("open_prompt"), session, id: z.string().min(1).max(100) }),
  z.strictObject({ type: z.literal("run_flow"), folder: z.string().max(4000), path: z.string().max(4000) }),
  z.strictObject({
    type: z.literal("open"),
    what: z.enum([
      "pick_flow",
      "artifacts",
      "fork",
      "adjust",
      "events",
      "open_folder",
      "new_flow",
      "write_sample",
      "import",
      "trust",
      "log",
      "venue",
    ]),
  }),
]);
export type ConductorRequest = z.infer<typeof conductorRequestSchema>;
