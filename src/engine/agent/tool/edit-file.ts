import * as z from "zod";
import { pathArg } from "./arguments";
import { propose, readText } from "./team-files";
import type { NewText } from "./team-files";
import { defineTool } from "./tool";
import type { Job } from "./tool";

const argsSchema = z.strictObject({
  path: pathArg,
  old_text: z.string().min(1).describe("The exact text to replace; it must occur once."),
  new_text: z.string().describe("What stands there instead."),
  replace_all: z.boolean().default(false).describe("Replace every occurrence."),
});

export const editFile = defineTool("edit_file", {
  args: argsSchema,
  call: (job, args) => propose(job, args.path, (path) => edited(job, path, args)),
});

async function edited(job: Job, path: string, args: z.output<typeof argsSchema>): Promise<NewText> {
  const read = await readText(job, path);
  if (read.kind === "denied") return { problem: job.denied(read.rule, read.message, path) };
  if (read.kind === "missing") return { problem: job.result(false, read.message) };
  const count = read.text.split(args.old_text).length - 1;
  if (count === 0) return { problem: job.result(false, `old_text does not occur in ${path}.`) };
  if (count > 1 && !args.replace_all) {
    return {
      problem: job.result(
        false,
        `old_text occurs ${count} times in ${path}; make it longer so that it occurs once, or set replace_all.`,
      ),
    };
  }
  return { text: read.text.split(args.old_text).join(args.new_text) };
}
