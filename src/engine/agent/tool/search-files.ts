import * as z from "zod";
import type { FilesFound, FoundLine } from "../../port/files";
import { classifyPath, decideRead } from "../../policy/file-policy";
import { newestChanges } from "../../state/scope";
import { folderArg, globArg } from "./arguments";
import { defineTool } from "./tool";
import type { Job } from "./tool";

const maxMatches = 200;
const maxShownLength = 300;

export const searchFiles = defineTool("search_files", {
  args: () =>
    z.strictObject({
      query: z
        .string()
        .min(1)
        .max(500)
        .describe("The text to look for; with regex, a regular expression for one line."),
      path: folderArg("Folder to look in, or one file."),
      regex: z
        .boolean()
        .default(false)
        .describe("The query is a regular expression (RE2: no look-around, no back-references)."),
      ignore_case: z.boolean().default(false).describe("Upper and lower case are the same."),
      glob: globArg,
      context_lines: z.int().min(0).max(10).default(0).describe("Lines shown before and after each match."),
      files_only: z.boolean().default(false).describe("Only the paths of the files that have a match."),
      with_ignored: z
        .boolean()
        .default(false)
        .describe("Search what ignore files (.gitignore, .ignore) name, too."),
    }),
  async call(job, args) {
    const raw = args.path === "" ? "." : args.path;
    const place = classifyPath(raw);
    if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
    const found = await job.context.files.search(args.query, raw, maxMatches, {
      report: true,
      regex: args.regex,
      ignoreCase: args.ignore_case,
      context: args.context_lines,
      filesOnly: args.files_only,
      withIgnored: args.with_ignored,
      instead: await ownTexts(job),
      ...(args.glob === undefined ? {} : { globs: [args.glob] }),
    });
    if (found.kind === "denied") return job.denied(found.rule, found.message, raw);
    if (found.kind === "missing") return job.result(false, found.message);
    const lines = args.files_only
      ? [...new Set(found.matches.map(({ path }) => path))]
      : shown(found.matches);
    return job.result(true, [...lines, summary(found, raw)].join("\n"));
  },
});

/** The team's versions of files, which replace the project's. */
async function ownTexts({ context }: Job): Promise<Map<string, string | null>> {
  const { active, state, store, utf8 } = context;
  const texts = new Map<string, string | null>();
  for (const change of newestChanges(active.scope)) {
    if (!decideRead("workspace", change.path, state.definition.flow.policy).allowed) continue;
    const text = change.content === null ? null : utf8.decode(await store.getBytes(change.content));
    texts.set(change.path, text);
  }
  return texts;
}

/** `path:line: text` for a match, `path-line- text` for a context line; `--` between places. */
function shown(matches: readonly FoundLine[]): string[] {
  const withContext = matches.some(({ context }) => context === true);
  return matches.flatMap((match, index) => {
    const mark = match.context === true ? "-" : ":";
    const text = withContext ? match.text : match.text.trim();
    const line = `${match.path}${mark}${match.line}${mark} ${text.slice(0, maxShownLength)}`;
    const before = matches[index - 1];
    const gap = before !== undefined && (before.path !== match.path || before.line + 1 < match.line);
    return withContext && gap ? ["--", line] : [line];
  });
}

/** What was found, and what was not searched. */
function summary({ matches, truncated, searched, skipped }: FilesFound, folder: string): string {
  const real = matches.filter(({ context }) => context !== true);
  const files = new Set(real.map(({ path }) => path)).size;
  const count =
    real.length === 0
      ? `Nothing found below ${folder}`
      : `${real.length} match${real.length === 1 ? "" : "es"} in ${files} file${files === 1 ? "" : "s"}`;
  const looked = searched === undefined ? "" : `; ${searched} files searched`;
  const left = skipped === undefined ? [] : leftOut(skipped);
  const not = left.length === 0 ? "" : `. Not searched: ${left.join(", ")}`;
  const more =
    truncated && skipped?.stopped !== true
      ? `. There are more matches; only the first ${maxMatches} are shown: search for something narrower`
      : "";
  return `[${count}${looked}${not}${more}]`;
}

function leftOut(skipped: NonNullable<FilesFound["skipped"]>): string[] {
  const { binary, large, largestBytes, ignored, unreadable, stopped } = skipped;
  const entries = (number: number): string => `${number} ${number === 1 ? "file" : "files"}`;
  return [
    ...(binary === 0 ? [] : [`${entries(binary)} without text`]),
    ...(large === 0 ? [] : [`${entries(large)} of more than ${largestBytes} bytes`]),
    ...(ignored === 0 ? [] : [`${ignored} ignored files and folders (with_ignored searches them)`]),
    ...(unreadable === 0 ? [] : [`${entries(unreadable)} that cannot be read`]),
    ...(stopped ? ["the rest of the folder: it is too large to be searched at once"] : []),
  ];
}
