import fs from "node:fs";
import path from "node:path";
import { isDiskCode } from "../files/file-system";
import { isWithin } from "../files/paths";
import { emptyRecord } from "./copy-manifest";
import type { FolderRecord } from "./copy-manifest";
import { copyFile } from "./file-copies";
import { entriesOf, isFolderMode, isSameState, listingOf, namesOf, stateAt, stateOf } from "./file-state";
import type { FileState, Listing } from "./file-state";
import { lookAt } from "./hidden-files";
import type { Look } from "./view";

/*
 * One folder of a copy at a time, with synchronous calls: for 50,000 files these cost a third of what promises do. Only for
 * a thread of its own, see view-worker.ts.
 */

/** A folder to enter, by its place; `look`: how the view treats what is in it. */
export type FolderPlace = readonly [place: string, look: Look];

export interface CopyContext {
  readonly project: string;
  /** The copy's folder. */
  readonly root: string;
  /** Secret files that the policy shows. */
  readonly allow: readonly string[];
  /** Where views are kept; a copy of it would contain itself. */
  readonly views: string;
  /** Whether the work is not wanted any more. */
  readonly isStopped: () => boolean;
}

/** The work is not wanted any more. */
export class CopyStopped extends Error {
  constructor() {
    super("The copy of the project is not needed any more.");
  }
}

const noThrow = { throwIfNoEntry: false } as const;

const below = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** A folder that cannot be read, or is gone, has nothing in it. */
function readNames(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "ENOTDIR", "EACCES", "EPERM")) return [];
    throw error;
  }
}

