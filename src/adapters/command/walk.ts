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
    const seen = entries.map(async (entry) => {
      const place = inside === "" ? entry.name : `${inside}/${entry.name}`;
      return { place, goesIn: (await see(place, entry)) && entry.isDirectory() };
    });
    for (const { place, goesIn } of await Promise.all(seen)) if (goesIn) open.push(place);
  }
}
