import * as z from "zod";
import { imageSchema } from "./image";
import { idSchema } from "./names";
import { entryOf } from "./entry-of";

/**
 * How strongly a command is isolated from the machine, strongest first. `container`: nothing of the machine but the view, in a
 * container of an image that the Flow names. `sandbox`: no writing outside the view, no network unless allowed, processes of
 * its own. `view`: a copy of the files, nothing more.
 */
const isolationLevels = ["container", "sandbox", "view"] as const;
export const isolationSchema = z.enum(isolationLevels);
export type Isolation = z.infer<typeof isolationSchema>;

/**
 * Where a command was started: at a level of isolation, or, for `effects: outside`, on the project itself, without
 * isolation.
 */
export const commandPlaceSchema = z.enum([...isolationLevels, "project"]);
export type CommandPlace = z.infer<typeof commandPlaceSchema>;

/** Maximum working time of a command when its Flow does not set it, in seconds. */
const defaultCommandSeconds = 300;
/** Longest working time that a Flow can set for a command, in seconds: a day. */
const maxCommandSeconds = 86_400;

/** A name that is valid for an environment variable on every system. */
const environmentNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** A value of `env` that names a stored secret. */
export const secretValuePattern = /^secret:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;

/** A command of a Flow as written in its file, with defaults filled in; the definition uses the same shape. */
export const commandSchema = z
  .strictObject({
    argv: z
      .array(z.string().max(8192))
      .min(1)
      .max(256)
      .describe(
        "The program and its arguments, one entry each; never a shell string. A placeholder is one whole argument.",
      ),
    description: z.string().optional().describe("One line, for people."),
    timeout_seconds: z
      .number()
      .positive()
      .max(maxCommandSeconds)
      .default(defaultCommandSeconds)
      .describe("Working time; after it the command is ended and its verdict is timeout."),
    stdin: z.string().optional().describe("What the command reads, a template. Without it: nothing."),
    env: z
      .record(z.string().regex(environmentNamePattern, { error: "not a name of a variable" }), z.string())
      .default({})
      .describe(
        "Variables added to a small allow-list of the environment; templates, or a stored secret by name (secret:NAME).",
      ),
    network: z.enum(["none", "allowed"]).default("none").describe("Whether it may use the network."),
    writes: z
      .array(z.string().min(1))
      .default([])
      .describe("Globs of files that become artifacts; everything else it wrote is thrown away."),
    output: z
      .enum(["text", "json"])
      .default("text")
      .describe("json: one JSON document on the standard output becomes the step's result."),
    isolation: isolationSchema
      .default("sandbox")
      .describe("The least isolation that is accepted; container: by docker or podman, from `image`."),
    image: imageSchema
      .optional()
      .describe(
        "With isolation container: the image that it runs in, which must be on this machine; Orket downloads none.",
      ),
    effects: z
      .enum(["none", "outside"])
      .default("none")
      .describe("outside: it works on the project itself, after an accept step, and at most once."),
  })
  .describe("A command that steps and roles may run. Nothing else is ever executed.");
export type CommandSpec = z.infer<typeof commandSchema>;

/** The commands of a Flow by name: the table that a person agrees to. */
export const commandTableSchema = z.record(idSchema, commandSchema);
export type CommandTable = z.infer<typeof commandTableSchema>;

/**
 * The text of a table, to whose SHA-256 a person's consent is bound: canonical JSON, names sorted, every default written
 * out, without the descriptions, which do not affect what is executed.
 */
export function commandTableText(table: CommandTable): string {
  const rows = Object.keys(table)
    .sort()
    .map((name) => {
      const { description: _text, env, ...spec } = entryOf(table, name) as CommandSpec;
      const variables = Object.keys(env)
        .sort()
        .map((key) => [key, entryOf(env, key)]);
      const fields = Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1));
      return [name, fields, variables];
    });
  return JSON.stringify(rows);
}

/** The possible outcomes of a `run` step. */
export const commandVerdicts = ["pass", "fail", "timeout"] as const;
export type CommandVerdict = (typeof commandVerdicts)[number];

/** How a command that was started ended. Recorded as it is in `command_end`. */
export const commandEndSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exited"), code: z.int().min(0) }),
  z.strictObject({ kind: z.literal("signalled"), signal: z.string().describe("Such as SIGSEGV.") }),
  z.strictObject({ kind: z.literal("timeout"), seconds: z.number() }),
  z.strictObject({
    kind: z.literal("bound"),
    bound: z.enum(["output", "memory", "processes", "files"]),
    message: z.string().describe("A sentence that names the bound."),
  }),
  z.strictObject({ kind: z.literal("cancelled") }),
  z.strictObject({
    kind: z.literal("refused"),
    reason: z
      .enum(["consent", "isolation", "secret", "untrusted"])
      .describe("What was missing. No process was started."),
    message: z.string().describe("A sentence that says what is missing and how to get it."),
  }),
  z.strictObject({
    kind: z.literal("not_started"),
    message: z.string().describe("A sentence: no such program, no room for the view."),
  }),
]);
export type CommandEnd = z.infer<typeof commandEndSchema>;

/**
 * The verdict of a command that ended by itself; undefined where it did not (cancelled, refused,
 * not started): that is not a verdict, and the step fails or pauses. Hitting a bound is `fail`.
 */
export function commandVerdict(end: CommandEnd): CommandVerdict | undefined {
  switch (end.kind) {
    case "exited":
      return end.code === 0 ? "pass" : "fail";
    case "signalled":
    case "bound":
      return "fail";
    case "timeout":
      return "timeout";
    case "cancelled":
    case "refused":
    case "not_started":
      return undefined;
  }
}
