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
      const before = await readText(job, at);
      if (before.kind !== "text") return { text: content };
      // A file keeps its line ends and its byte order mark; a model writes LF, and was shown no mark.
      const isLf = content.includes("\n") && !content.includes("\r\n");
      const text = isLf && usesCrlf(before.text) ? toCrlf(content) : content;
      const keepsMark = before.text.startsWith("\ufeff") && !text.startsWith("\ufeff");
      return { text: keepsMark ? `\ufeff${text}` : text };
    };
    return propose(job, path, made, executable);
  },
});
