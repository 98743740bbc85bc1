import * as z from "zod";

const pinned = {
  path: z.string(),
  sha256: z.string().describe("Of the file's bytes when the session began."),
  bytes: z.int().min(0),
};

const pinnedTextSchema = z.strictObject({
  ...pinned,
  text: z.string().describe("With LF as line end, without a byte order mark."),
});
/** A file of the project as it was when the session began; `path` is relative to the project. */
export type PinnedText = z.infer<typeof pinnedTextSchema>;

const pinnedSkillSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  folder: z.string().describe("Relative to the project."),
  files: z.array(
    z.strictObject({
      ...pinned,
      text: z.string().optional().describe("Absent: the file is not text, and only its name is offered."),
    }),
  ),
});
/** A skill as it was when the session began; the paths of its files are relative to its folder. */
export type PinnedSkill = z.infer<typeof pinnedSkillSchema>;

/** What a Band's roles name beside the definition files, each once. */
export const pinnedShape = {
  instructions: z
    .array(pinnedTextSchema)
    .optional()
    .describe("The project files that roles name under `instructions`, as they were when the session began."),
  skills: z
    .array(pinnedSkillSchema)
    .optional()
    .describe("The skills that roles name under `skills`, as they were when the session began."),
};
