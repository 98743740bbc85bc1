import * as z from "zod";
import { matchesAny } from "../../policy/glob";
import { classifyPath, decideRead } from "../../policy/file-policy";
import { newestChanges } from "../../state/scope";
import { folderArg, globArg } from "./arguments";
import { below } from "./team-files";
import { defineTool } from "./tool";
import type { Job } from "./tool";
import { defined } from "../../model/defined";

const maxEntries = 500;

export const listDir = defineTool("list_dir", {
  args: () =>
    z.strictObject({
      path: folderArg("Folder relative to the project."),
      depth: z
        .int()
        .min(1)
        .max(20)
        .default(1)
        .describe("How many levels of folders are listed; 1 for the folder alone."),
      glob: globArg,
    }),
  async call(job, { path, depth, glob }) {
    const raw = path === "" ? "." : path;
    const place = classifyPath(raw);
    if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
    const levels = glob !== undefined && depth === 1 && /\*\*|\//.test(glob) ? 20 : depth;
    const listed = await job.context.files.list(raw, maxEntries, {
      depth: levels,
      ...defined({ glob }),
    });
    const entries = new Map<string, string>();
    if (listed.kind === "dir") {
      for (const { name, type, bytes } of listed.entries) {
        entries.set(name, type === "dir" ? "" : bytes === undefined ? " " : ` (${bytes} bytes)`);
      }
    }
    const own = place.kind === "relative" ? addOwn(job, place.path, { levels, glob, entries }) : 0;
    if (listed.kind === "denied" && own === 0) return job.denied(listed.rule, listed.message, raw);
    if (listed.kind === "missing" && own === 0) return job.result(false, listed.message);
    const lines = [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, about]) => (about === "" ? `${name}/` : `${name}${about.trimEnd()}`));
    if (listed.kind === "dir" && listed.truncated)
      lines.push(`[only the first ${maxEntries} entries; list a folder below, or give a glob]`);
    const empty = glob === undefined ? "The folder is empty." : `No file below ${raw} matches ${glob}.`;
    return job.result(true, lines.length === 0 ? empty : lines.join("\n"));
  },
});

/** Lays the team's files over the project's; returns the number of those below the folder. */
function addOwn(
  { context }: Job,
  folder: string,
  { levels, glob, entries }: { levels: number; glob: string | undefined; entries: Map<string, string> },
): number {
  const { active, state } = context;
  if (!decideRead("workspace", folder, state.definition.flow.policy).allowed) return 0;
  let own = 0;
  for (const change of newestChanges(active.scope)) {
    const names = below(change, folder);
    if (names === undefined) continue;
    own += 1;
    const file = names.join("/");
    if (change.content === null) {
      entries.delete(file);
      continue;
    }
    if (glob !== undefined && !matchesAny([glob], file)) continue;
    const shown = names.slice(0, levels);
    for (let depth = 1; depth < names.length && depth <= levels; depth += 1)
      entries.set(names.slice(0, depth).join("/"), "");
    if (shown.length === names.length)
      entries.set(file, ` (${change.content.bytes} bytes, written by ${change.step})`);
  }
  return own;
}
