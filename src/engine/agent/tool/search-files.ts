import * as z from "zod";
import type { EventDraft } from "../../event/event";
import { classifyPath, decideRead } from "../../policy/file-policy";
import { newestChanges } from "../../state/scope";
import { folderArg } from "./arguments";
import { below } from "./team-files";
import { defineTool } from "./tool";
import type { Job } from "./tool";

const maxSearchMatches = 100;

export const searchFiles = defineTool("search_files", {
  args: z.strictObject({
    query: z.string().min(1).max(500).describe("The exact text to look for."),
    path: folderArg("Folder to look in."),
  }),
  call: (job, { query, path }) => search(job, query, path),
});

async function search(job: Job, query: string, raw: string): Promise<EventDraft> {
  const { active, files, state, store } = job.context;
  const place = classifyPath(raw === "" ? "." : raw);
  if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
  const lines: string[] = [];
  const own = new Set<string>();
  if (
    place.kind === "relative" &&
    decideRead("workspace", place.path, state.definition.flow.policy).allowed
  ) {
    for (const change of newestChanges(active.scope)) {
      if (below(change, place.path) === undefined) continue;
      own.add(change.path);
      if (change.content === null) continue;
      const text = await store.getText(change.content);
      text.split("\n").forEach((line, index) => {
        if (line.includes(query)) lines.push(`${change.path}:${index + 1}: ${line.trim().slice(0, 300)}`);
      });
    }
  }
  const found = await files.search(query, raw === "" ? "." : raw, maxSearchMatches);
  if (found.kind === "matches") {
    for (const match of found.matches) {
      if (!own.has(match.path)) lines.push(`${match.path}:${match.line}: ${match.text.trim().slice(0, 300)}`);
    }
  } else if (found.kind === "denied" && own.size === 0) {
    return job.denied(found.rule, found.message, raw);
  }
  lines.sort();
  const cut = lines.length > maxSearchMatches || (found.kind === "matches" && found.truncated);
  const shown = lines.slice(0, maxSearchMatches);
  if (cut) shown.push(`… only the first ${maxSearchMatches} lines; search for something narrower`);
  return job.result(true, shown.length === 0 ? "Nothing found." : shown.join("\n"));
}
