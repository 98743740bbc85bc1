import * as z from "zod";
import type { EventDraft } from "../../event/event";
import { classifyPath, decideRead } from "../../policy/file-policy";
import { newestChanges } from "../../state/scope";
import { folderArg } from "./arguments";
import { below } from "./team-files";
import { defineTool } from "./tool";
import type { Job } from "./tool";

const maxListEntries = 500;

export const listDir = defineTool("list_dir", {
  args: z.strictObject({ path: folderArg("Folder relative to the project.") }),
  call: (job, { path }) => list(job, path),
});

async function list(job: Job, raw: string): Promise<EventDraft> {
  const { active, files, state } = job.context;
  const place = classifyPath(raw === "" ? "." : raw);
  if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
  const entries = new Map<string, string>();
  const listed = await files.list(raw === "" ? "." : raw, maxListEntries);
  if (listed.kind === "dir") {
    for (const entry of listed.entries) {
      const bytes = entry.bytes === undefined ? "" : ` (${entry.bytes} bytes)`;
      entries.set(entry.name, entry.type === "dir" ? `${entry.name}/` : `${entry.name}${bytes}`);
    }
  }
  let own = 0;
  if (
    place.kind === "relative" &&
    decideRead("workspace", place.path, state.definition.flow.policy).allowed
  ) {
    for (const change of newestChanges(active.scope)) {
      const [name, ...deeper] = below(change, place.path) ?? [];
      if (name === undefined) continue;
      own += 1;
      if (deeper.length > 0) entries.set(name, `${name}/`);
      else if (change.content === null) entries.delete(name);
      else entries.set(name, `${name} (${change.content.bytes} bytes, written by ${change.step})`);
    }
  }
  if (listed.kind === "denied" && own === 0) return job.denied(listed.rule, listed.message, raw);
  if (listed.kind === "missing" && own === 0) return job.result(false, listed.message);
  const lines = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  if (listed.kind === "dir" && listed.truncated) lines.push(`… only the first ${maxListEntries} entries`);
  return job.result(true, lines.length === 0 ? "The folder is empty." : lines.join("\n"));
}
