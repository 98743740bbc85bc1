import * as z from "zod";
import { idSchema } from "./names";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const oneOrMore = <T extends z.ZodType>(one: T) => z.union([one, z.array(one).min(1)]);

/** A field, or one within it: `left`, `plan.files`. */
const fieldPathSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$/, {
  error: "use the name of a field of the result",
});

/** A condition as written in a Score's file: about a verdict, a field of a result, or an input. */
export const conditionSchema = z
  .strictObject({
    step: idSchema.optional().describe("The step that it is about."),
    verdict: oneOrMore(idSchema)
      .optional()
      .describe("The verdict, or a list of verdicts, that the step gave."),
    field: fieldPathSchema.optional().describe("A field of the step's result."),
    input: idSchema.optional().describe("An input of this Score or of the Flow."),
    is: oneOrMore(scalar).optional().describe("The value, or one of a list of values."),
    is_not: oneOrMore(scalar).optional().describe("Any value but this one, or but those of a list."),
  })
  .check((ctx) => {
    const { step, verdict, field, input, is, is_not } = ctx.value;
    const wrong = (message: string, path: string[] = []): void => {
      ctx.issues.push({ code: "custom", message, path, input: ctx.value });
    };
    if ((step === undefined) === (input === undefined)) {
      wrong("a condition names either a 'step' or an 'input'");
      return;
    }
    if (step !== undefined && (verdict === undefined) === (field === undefined)) {
      wrong("with 'step' a condition names either a 'verdict' or a 'field'");
      return;
    }
    const takesValue = input !== undefined || field !== undefined;
    if (takesValue && (is === undefined) === (is_not === undefined)) {
      wrong(`with '${input === undefined ? "field" : "input"}' a condition has either 'is' or 'is_not'`);
    }
    if (!takesValue && (is !== undefined || is_not !== undefined)) {
      wrong("'is' and 'is_not' compare a 'field' or an 'input'; a verdict is named by 'verdict'");
    }
    if (input !== undefined && (verdict !== undefined || field !== undefined)) {
      wrong("'verdict' and 'field' belong to a 'step'");
    }
  })
  .describe("Holds when the step gave that verdict, or when the field or the input has that value.");
export type ConditionFile = z.infer<typeof conditionSchema>;

/** One condition, or a list of conditions that must all hold. */
export const conditionsSchema = z.union([conditionSchema, z.array(conditionSchema).min(1)]);
export type ConditionsFile = z.infer<typeof conditionsSchema>;

const values = z.array(scalar).min(1);
/** A condition of the resolved Score: whole step ids, values as lists. */
export const resolvedConditionSchema = z.union([
  z.strictObject({ step: z.string(), verdict: z.array(z.string()).min(1) }),
  z.strictObject({ step: z.string(), field: z.string(), is: values }),
  z.strictObject({ step: z.string(), field: z.string(), is_not: values }),
  z.strictObject({ input: z.string(), is: values }),
  z.strictObject({ input: z.string(), is_not: values }),
]);
export type Condition = z.infer<typeof resolvedConditionSchema>;

const listed = <T>(value: T | readonly T[]): T[] =>
  Array.isArray(value) ? [...(value as readonly T[])] : [value as T];

/** Resolves the file's form; `idOf` returns a step's whole id. */
export function resolveConditions(file: ConditionsFile, idOf: (step: string) => string): Condition[] {
  return listed<ConditionFile>(file).flatMap((one): Condition[] => {
    const compared = one.is_not === undefined ? { is: listed(one.is ?? []) } : { is_not: listed(one.is_not) };
    if (one.input !== undefined) return [{ input: one.input, ...compared }];
    if (one.step === undefined) return [];
    const step = idOf(one.step);
    if (one.field !== undefined) return [{ step, field: one.field, ...compared }];
    return [{ step, verdict: listed(one.verdict ?? []) }];
  });
}

/** What a condition requires, in words. */
export function conditionText(condition: Condition): string {
  const what = "input" in condition ? `input ${condition.input}` : condition.step;
  if ("verdict" in condition) return `${what} says ${condition.verdict.join(" or ")}`;
  const name = "field" in condition ? `${what}.${condition.field}` : what;
  return "is" in condition
    ? `${name} is ${condition.is.join(" or ")}`
    : `${name} is not ${condition.is_not.join(" or ")}`;
}
