import * as z from "zod";
import { pathArg } from "./arguments";
import { toCrlf, usesCrlf } from "./edits";
import { propose, readText } from "./team-files";
import { defineTool } from "./tool";

export const writeFile = defineTool("write_file", {
  args: z.strictObject({
    path: pathArg,
    content: z.string().describe("The whole new content of the file."),
  }),
  call: (job, { path, content }) =>
    propose(job, path, async (at) => {
      // A file keeps its line ends; a model writes LF.
      if (content.includes("\r\n") || !content.includes("\n")) return { text: content };
      const before = await readText(job, at);
      return { text: before.kind === "text" && usesCrlf(before.text) ? toCrlf(content) : content };
    }),
});
