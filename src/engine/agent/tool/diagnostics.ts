import * as z from "zod";
import { problemSeverities } from "../../port/language-features";
import { pathInProject, shortened, shownPlaces } from "./editor-view";
import { defineTool } from "./tool";

export const diagnostics = defineTool("diagnostics", {
  args: () =>
    z.strictObject({
      path: z
        .string()
        .max(1000)
        .optional()
        .describe("File of the project. Absent: every file that VS Code's extensions have checked."),
      severity: z
        .enum(problemSeverities)
        .default("warning")
        .describe("The least severe ones that are shown; hint shows all."),
    }),
  async call(job, { path: raw = "", severity }) {
    const found = raw === "" ? { path: undefined } : await pathInProject(job, raw);
    if ("answer" in found) return found.answer;
    const { features, cancellation } = job.context;
    const answer = await features.problems(found.path, cancellation);
    const least = problemSeverities.indexOf(severity);
    const isShown = (one: { severity: typeof severity }): boolean =>
      problemSeverities.indexOf(one.severity) <= least;
    return shownPlaces(
      job,
      answer.kind === "failed" ? answer : { ...answer, items: answer.items.filter(isShown) },
      {
        noun: "diagnostic",
        nothing: "No diagnostic reported; files that no extension has checked have none",
        line: ({ path, line, severity: how, source, message }) =>
          `${path}:${line}: ${how}${source === undefined ? "" : ` [${shortened(source)}]`} ${shortened(message)}`,
      },
    );
  },
});
