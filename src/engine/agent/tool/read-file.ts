import * as z from "zod";
import { pathArg } from "./arguments";
import { readText } from "./team-files";
import { defineTool } from "./tool";

export const readFile = defineTool("read_file", {
  args: z.strictObject({
    path: pathArg,
    start_line: z.int().min(1).optional().describe("First line to read, from 1."),
    end_line: z.int().min(1).optional().describe("Last line to read."),
  }),
  async call(job, { path, start_line: start, end_line: end }) {
    const read = await readText(job, path);
    if (read.kind === "denied") return job.denied(read.rule, read.message, path);
    if (read.kind === "missing") return job.result(false, read.message);
    if (start === undefined && end === undefined) return job.result(true, read.text);
    return job.result(
      true,
      read.text
        .split("\n")
        .slice((start ?? 1) - 1, end)
        .join("\n"),
    );
  },
});
