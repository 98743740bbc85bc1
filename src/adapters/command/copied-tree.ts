import fs from "node:fs";
import path from "node:path";
import { checkFolder, syncFolder } from "./copy-folder";
import type { CheckedFolder, CopyContext, FolderPlace, SyncedFolder } from "./copy-folder";
import { CopyManifest } from "./copy-manifest";
import type { FolderRecord } from "./copy-manifest";
import { emptyListing, entriesOf, isFileMode, isFolderMode, isSameState, stateWidth } from "./file-state";
import type { FileState, Listing } from "./file-state";
import { removeTree } from "./remove-tree";
import type { ViewChange } from "./view";

/** The state of files that the session laid over the copy; `null`: it took the file away. */
export type Baseline = Readonly<Record<string, FileState | null>>;

/** Work on folders: that of `syncFolder`, or that of `checkFolder`. */
export type FolderWork =
  | { readonly kind: "sync"; readonly folders: readonly (readonly [FolderPlace, FolderRecord | undefined])[] }
  | { readonly kind: "check"; readonly folders: readonly (readonly [string, Listing])[] };

export type FolderResults =
  | { readonly kind: "sync"; readonly folders: readonly SyncedFolder[] }
  | { readonly kind: "check"; readonly folders: readonly CheckedFolder[] };

export function doFolderWork(work: FolderWork, context: CopyContext): FolderResults {
  return work.kind === "sync"
    ? { kind: "sync", folders: work.folders.map(([place, known]) => syncFolder(place, known, context)) }
    : { kind: "check", folders: work.folders.map(([place, known]) => checkFolder(place, known, context)) };
}

/** Does work on folders: in this thread, or in another one. */
export type Lane = (work: FolderWork) => FolderResults | Promise<FolderResults>;

/** Folders given to a lane at once. */
const batchSize = 16;

/**
 * Works through a tree of folders with all lanes at the same time.
 * @param done is given each result, and returns the folders to enter.
 */
