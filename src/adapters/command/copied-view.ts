import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isDiskCode, unlessMissing } from "../files/file-system";
import { isWithin } from "../files/paths";
import { openFolders, removeTree } from "./remove-tree";
import { laidOver, writeLaidOver } from "./laid-over";
import type { ViewChange, ViewParts } from "./view";

/** A copy of the project with the session's artifacts over it. */
export interface CopiedView {
  /** The copy's folder. */
  readonly root: string;
  /** What the command changed. Only after every process of it has ended. */
  changes(): Promise<ViewChange[]>;
  /** Removes what the command left, so that the next view copies only what changed, and releases the copy. */
  release(): Promise<void>;
}

/** The state of a file in the project and in the copy when it was copied. */
type Known = readonly [project: string, copy: string];

/** What a copy holds after a command, and which of it differs from what was copied. */
interface Found {
  readonly seen: ReadonlySet<string>;
  readonly strange: readonly string[];
}

/** Larger files are copied in parallel with other work, in bytes. */
const largeFile = 4 << 20;
/** Work before yielding to the event loop, in files. */
const batch = 2000;

const signature = (stat: fs.Stats): string =>
  `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.mode}`;

/**
 * The unsorted files and links below `root`, each examined once. Synchronous calls, a few thousand at a
 * time: the promises of 50,000 files cost more than the files.
 */
