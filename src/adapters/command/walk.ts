import fs from "node:fs";
import path from "node:path";

/**
 * Walks a project's folders from the top, links not followed, and shows every entry once with its place relative to the
 * project. Asynchronous: the extension's host answers the editor meanwhile. A folder that cannot be read is passed over.
 * @param see says of a folder whether to go into it; what it says of other entries has no meaning.
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
