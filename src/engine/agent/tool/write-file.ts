import * as z from "zod";
import { pathArg } from "./arguments";
import { propose } from "./team-files";
import { defineTool } from "./tool";

export const writeFile = defineTool("write_file", {
  args: z.strictObject({
    path: pathArg,
    content: z.string().describe("The whole new content of the file."),
  }),
  call: (job, { path, content }) => propose(job, path, () => Promise.resolve({ text: content })),
});
