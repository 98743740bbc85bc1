import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isDiskCode, unlessMissing } from "../files/file-system";
import { isWithin } from "../files/paths";
import { CopyManifest, isSameState } from "./copy-manifest";
import { FileCopies } from "./file-copies";
import { laidOver, writeLaidOver } from "./laid-over";
import { removeTree } from "./remove-tree";
import type { Look, ViewChange, ViewParts } from "./view";

/** A copy of the project with the session's artifacts over it. */
export interface CopiedView {
  /** The copy's folder. */
  readonly root: string;
  /** What the command changed. Only after every process of it has ended. */
  changes(): Promise<ViewChange[]>;
  /** Removes what the command left, so that the next view copies only what changed, and releases the copy. */
  release(): Promise<void>;
}

/** What a copy holds after a command, and which of it differs from what was copied. */
interface Found {
  readonly seen: ReadonlySet<string>;
  readonly strange: readonly string[];
}

/** The state of a file that the session laid over the copy, or that it has none. */
type Baseline = ReadonlyMap<string, fs.Stats | "gone">;

/** Work before yielding to the event loop, in files. */
const batch = 500;

/**
 * The unsorted files, links and folders below `root`, each examined once. Synchronous calls, a few hundred at a time: the
 * promises of 50,000 files cost more than the files.
 * @param see is given what it returned for the folder around the entry; a folder that is hidden is not entered.
 */
async function walk(
  root: string,
  see: (place: string, stat: fs.Stats, inside: Look) => Look | Promise<Look>,
): Promise<void> {
  const folders: [place: string, look: Look][] = [["", "shown"]];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const [inside, look] = folder;
    let names: string[];
    try {
      names = fs.readdirSync(inside === "" ? root : `${root}/${inside}`);
    } catch {
      continue;
    }
    for (const name of names) {
      const place = inside === "" ? name : `${inside}/${name}`;
      const stat = fs.lstatSync(`${root}/${place}`, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const given = see(place, stat, look);
      const own = typeof given === "string" ? given : await given;
      if (own !== "hidden" && stat.isDirectory()) folders.push([place, own]);
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
  readonly root: string;
  readonly #manifest: string;
  /** Where the manifest is while the copy is in use: what a killed command left is copied again from the start. */
  readonly #manifestInUse: string;
  #known = new CopyManifest();
  /** What the last scan after a command found, so that nothing is examined twice. */
  #found: Found | undefined;

  constructor(readonly folder: string) {
    this.root = path.join(folder, "tree");
    this.#manifest = path.join(folder, "manifest");
    this.#manifestInUse = path.join(folder, "manifest.in-use");
  }

  /** Makes the copy equal to the project's current state, except for hidden files; copies only what changed. */
  async update({ project, look }: ViewParts): Promise<void> {
    await this.#load();
    const seen = new Set<string>();
    const copies = new FileCopies();
    const see = (place: string, stat: fs.Stats, inside: Look): Look | Promise<Look> => {
      const own = look(place, stat, inside);
      if (own === "hidden") return own;
      seen.add(place);
      const wait = stat.isDirectory()
        ? this.#folder(place, stat)
        : this.#known.isCurrent(place, stat)
          ? undefined
          : this.#copy(copies, project, place, stat);
      return wait === undefined ? own : wait.then(() => own);
    };
    try {
      await walk(project, see);
    } finally {
      await copies.finish();
    }
    for (const place of this.#known.without(seen)) {
      this.#known.delete(place);
      await fs.promises.rm(path.join(this.root, place), { recursive: true, force: true });
    }
  }

  #folder(place: string, { mode }: fs.Stats): undefined {
    const target = `${this.root}/${place}`;
    if (fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory() !== true) {
      fs.rmSync(target, { force: true });
      fs.mkdirSync(target);
      fs.chmodSync(target, (mode & 0o777) | 0o700);
    }
    this.#known.setFolder(place);
  }

  #copy(copies: FileCopies, project: string, place: string, stat: fs.Stats): Promise<void> | undefined {
    const [source, target] = [`${project}/${place}`, `${this.root}/${place}`];
    if (this.#known.has(place)) fs.rmSync(target, { recursive: true, force: true });
    const copied = (copy: fs.Stats): void => this.#known.set(place, stat, copy);
    if (stat.isFile()) return copies.start(source, target, stat, copied);
    fs.symlinkSync(linkTarget(project, place, fs.readlinkSync(source)), target);
    copied(fs.lstatSync(target));
    return undefined;
  }

  /** What differs from what `update` and the artifacts left. */
  async differences(baseline: Baseline): Promise<ViewChange[]> {
    const known = this.#known;
    const changes: ViewChange[] = [];
    const seen = new Set<string>();
    const strange: string[] = [];
    // A command may have removed the folder, put a link there, or taken away the permission to look into it.
    const isThere = fs.lstatSync(this.root, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isThere) fs.chmodSync(this.root, 0o700);
    else fs.rmSync(this.root, { force: true });
    await walk(this.root, (place, stat) => {
      seen.add(place);
      const untouched = known.isUntouched(place, stat);
      if (!untouched) strange.push(place);
      if (stat.isDirectory()) {
        if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(`${this.root}/${place}`, 0o700);
        return "shown";
      }
      const laid = baseline.get(place);
      if (laid === undefined ? untouched : laid !== "gone" && isSameState(laid, stat)) return "shown";
      changes.push({
        path: place,
        file: path.join(this.root, place),
        bytes: stat.isFile() ? stat.size : 0,
        executable: (stat.mode & 0o100) !== 0,
        regular: stat.isFile(),
      });
      return "shown";
    });
    const deleted = (place: string): void => {
      changes.push({ path: place, file: null, bytes: 0, executable: false, regular: true });
    };
    for (const place of known.without(seen))
      if (!known.isFolder(place) && baseline.get(place) !== "gone") deleted(place);
    for (const [place, laid] of baseline)
      if (!seen.has(place) && laid !== "gone" && !known.has(place)) deleted(place);
    this.#found = { seen, strange };
    return changes;
  }

  /** Removes everything that differs from what was copied, so that the next update copies it again. */
  async clean(): Promise<void> {
    const { seen, strange } = this.#found ?? (await this.#look());
    this.#found = undefined;
    const known = this.#known;
    for (const place of strange) {
      known.delete(place);
      await removeTree(path.join(this.root, place));
    }
    for (const place of known.without(seen)) known.delete(place);
    if (known.isChanged) await fs.promises.writeFile(this.#manifestInUse, known.toBytes());
    await fs.promises.rename(this.#manifestInUse, this.#manifest);
  }

  async #look(): Promise<Found> {
    await this.differences(new Map());
    return this.#found ?? { seen: new Set(), strange: [] };
  }

  async #load(): Promise<void> {
    try {
      await fs.promises.rename(this.#manifest, this.#manifestInUse);
      this.#known = CopyManifest.read(await fs.promises.readFile(this.#manifestInUse));
    } catch {
      this.#known = new CopyManifest();
      await removeTree(this.root);
    }
    await fs.promises.mkdir(this.root, { recursive: true });
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
    const baseline = new Map<string, fs.Stats | "gone">();
    await writeLaidOver(copy.root, files);
    for (const { path: place, bytes } of files) {
      const target = path.join(copy.root, place);
      if (bytes === null) await fs.promises.rm(target, { recursive: true, force: true });
      baseline.set(place, bytes === null ? "gone" : await fs.promises.lstat(target));
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
