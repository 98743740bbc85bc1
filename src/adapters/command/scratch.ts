import { randomBytes, createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isAlive } from "./copied-view";
import { removeTree } from "./remove-tree";

/** Where Orket keeps this user's data that it can create again. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = os.homedir();
  if (process.platform === "darwin") return path.join(home, "Library", "Caches", "orket");
  if (process.platform === "win32") {
    return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"), "orket", "cache");
  }
  const set = env.XDG_CACHE_HOME;
  return path.join(set !== undefined && path.isAbsolute(set) ? set : path.join(home, ".cache"), "orket");
}

/** The folders of one project's views, below `cache`. */
export function viewFolders(
  cache: string,
  project: string,
): { readonly copies: string; readonly runs: string } {
  const name = createHash("sha256").update(project).digest("hex").slice(0, 16);
  const folder = path.join(cache, "views", name);
  return { copies: folder, runs: path.join(folder, "runs") };
}

/** A folder for one command, named after this process; those of ended processes are removed first. */
export async function newScratch(runs: string): Promise<string> {
  await fs.promises.mkdir(runs, { recursive: true, mode: 0o700 });
  for (const name of await fs.promises.readdir(runs)) {
    if (!isAlive(Number(name.split("-")[0]))) await removeTree(path.join(runs, name)).catch(() => undefined);
  }
  const scratch = path.join(runs, `${process.pid}-${randomBytes(6).toString("hex")}`);
  await fs.promises.mkdir(scratch, { mode: 0o700 });
  return scratch;
}
