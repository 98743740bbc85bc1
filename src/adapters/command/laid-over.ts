import fs from "node:fs";
import path from "node:path";
import { isDiskCode } from "../files/file-system";
import { isWithin } from "../files/paths";
import { isProgram } from "./view";
import type { ViewParts } from "./view";

/** A file that the view shows instead of the project's; null: it does not exist. */
export interface LaidOver {
  /** Relative to the project, through the project's own links to folders. */
  readonly path: string;
  readonly bytes: Uint8Array | null;
  readonly mode: number;
}

/** The real folder of the path's parents within the project; undefined where they lead out of it. */
async function realFolder(project: string, folder: string): Promise<string | undefined> {
  if (folder === "." || folder === "") return "";
  try {
    const real = await fs.promises.realpath(path.join(project, folder));
    return isWithin(project, real) ? path.relative(project, real) : undefined;
  } catch (error) {
    if (!isDiskCode(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    const parent = await realFolder(project, path.dirname(folder));
    return parent === undefined ? undefined : path.join(parent, path.basename(folder));
  }
}

async function modeOf(file: string): Promise<number | undefined> {
  try {
    const stat = await fs.promises.lstat(file);
    return stat.isFile() ? stat.mode & 0o777 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The session's artifacts and other replacements of the project's files, with their bytes and modes: the mode of the
 * project's file, else a program's mode where the file begins as one.
 * @throws {Error} a path leads out of the project through a link.
 */
export async function laidOver({ project, overlay, replaced, read }: ViewParts): Promise<LaidOver[]> {
  const files: LaidOver[] = Object.entries(replaced).map(([place, text]) => ({
    path: place,
    bytes: Buffer.from(text),
    mode: 0o644,
  }));
  for (const { path: place, content, executable } of overlay) {
    const folder = await realFolder(project, path.posix.dirname(place));
    if (folder === undefined) throw new Error(`${place} leads out of the project through a link`);
    const real = path.join(folder, path.posix.basename(place));
    const bytes = content === null ? null : await read(content);
    const own = await modeOf(path.join(project, real));
    const mode = own ?? (bytes !== null && isProgram(bytes) ? 0o755 : 0o644);
    files.push({ path: real, bytes, mode: mode | (executable === true ? 0o755 : 0o600) });
  }
  return files;
}

/** Writes them below `root`, in folders created as ordinary ones. Deletions are left to the caller. */
export async function writeLaidOver(root: string, files: readonly LaidOver[]): Promise<void> {
  for (const { path: place, bytes, mode } of files) {
    if (bytes === null) continue;
    const file = path.join(root, place);
    await fs.promises.mkdir(path.dirname(file), { recursive: true });
    await fs.promises.rm(file, { force: true });
    await fs.promises.writeFile(file, bytes, { flag: "wx" });
    await fs.promises.chmod(file, mode);
  }
}
