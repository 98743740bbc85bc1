import * as z from "zod";
import type { CodeSymbol } from "../../port/language-features";
import { pathInProject, shortened, shownPlaces } from "./editor-view";
import { defineTool } from "./tool";

export const symbols = defineTool("symbols", {
  args: () =>
    z.strictObject({
      query: z
        .string()
        .max(200)
        .default("")
        .describe(
          "Part of the symbol's name. Required without a path; with one, it filters the file's symbols.",
        ),
      path: z
        .string()
        .max(1000)
        .optional()
        .describe("File of the project whose symbols are listed. Absent: the whole project is searched."),
    }),
  async call(job, { query, path: raw = "" }) {
    const { features, cancellation } = job.context;
    const text = query.trim();
    if (raw === "") {
      if (text === "") return job.result(false, "Give a query, a path, or both.");
      return shownPlaces(job, await features.symbols({ text }, cancellation), show);
    }
    const found = await pathInProject(job, raw);
    if ("answer" in found) return found.answer;
    const answer = await features.symbols(found, cancellation);
    const wanted = text.toLowerCase();
    return shownPlaces(
      job,
      answer.kind === "failed"
        ? answer
        : { ...answer, items: answer.items.filter(({ name }) => name.toLowerCase().includes(wanted)) },
      show,
    );
  },
});

const show = {
  noun: "symbol",
  nothing: "No symbol found, or VS Code has no extension that lists the symbols of this language",
  line: ({ path, line, kind, name, container }: CodeSymbol): string =>
    `${path}:${line}: ${kind} ${shortened(name)}${container === undefined ? "" : ` (in ${shortened(container)})`}`,
};
