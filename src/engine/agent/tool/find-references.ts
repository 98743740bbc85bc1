import * as z from "zod";
import { pathArg } from "./arguments";
import { pathInProject, projectLine, shownPlaces } from "./editor-view";
import { defineTool } from "./tool";

export const findReferences = defineTool("find_references", {
  args: () =>
    z.strictObject({
      path: pathArg,
      line: z.int().min(1).describe("Line in which the symbol stands, from 1."),
      symbol: z.string().min(1).max(200).describe("The symbol's name as it stands in that line."),
    }),
  async call(job, { path: raw, line, symbol }) {
    const found = await pathInProject(job, raw);
    if ("answer" in found) return found.answer;
    const { features, cancellation } = job.context;
    const answer = await features.references({ path: found.path, line, symbol }, cancellation);
    return shownPlaces(job, answer, {
      noun: "reference",
      nothing: "No reference found, or VS Code has no extension that finds references in this language",
      line: async (place) => `${place.path}:${place.line}: ${await projectLine(job, place)}`,
    });
  },
});
