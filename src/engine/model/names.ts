import * as z from "zod";

/** A name in a definition file: starts with a letter or digit, then letters, digits, `.`, `_`, `-`; 64 characters at most. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "use letters, digits, '.', '_' and '-', starting with a letter or digit (64 characters at most)",
});

/**
 * An id that placeholders can name (`{{steps.ID.summary}}`): a letter, then letters, digits, `_`, `-`.
 * `#` is excluded on purpose: the engine writes `ID#ITERATION` for a step inside a loop.
 */
export const idSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: "use letters, digits, '_' and '-', starting with a letter (64 characters at most)",
});

/** A `name` of another file of the project, or a path relative to the file that refers to it. */
export const referenceSchema = z.string().min(1).max(400);

/** When a person is asked: before a step's first model call, after its result, both, or never. */
export const approvalSchema = z.enum(["none", "before_step", "after_step", "both"]);
export type Approval = z.infer<typeof approvalSchema>;
