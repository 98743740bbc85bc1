import { lstat, readdir } from "node:fs/promises";
import type { Stats } from "node:fs";
import path from "node:path";
import { readProjectFiles } from "../app/project/project-files";
import { fileKindOf } from "../language";

export interface Surroundings {
  /** Absolute; not left when searching upwards. */
  readonly home: string | undefined;
  /** Of the process; undefined: the system does not provide it. */
  readonly uid: number | undefined;
}

/**
 * The project that a folder belongs to, found the way git does: the nearest folder from here upwards that has sessions
 * (`.orket`); without one, the nearest that contains definition files, directly or in `flows`, if none are below here. The
 * search ends with the repository (`.git`), with the home folder, and before a folder that another user owns or may
 * write. undefined: there is none above, so this folder is the project.
 */
export async function projectAbove(from: string, surroundings: Surroundings): Promise<string | undefined> {
  const folders = await upwards(from, surroundings);
  for (const folder of folders) {
    if ((await statOf(path.join(folder, ".orket")))?.isDirectory() === true)
      return folder === from ? undefined : folder;
  }
  for (const folder of folders) {
    if (!(await hasDefinitions(folder))) continue;
    return folder === from || (await holdsDefinitions(from)) ? undefined : folder;
  }
  return undefined;
}

/** The folder and those above it that may be its project. */
async function upwards(from: string, { home, uid }: Surroundings): Promise<string[]> {
  const folders: string[] = [];
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (folder !== from && !isOwn(await statOf(folder), uid)) return folders;
    folders.push(folder);
    const isRepository = (await statOf(path.join(folder, ".git"))) !== undefined;
    if (isRepository || folder === home || path.dirname(folder) === folder) return folders;
  }
}

/** Another user could put a project there. */
function isOwn(stats: Stats | undefined, uid: number | undefined): boolean {
  if (stats === undefined) return false;
  return uid === undefined || (stats.uid === uid && (stats.mode & 0o002) === 0);
}

function statOf(file: string): Promise<Stats | undefined> {
  return lstat(file).catch(() => undefined);
}

async function hasDefinitions(folder: string): Promise<boolean> {
  for (const place of [folder, path.join(folder, "flows")]) {
    const entries = await readdir(place, { withFileTypes: true }).catch(() => []);
    if (entries.some((entry) => entry.isFile() && fileKindOf(entry.name) !== undefined)) return true;
  }
  return false;
}

async function holdsDefinitions(folder: string): Promise<boolean> {
  const { files } = await readProjectFiles(folder, (place) => fileKindOf(place) !== undefined);
  return files.length > 0;
}
