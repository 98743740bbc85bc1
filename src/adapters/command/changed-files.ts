import fs from "node:fs";
import path from "node:path";

/** Folders of others, and Orket's own: what changes in them is not said. */
const ignored: ReadonlySet<string> = new Set(["node_modules", ".venv", "venv", ".orket"]);

export type Snapshot = ReadonlyMap<string, string>;

/** How every file of the project stands: cheap signatures, no contents. */
export function snapshot(project: string): Snapshot {
  const found = new Map<string, string>();
  const visit = (folder: string): void => {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path.join(project, folder), { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      const place = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!ignored.has(entry.name)) visit(place);
        continue;
      }
      const stat = fs.lstatSync(path.join(project, place), { throwIfNoEntry: false });
      if (stat !== undefined) found.set(place, `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.mode}`);
    }
  };
  visit("");
  return found;
}

/** What was made, changed or deleted between two snapshots, sorted; git's own files are one entry. */
export function changedBetween(before: Snapshot, after: Snapshot): string[] {
  const changed = new Set<string>();
  const note = (place: string): void => {
    changed.add(place.startsWith(".git/") ? ".git" : place);
  };
  for (const [place, signature] of after) if (before.get(place) !== signature) note(place);
  for (const place of before.keys()) if (!after.has(place)) note(place);
  return [...changed].sort();
}
