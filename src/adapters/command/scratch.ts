import { randomBytes, createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isAlive } from "./copied-view";
import { removeTree } from "./remove-tree";
import { makeFolder } from "../files/make-folder";

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
  await makeFolder(runs, 0o700);
  for (const name of await fs.promises.readdir(runs)) {
    if (!isAlive(Number(name.split("-")[0]))) await removeTree(path.join(runs, name)).catch(() => undefined);
  }
  const scratch = path.join(runs, `${process.pid}-${randomBytes(6).toString("hex")}`);
  await fs.promises.mkdir(scratch, { mode: 0o700 });
  return scratch;
}