async function* walk(
  root: string,
  skip: (place: string) => boolean,
): AsyncGenerator<readonly [place: string, stat: fs.Stats]> {
  const folders = [""];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let names: string[];
    try {
      names = fs.readdirSync(path.join(root, folder));
    } catch {
      continue;
    }
    for (const name of names) {
      const place = folder === "" ? name : `${folder}/${name}`;
      if (skip(place)) continue;
      const stat = fs.lstatSync(path.join(root, place), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) folders.push(place);
      yield [place, stat];
      seen += 1;
      if (seen % batch === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A link within the project that is written as an absolute path would point from the copy into the project. */
function linkTarget(project: string, place: string, target: string): string {
  if (!path.isAbsolute(target) || !isWithin(project, target)) return target;
  return path.relative(path.dirname(path.join(project, place)), target);
}

/** One copy of a project, kept between commands and used by one at a time. */
class Copy {
  readonly #root: string;
  readonly #manifest: string;
  #known = new Map<string, Known>();
  /** What the last scan after a command found, so that nothing is examined twice. */
  #found: Found | undefined;

  constructor(readonly folder: string) {
    this.#root = path.join(folder, "tree");
    this.#manifest = path.join(folder, "manifest.json");
  }

  get root(): string {
    return this.#root;
  }

  /** Makes the copy equal to the project's current state, except for hidden files; copies only what changed. */
  async update({ project, hidden }: ViewParts): Promise<void> {
    await this.#load();
    const out = new Set(hidden);
    const seen = new Set<string>();
    for await (const [place, stat] of walk(project, (name) => out.has(name))) {
      seen.add(place);
      const target = path.join(this.#root, place);
      if (stat.isDirectory()) {
        await this.#folder(place, target, stat.mode & 0o777);
        continue;
      }
      const now = signature(stat);
      const known = this.#known.get(place);
      if (known?.[0] === now) continue;
      await this.#copy(project, place, target, stat);
      const copied = fs.lstatSync(target);
      this.#known.set(place, [now, signature(copied)]);
    }
    for (const place of [...this.#known.keys()]) {
      if (seen.has(place)) continue;
      this.#known.delete(place);
      await fs.promises.rm(path.join(this.#root, place), { recursive: true, force: true });
    }
  }

  async #folder(place: string, target: string, mode: number): Promise<void> {
    const stands = fs.lstatSync(target, { throwIfNoEntry: false });
    if (stands?.isDirectory() !== true) {
      if (stands !== undefined) await fs.promises.rm(target, { force: true });
      fs.mkdirSync(target, { recursive: true });
      fs.chmodSync(target, mode | 0o700);
    }
    this.#known.set(place, ["folder", "folder"]);
  }

  async #copy(project: string, place: string, target: string, stat: fs.Stats): Promise<void> {
    if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined)
      await fs.promises.rm(target, { recursive: true, force: true });
    const source = path.join(project, place);
    if (stat.isSymbolicLink()) {
      fs.symlinkSync(linkTarget(project, place, fs.readlinkSync(source)), target);
    } else if (stat.isFile()) {
      // A clone where the file system supports it; never a hard link. The promises of many small files
      // cost ten times what the files do.
      if (stat.size > largeFile) await fs.promises.copyFile(source, target, fs.constants.COPYFILE_FICLONE);
      else fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE);
      const mode = (stat.mode & 0o777) | 0o600;
      if (mode !== (stat.mode & 0o777)) fs.chmodSync(target, mode);
    }
  }

  /** What differs from what `update` and the artifacts left. */
  async differences(baseline: ReadonlyMap<string, string>): Promise<ViewChange[]> {
    await openFolders(this.#root);
    const changes: ViewChange[] = [];
    const seen = new Set<string>();
    const strange: string[] = [];
    for await (const [place, stat] of walk(this.#root, () => false)) {
      seen.add(place);
      const known = this.#known.get(place)?.[1];
      const now = stat.isDirectory() ? "folder" : signature(stat);
      if (known !== now) strange.push(place);
      if (stat.isDirectory() || (baseline.get(place) ?? known) === now) continue;
      changes.push({
        path: place,
        file: path.join(this.#root, place),
        bytes: stat.isFile() ? stat.size : 0,
        executable: (stat.mode & 0o100) !== 0,
        regular: stat.isFile(),
      });
    }
    for (const [place, [, copy]] of this.#known) {
      if (seen.has(place) || copy === "folder" || baseline.get(place) === "gone") continue;
      changes.push({ path: place, file: null, bytes: 0, executable: false, regular: true });
    }
    for (const [place, copy] of baseline) {
      if (seen.has(place) || copy === "gone" || this.#known.has(place)) continue;
      changes.push({ path: place, file: null, bytes: 0, executable: false, regular: true });
    }
    this.#found = { seen, strange };
    return changes;
  }

  /** Removes everything that differs from what was copied, so that the next update copies it again. */
  async clean(): Promise<void> {
    const { seen, strange } = this.#found ?? (await this.#look());
    this.#found = undefined;
    for (const place of strange) {
      this.#known.delete(place);
      await removeTree(path.join(this.#root, place));
    }
    for (const place of [...this.#known.keys()]) if (!seen.has(place)) this.#known.delete(place);
    const text = JSON.stringify([...this.#known].map(([place, [project, copy]]) => [place, project, copy]));
    await fs.promises.writeFile(`${this.#manifest}.new`, text);
    await fs.promises.rename(`${this.#manifest}.new`, this.#manifest);
  }

  async #look(): Promise<Found> {
    await this.differences(new Map());
    return this.#found ?? { seen: new Set(), strange: [] };
  }

  /** The manifest is removed while the copy is in use: what a killed command left is copied again from the start. */
  async #load(): Promise<void> {
    this.#known = new Map();
    try {
      const rows = JSON.parse(await fs.promises.readFile(this.#manifest, "utf8")) as [
        string,
        string,
        string,
      ][];
      this.#known = new Map(rows.map(([place, project, copy]) => [place, [project, copy]]));
      await fs.promises.rm(this.#manifest);
    } catch {
      await removeTree(this.#root);
    }
    await fs.promises.mkdir(this.#root, { recursive: true });
  }
}

/** Copies that this process is using now, by folder. */
const inUse = new Set<string>();

const abandoned = /-abandoned-[0-9a-f]{8}$/;

/** Gives the copy a name that nobody uses, and removes it; what cannot be removed yet is removed next time. */
async function setAside(place: string): Promise<void> {
  const aside = `${place}-abandoned-${randomBytes(4).toString("hex")}`;
  // Another process may have done so already.
  await unlessMissing(fs.promises.rename(place, aside), undefined);
  await removeTree(aside).catch(() => undefined);
}

const lockOf = (place: string): string => path.join(place, "lock");

/** Whether the lock's holder has ended. A lock of this process that it does not use is an earlier process's. */
const isDead = (holder: string): boolean => Number(holder) === process.pid || !isAlive(Number(holder));

/**
 * Removes the copy of a process that has ended. A process of the killed command may still write there for a moment, so
 * it is not used again.
 * @returns false where it is in use, or where another process does so at this moment.
 */
async function removeDead(place: string): Promise<boolean> {
  const file = lockOf(place);
  const holder = await fs.promises.readFile(file, "utf8").catch(() => undefined);
  if (holder === undefined || !isDead(holder)) return false;
  // Only one process can take the lock away, and it may find that it was a new one.
  const taken = `${file}-${randomBytes(4).toString("hex")}`;
  try {
    await fs.promises.rename(file, taken);
    if (!isDead(await fs.promises.readFile(taken, "utf8"))) {
      await fs.promises.rename(taken, file);
      return false;
    }
  } catch (error) {
    if (isDiskCode(error, "ENOENT")) return false;
    throw error;
  }
  await setAside(place);
  return true;
}

/** A copy of the project that is not in use, an existing one if possible. What ended processes left is removed. */
async function takeCopy(folder: string): Promise<Copy> {
  for (const name of await fs.promises.readdir(folder).catch(() => [])) {
    const place = path.join(folder, name);
    if (abandoned.test(name)) await removeTree(place).catch(() => undefined);
    else if (!inUse.has(place)) await removeDead(place).catch(() => undefined);
  }
  for (let number = 0; ; number += 1) {
    const place = path.join(folder, `copy-${number}`);
    if (inUse.has(place)) continue;
    // Before anything is awaited: two commands of a parallel group look at the same moment.
    inUse.add(place);
    try {
      if (await lock(place)) return new Copy(place);
    } catch (error) {
      inUse.delete(place);
      throw error;
    }
    inUse.delete(place);
  }
}

/** Locks a copy that no other command of this process uses. @returns false while another process has it. */
async function lock(place: string): Promise<boolean> {
  await fs.promises.mkdir(place, { recursive: true });
  try {
    await fs.promises.writeFile(lockOf(place), String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (isDiskCode(error, "EEXIST")) return false;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * A copied view: the first view of a project copies it (a clone where the file system can), a later one copies what changed
 * since. @param folder where copies of this project are kept, outside the project.
 */
export async function copiedView(parts: ViewParts, folder: string): Promise<CopiedView> {
  const copy = await takeCopy(folder);
  const release = async (): Promise<void> => {
    // In this order: a lock of this process that it does not use counts as an earlier process's.
    await fs.promises.rm(lockOf(copy.folder), { force: true });
    inUse.delete(copy.folder);
  };
  try {
    await copy.update(parts);
    const files = await laidOver(parts);
    const baseline = new Map<string, string>();
    await writeLaidOver(copy.root, files);
    for (const { path: place, bytes } of files) {
      const target = path.join(copy.root, place);
      if (bytes === null) await fs.promises.rm(target, { recursive: true, force: true });
      baseline.set(place, bytes === null ? "gone" : signature(await fs.promises.lstat(target)));
    }
    return {
      root: copy.root,
      changes: () => copy.differences(baseline),
      release: async () => {
        try {
          await copy.clean();
        } finally {
          await release();
        }
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}
