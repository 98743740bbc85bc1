import fs from "node:fs";
import path from "node:path";
import { walkProject } from "./walk";

/** Third-party folders, and Orket's own: changes in them are not reported. */
const ignored: ReadonlySet<string> = new Set(["node_modules", ".venv", "venv", ".orket"]);

export type Snapshot = ReadonlyMap<string, string>;

/** The state of every file of the project: cheap signatures, no contents. */
export async function snapshot(project: string): Promise<Snapshot> {
  const found = new Map<string, string>();
  await walkProject(project, async (place, entry) => {
    if (entry.isDirectory()) return !ignored.has(entry.name);
    const stat = await fs.promises.lstat(path.join(project, place)).catch(() => undefined);
    if (stat !== undefined) found.set(place, `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.mode}`);
    return false;
  });
  return found;
}

/** What was created, changed or deleted between two snapshots, sorted; git's own files are one entry. */
export function changedBetween(before: Snapshot, after: Snapshot): string[] {
  const changed = new Set<string>();
  const note = (place: string): void => {
    changed.add(place.startsWith(".git/") ? ".git" : place);
  };
  for (const [place, signature] of after) if (before.get(place) !== signature) note(place);
  for (const place of before.keys()) if (!after.has(place)) note(place);
  return [...changed].sort();
}
