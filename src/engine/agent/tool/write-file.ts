import * as z from "zod";
import { pathArg } from "./arguments";
import { toCrlf, usesCrlf } from "./edits";
import { propose, readText } from "./team-files";
import type { NewText } from "./team-files";
import { defineTool } from "./tool";

export const writeFile = defineTool("write_file", {
  args: () =>
    z.strictObject({
      path: pathArg,
      content: z.string().describe("The whole new content of the file."),
      executable: z
        .boolean()
        .default(false)
        .describe("The file is a script that may be executed; one that may be already stays so."),
    }),
  call(job, { path, content, executable }) {
    const made = async (at: string): Promise<NewText> => {
      // A file keeps its line ends; a model writes LF.
      if (content.includes("\r\n") || !content.includes("\n")) return { text: content };
      const before = await readText(job, at);
      return { text: before.kind === "text" && usesCrlf(before.text) ? toCrlf(content) : content };
    };
    return propose(job, path, made, executable);
  },
});