/** Undefined where there is none, or where its folder may not be entered. */
function lookUp(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file, noThrow);
  } catch (error) {
    if (isDiskCode(error, "EACCES", "EPERM", "ENOTDIR", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}

/** The known state of the entry; most folders list the same names in the same order as last time. */
function finder(known: Listing): (name: string, index: number) => FileState | undefined {
  const names = namesOf(known);
  let byName: ReadonlyMap<string, FileState> | undefined;
  return (name, index) => {
    if (names[index] === name) return stateAt(known, index);
    byName ??= entriesOf(known);
    return byName.get(name);
  };
}

/** A link within the project that is written as an absolute path would point from the copy into the project. */
function linkTarget(project: string, place: string, target: string): string {
  if (!path.isAbsolute(target) || !isWithin(project, target)) return target;
  return path.relative(path.dirname(path.join(project, place)), target);
}

/** Of a folder only its kind and mode: the times change with what is in it. */
const isCurrent = (known: FileState | undefined, state: FileState): boolean =>
  known !== undefined && (isFolderMode(state[4]) ? known[4] === state[4] : isSameState(known, state));

/** What was done with one folder of the project. */
export interface SyncedFolder {
  readonly place: string;
  /** Undefined when it was as known. */
  readonly record?: FolderRecord;
  readonly folders: readonly FolderPlace[];
}

/** Makes one folder of the copy equal to the project's, without what the view hides and without what is in its folders. */
export function syncFolder(
  [place, inside]: FolderPlace,
  known: FolderRecord | undefined,
  context: CopyContext,
): SyncedFolder {
  const { project, root, views, isStopped } = context;
  const look = lookAt(context);
  const apart = path.relative(project, views).split(path.sep).join("/");
  const [from, to] = place === "" ? [project, root] : [`${project}/${place}`, `${root}/${place}`];
  const find = finder((known ?? emptyRecord).project);
  const entries = new Map<string, FileState>();
  const copies = new Map<string, FileState>();
  const folders: FolderPlace[] = [];
  for (const name of readNames(from)) {
    if (isStopped()) throw new CopyStopped();
    const inProject = below(place, name);
    if (inProject === apart) continue;
    const stat = lookUp(`${from}/${name}`);
    if (stat === undefined) continue;
    const own = look(inProject, stat, inside);
    if (own === "hidden") continue;
    const state = stateOf(stat);
    const before = find(name, entries.size);
    if (!isCurrent(before, state)) {
      const copied = copyEntry(from, to, name, stat, { project, place: inProject, before });
      if (copied === undefined) continue;
      copies.set(name, copied.copy);
      entries.set(name, copied.source);
    } else entries.set(name, state);
    if (stat.isDirectory()) folders.push([inProject, own]);
  }
  const gone = namesOf((known ?? emptyRecord).project).filter((name) => !entries.has(name));
  for (const name of gone) fs.rmSync(`${to}/${name}`, { recursive: true, force: true });
  if (known !== undefined && copies.size === 0 && gone.length === 0) return { place, folders };
  const copy = entriesOf((known ?? emptyRecord).copy);
  for (const name of gone) copy.delete(name);
  for (const [name, state] of copies) copy.set(name, state);
  return { place, record: { project: listingOf(entries), copy: listingOf(copy) }, folders };
}

/** Undefined when the entry cannot be read or is gone; then the copy has none. */
function copyEntry(
  from: string,
  to: string,
  name: string,
  stat: fs.Stats,
  { project, place, before }: { project: string; place: string; before: FileState | undefined },
): { readonly source: FileState; readonly copy: FileState } | undefined {
  const [source, target] = [`${from}/${name}`, `${to}/${name}`];
  if (stat.isDirectory()) {
    if (lookUp(target)?.isDirectory() !== true) {
      fs.rmSync(target, { force: true });
      fs.mkdirSync(target);
    }
    fs.chmodSync(target, (stat.mode & 0o777) | 0o700);
    return { source: stateOf(stat), copy: stateOf(fs.lstatSync(target)) };
  }
  if (before !== undefined) fs.rmSync(target, { recursive: true, force: true });
  if (stat.isFile()) return copyFile(source, target, stat);
  const link = readLink(source);
  if (link === undefined) return undefined;
  fs.symlinkSync(linkTarget(project, place, link), target);
  return { source: stateOf(stat), copy: stateOf(fs.lstatSync(target)) };
}

function readLink(source: string): string | undefined {
  try {
    return fs.readlinkSync(source);
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "EINVAL", "EACCES", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** How one folder of a copy differs from what was copied. */
export interface CheckedFolder {
  readonly place: string;
  /** Entries that were created or changed; folders only where they are new. */
  readonly strange: readonly (readonly [name: string, state: FileState])[];
  /** Names of what was deleted. */
  readonly gone: readonly string[];
  /** What is in it, where that came in another order. */
  readonly copy?: Listing;
  readonly folders: readonly string[];
  /** It has an entry that cannot be named: one whose name is not UTF-8. */
  readonly hasUnnamed: boolean;
}

/** Compares one folder of the copy with what is known of it; gives folders in it their modes back. */
export function checkFolder(place: string, known: Listing, { root, isStopped }: CopyContext): CheckedFolder {
  const folder = place === "" ? root : `${root}/${place}`;
  const find = finder(known);
  const strange: (readonly [string, FileState])[] = [];
  const folders: string[] = [];
  const same = new Map<string, FileState>();
  let hasUnnamed = false;
  let seen = 0;
  for (const name of readNames(folder)) {
    if (isStopped()) throw new CopyStopped();
    const stat = lookUp(`${folder}/${name}`);
    if (stat === undefined) {
      hasUnnamed = true;
      continue;
    }
    const state = stateOf(stat);
    const before = find(name, seen);
    seen += 1;
    if (stat.isDirectory()) {
      folders.push(below(place, name));
      const mode = before !== undefined && isFolderMode(before[4]) ? before[4] & 0o777 : 0o700;
      if ((stat.mode & 0o777) !== mode) fs.chmodSync(`${folder}/${name}`, mode);
    }
    const isSame = (copied: FileState): boolean =>
      stat.isDirectory() ? isFolderMode(copied[4]) : isSameState(copied, state);
    if (before !== undefined && isSame(before)) same.set(name, before);
    else strange.push([name, state]);
  }
  const names = namesOf(known);
  const changed = new Set(strange.map(([name]) => name));
  const gone =
    same.size === names.length ? [] : names.filter((name) => !same.has(name) && !changed.has(name));
  const isReordered = same.size === names.length && [...same.keys()].join("/") !== known.names;
  return {
    ...{ place, strange, gone, folders, hasUnnamed },
    ...(isReordered ? { copy: listingOf(same) } : {}),
  };
}
