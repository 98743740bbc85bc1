import * as z from "zod";
import { pathArg } from "./arguments";
import { applyEdits } from "./edits";
import { propose, readText } from "./team-files";
import { defineTool } from "./tool";

const oldText = z.string().min(1).describe("The exact text to replace; it must occur once.");
const newText = z.string().describe("What stands there instead.");
const replaceAll = z.boolean().default(false).describe("Replace every occurrence.");

export const editFile = defineTool("edit_file", {
  args: () =>
    z.strictObject({
      path: pathArg,
      old_text: oldText.optional(),
      new_text: newText.optional(),
      replace_all: replaceAll,
      edits: z
        .array(z.strictObject({ old_text: oldText, new_text: newText, replace_all: replaceAll }))
        .min(1)
        .max(100)
        .optional()
        .describe("Several edits of the file, in order, all or none; in place of old_text and new_text."),
    }),
  call(job, { path, old_text: before, new_text: after, replace_all, edits }) {
    const single = before !== undefined && after !== undefined;
    const given = edits ?? (single ? [{ old_text: before, new_text: after, replace_all }] : []);
    if (given.length === 0 || (edits !== undefined && before !== undefined)) {
      return job.result(false, "Give old_text and new_text, or a list of them in edits.");
    }
    return propose(job, path, async (at) => {
      const read = await readText(job, at);
      if (read.kind === "denied") return { problem: job.denied(read.rule, read.message, at) };
      if (read.kind === "missing") return { problem: job.result(false, read.message) };
      const edited = applyEdits(read.text, given, at);
      return "problem" in edited ? { problem: job.result(false, edited.problem) } : edited;
    });
  },
});