async function spread<Place>(
  first: Place,
  lanes: readonly Lane[],
  pack: (places: readonly Place[]) => FolderWork,
  done: (results: FolderResults) => readonly Place[],
): Promise<void> {
  const open: Place[] = [first];
  let running = 0;
  let failure: Error | undefined;
  const idle: (() => void)[] = [];
  const wake = (): void => {
    for (const go of idle.splice(0)) go();
  };
  const drive = async (lane: Lane): Promise<void> => {
    while (failure === undefined) {
      const share = Math.ceil(open.length / (2 * lanes.length));
      const places = open.splice(-Math.min(batchSize, Math.max(1, share)));
      if (places.length === 0) {
        if (running === 0) return;
        await new Promise<void>((resolve) => idle.push(resolve));
        continue;
      }
      running += 1;
      try {
        for (const place of done(await lane(pack(places)))) open.push(place);
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
      running -= 1;
      wake();
    }
  };
  await Promise.all(lanes.map(drive));
  if (failure !== undefined) throw failure;
}

/** What a copy holds after a command, and which of it differs from what was copied. */
interface Found {
  /** Places to remove: the topmost ones. */
  readonly strange: readonly string[];
  /** Places of which the copy no longer has what was copied. */
  readonly lost: readonly string[];
}

const placeOf = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** One copy of a project, kept between commands and used by one at a time. */
export class CopiedTree {
  readonly #manifestFile: string;
  /** Where the manifest is while the copy is in use: what a killed command left is copied again from the start. */
  readonly #manifestInUse: string;
  readonly #context: CopyContext;
  #known = new CopyManifest();
  /** What the last scan after a command found, so that nothing is examined twice. */
  #found: Found | undefined;

  /** @param folder of the copy, which holds its tree. @param lanes does the work with so many folders known. */
  constructor(
    folder: string,
    context: Omit<CopyContext, "root">,
    readonly lanes: (files: number) => readonly Lane[],
  ) {
    this.#context = { ...context, root: path.join(folder, "tree") };
    this.#manifestFile = path.join(folder, "manifest");
    this.#manifestInUse = path.join(folder, "manifest.in-use");
  }

  get context(): CopyContext {
    return this.#context;
  }

  /**
   * Makes the copy equal to the project's current state, except for hidden files; copies only what changed.
   * @returns whether anything had changed.
   */
  async update(): Promise<boolean> {
    await this.#load();
    const known = this.#known;
    const seen = new Set<string>();
    await spread<FolderPlace>(
      ["", "shown"],
      this.lanes(this.#count()),
      (places) => ({ kind: "sync", folders: places.map((folder) => [folder, known.get(folder[0])]) }),
      (results) => {
        if (results.kind !== "sync") return [];
        for (const { place, record } of results.folders) {
          seen.add(place);
          if (record !== undefined) known.set(place, record);
        }
        return results.folders.flatMap(({ folders }) => folders);
      },
    );
    known.keep(seen);
    return known.isChanged;
  }

  /** What differs from what `update` and the artifacts left. Only after every process of the command has ended. */
  async differences(baseline: Baseline): Promise<ViewChange[]> {
    const { root } = this.#context;
    const known = this.#known;
    const changes: ViewChange[] = [];
    const strange: string[] = [];
    const lost: string[] = [];
    const seen = new Set<string>();
    const created = new Set<string>();
    // A command may have removed the folder, put a link there, or taken away the permission to look into it.
    const isThere = fs.lstatSync(root, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isThere) fs.chmodSync(root, 0o700);
    else fs.rmSync(root, { force: true });
    const deleted = (place: string): void => {
      changes.push({ path: place, file: null, bytes: 0, executable: false, regular: true });
    };
    const laid = new Map(Object.entries(baseline));
    const take = ({ place: folder, strange: found, gone, copy, hasUnnamed }: CheckedFolder): void => {
      seen.add(folder);
      for (const [name, state] of found) {
        const place = placeOf(folder, name);
        if (!created.has(folder)) strange.push(place);
        lost.push(place);
        const own = laid.get(place);
        laid.delete(place);
        if (isFolderMode(state[4])) {
          created.add(place);
          continue;
        }
        if (own !== undefined && own !== null && isSameState(own, state)) continue;
        const [, size, , , mode] = state;
        changes.push({
          path: place,
          file: path.join(root, place),
          bytes: isFileMode(mode) ? size : 0,
          executable: (mode & 0o100) !== 0,
          regular: isFileMode(mode),
        });
      }
      const record = known.get(folder);
      const before = gone.length === 0 || record === undefined ? undefined : entriesOf(record.copy);
      for (const name of gone) {
        const place = placeOf(folder, name);
        lost.push(place);
        const own = laid.get(place);
        laid.delete(place);
        if (own !== null && !isFolderMode(before?.get(name)?.[4] ?? 0)) deleted(place);
      }
      if (copy !== undefined && record !== undefined) known.set(folder, { ...record, copy });
      if (!hasUnnamed) return;
      // It cannot be removed by its name: its folder goes.
      strange.push(folder);
      lost.push(folder);
    };
    await spread<string>(
      "",
      this.lanes(this.#count()),
      (places) => ({
        kind: "check",
        folders: places.map((place) => [place, known.get(place)?.copy ?? emptyListing]),
      }),
      (results) => {
        if (results.kind !== "check") return [];
        results.folders.forEach(take);
        return results.folders.flatMap(({ folders }) => folders);
      },
    );
    // What was in folders that are gone, or are none any more.
    for (const [folder, { copy }] of known.folders) {
      if (seen.has(folder)) continue;
      for (const [name, state] of entriesOf(copy)) {
        const place = placeOf(folder, name);
        const own = laid.get(place);
        laid.delete(place);
        if (own !== null && !isFolderMode(state[4])) deleted(place);
      }
    }
    // What was laid over the copy where the project has nothing.
    for (const [place, own] of laid) if (own !== null && this.#isMissing(place)) deleted(place);
    this.#found = { strange, lost };
    return changes;
  }

  #isMissing(place: string): boolean {
    try {
      return fs.lstatSync(path.join(this.#context.root, place), { throwIfNoEntry: false }) === undefined;
    } catch {
      return true;
    }
  }

  /** Removes everything that differs from what was copied, so that the next update copies it again. */
  async clean(): Promise<void> {
    if (this.#found === undefined) await this.differences({});
    const { strange, lost } = this.#found ?? { strange: [], lost: [] };
    this.#found = undefined;
    // Without a manifest the whole copy is made again.
    if (strange.includes("")) return;
    for (const place of strange) await removeTree(path.join(this.#context.root, place));
    this.#known.forget(lost);
    if (this.#known.isChanged) await fs.promises.writeFile(this.#manifestInUse, this.#known.toBytes());
    await fs.promises.rename(this.#manifestInUse, this.#manifestFile);
  }

  #count(): number {
    let count = 0;
    for (const { project } of this.#known.folders.values()) count += project.states.length / stateWidth;
    return count;
  }

  async #load(): Promise<void> {
    const { root } = this.#context;
    try {
      await fs.promises.rename(this.#manifestFile, this.#manifestInUse);
      this.#known = CopyManifest.read(await fs.promises.readFile(this.#manifestInUse));
    } catch {
      this.#known = new CopyManifest();
      await removeTree(root);
    }
    await fs.promises.mkdir(root, { recursive: true });
  }
}
