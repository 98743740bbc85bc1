import * as z from "zod";
import { once, onceEach } from "../../engine/model/once";
import { OrketError } from "../../engine/error/orket-error";
import type { Json } from "../../engine/model/field";
import type { ToolName } from "./tool-names";

/** Values by name. The Flow's inputs and the question's fields check them; not every model takes a recursive schema. */
const values = once(() => z.looseObject({}) as unknown as z.ZodType<Readonly<Record<string, Json>>>);
const session = once(() => z.string().min(1).max(200));

/** What each tool takes that Orket offers to the agents of an editor; package.json repeats it as JSON Schema. */
export const toolInputs = onceEach({
  orket_run_flow: () =>
    z.strictObject({
      flow: z.string().min(1).max(400).describe("The Flow's name, or the path of its file in the project."),
      task: z
        .string()
        .min(1)
        .max(100_000)
        .optional()
        .describe("What the team is to do. Absent: the task that the Flow names."),
      inputs: values()
        .optional()
        .describe("Values of the Flow's inputs, by name. Absent ones take their defaults."),
    }),
  orket_session: () =>
    z.strictObject({
      session: session()
        .optional()
        .describe("The session's id, or a unique part of it. Absent: the newest session."),
    }),
  orket_answer: () =>
    z.strictObject({
      session: session().describe("The session's id, or a unique part of it."),
      question: z
        .string()
        .min(1)
        .max(200)
        .describe(
          "The open question as orket_session names it under `question`, such as q1@0123456789abcdef.",
        ),
      verdict: z.string().max(200).optional().describe("One of the question's `words`, where it has any."),
      fields: values().optional().describe("The question's `fields` by name, where it has any."),
      answers: z
        .array(z.string())
        .optional()
        .describe("Where it has a list of `questions`: a text for each, in the same order."),
    }),
});
export type ToolInput<N extends ToolName> = z.infer<(typeof toolInputs)[N]>;

/** An editor may pass on input that does not match the tool's schema. @throws {OrketError} usage. */
export function readToolInput<N extends ToolName>(name: N, input: unknown): ToolInput<N> {
  // What is not JSON, such as an undefined field, is dropped.
  const read = toolInputs[name].safeParse(JSON.parse(JSON.stringify(input ?? {})));
  if (read.success) return read.data as ToolInput<N>;
  const said = read.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw new OrketError("usage", `The input of ${name} is not valid: ${said.join("; ")}.`, {
    hint: `Call ${name} again with input that matches its schema.`,
  });
}
