import fs from "node:fs";
import path from "node:path";

/*
 * Folders outside of any project, with their missing parents. Node's own way (`recursive`) never ends where the system says that
 * a folder is missing although its parent is there, as below `/proc`.
 */

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | undefined)?.code;

/**
 * @param mode of each folder that is made
 * @throws {Error} from the file system.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const make = (place: string): Promise<void> =>
    fs.promises.mkdir(place, { mode }).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
  try {
    await make(folder);
  } catch (error) {
    const above = path.dirname(folder);
    if (codeOf(error) !== "ENOENT" || above === folder) throw error;
    await makeFolder(above, mode);
    await make(folder);
  }
}

/** The same at once. @returns whether the folder is there. */
export function makeFolderNow(folder: string): boolean {
  const make = (place: string): "made" | "missing" | "failed" => {
    try {
      fs.mkdirSync(place);
      return "made";
    } catch (error) {
      const code = codeOf(error);
      return code === "EEXIST" ? "made" : code === "ENOENT" ? "missing" : "failed";
    }
  };
  const first = make(folder);
  const above = path.dirname(folder);
  if (first !== "missing" || above === folder) return first === "made";
  return makeFolderNow(above) && make(folder) === "made";
}
