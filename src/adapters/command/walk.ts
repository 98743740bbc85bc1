import fs from "node:fs";
import path from "node:path";

/**
 * Walks a project's folders from the top without following links, and reports every entry once with its path relative to the
 * project. Asynchronous: the extension host serves the editor meanwhile. An unreadable folder is skipped.
 * @param see returns for a folder whether to enter it; for other entries its result is ignored.
 */
export async function walkProject(
  project: string,
  see: (place: string, entry: fs.Dirent) => boolean | Promise<boolean>,
): Promise<void> {
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = await fs.promises
      .readdir(path.join(project, folder), { withFileTypes: true })
      .catch((): fs.Dirent[] => []);
    const inside = folder;
    const placeOf = ({ name }: fs.Dirent): string => (inside === "" ? name : `${inside}/${name}`);
    const enters = await Promise.all(entries.map(async (entry) => see(placeOf(entry), entry)));
    for (const [index, entry] of entries.entries())
      if (enters[index] === true && entry.isDirectory()) open.push(placeOf(entry));
  }
}
