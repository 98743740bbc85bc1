import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Cancellation } from "../../engine/port/cancellation";
import { isDiskCode, unlessMissing } from "../files/file-system";
import { stateOf } from "./file-state";
import type { FileState } from "./file-state";
import { laidOver, writeLaidOver } from "./laid-over";
import { removeTree } from "./remove-tree";
import { giveThread, takeThread, viewThreads } from "./view-thread";
import type { ViewThread } from "./view-thread";
import type { ViewChange, ViewParts } from "./view";
import { makeFolder } from "../files/make-folder";

/** A copy of the project with the session's artifacts over it. */
export interface CopiedView {
  /** The copy's folder. */
  readonly root: string;
  /** What the command changed. Only after every process of it has ended. */
  changes(): Promise<ViewChange[]>;
  /** Removes what the command left, so that the next view copies only what changed, and releases the copy. */
  release(): Promise<void>;
}

/** Copies that this process is using now, by folder. */
const inUse = new Set<string>();

const abandoned = /-abandoned-[0-9a-f]{8}$/;

/**
 * Gives the copy a name that nobody uses, and removes it; what cannot be removed yet is removed next time.
 * @param waits until it is removed, which may take seconds.
 */
async function setAside(place: string, waits = true): Promise<void> {
  const aside = `${place}-abandoned-${randomBytes(4).toString("hex")}`;
  // Another process may have done so already.
  await unlessMissing(fs.promises.rename(place, aside), undefined);
  const removed = removeTree(aside).catch(() => undefined);
  if (waits) await removed;
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
  if (holder === undefined || !isDead(holder) || inUse.has(place)) return false;
  // Before anything else is awaited: no other command of this process may take the copy while it is removed.
  inUse.add(place);
  try {
    // Only one process can take the lock away, and it may find that it was a new one.
    const taken = `${file}-${randomBytes(4).toString("hex")}`;
    await fs.promises.rename(file, taken);
    if (!isDead(await fs.promises.readFile(taken, "utf8"))) {
      await fs.promises.rename(taken, file);
      return false;
    }
    // Nor may a command of another process: it would be removed with the copy.
    if (!(await lock(place))) return false;
    await setAside(place);
    return true;
  } catch (error) {
    if (isDiskCode(error, "ENOENT")) return false;
    throw error;
  } finally {
    inUse.delete(place);
  }
}

/** A copy of the project that is not in use, an existing one if possible. What ended processes left is removed. */
async function takeCopy(folder: string): Promise<string> {
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
      if (await lock(place)) return place;
    } catch (error) {
      inUse.delete(place);
      throw error;
    }
    inUse.delete(place);
  }
}

/** Locks a copy that no other command of this process uses. @returns false while another process has it. */
async function lock(place: string): Promise<boolean> {
  for (;;) {
    await makeFolder(place);
    try {
      await fs.promises.writeFile(lockOf(place), String(process.pid), { flag: "wx" });
      return true;
    } catch (error) {
      if (isDiskCode(error, "EEXIST")) return false;
      // The copy of an ended process was set aside at this moment.
      if (!isDiskCode(error, "ENOENT")) throw error;
    }
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
 * Waits until the clock of the folder's file system has ticked: until then, a file that was written last could be written
 * once more without a trace in its times.
 */
async function settle(folder: string): Promise<void> {
  const file = path.join(folder, "clock");
  const tick = async (): Promise<number> => {
    await fs.promises.writeFile(file, "");
    const { ctimeMs } = await fs.promises.stat(file);
    await fs.promises.rm(file);
    return ctimeMs;
  };
  const first = await tick();
  for (let waitMs = 1; (await tick()) <= first; waitMs *= 2)
    await new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** Updates the copy; ends early when cancelled. @returns whether it wrote. @throws {CopyStopped} it was cancelled. */
async function update(
  thread: ViewThread,
  folder: string,
  { project, allow, views }: ViewParts,
  cancellation: Cancellation | undefined,
): Promise<boolean> {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const cancelled = (): void => void Atomics.store(stop, 0, 1);
  cancellation?.addEventListener("abort", cancelled, { once: true });
  if (cancellation?.aborted === true) cancelled();
  try {
    return await thread.perform({ do: "update", folder, project, allow, views, stop, threads: viewThreads });
  } finally {
    cancellation?.removeEventListener("abort", cancelled);
  }
}

/**
 * A copied view: the first view of a project copies it (a clone where the file system can), a later one copies what changed
 * since. @param folder where copies of this project are kept, outside the project.
 * @throws {CopyStopped} it was cancelled meanwhile.
 */
export async function copiedView(
  parts: ViewParts,
  folder: string,
  cancellation?: Cancellation,
): Promise<CopiedView> {
  const copy = await takeCopy(folder);
  const root = path.join(copy, "tree");
  const thread = takeThread();
  const release = async (): Promise<void> => {
    giveThread(thread);
    // In this order: a lock of this process that it does not use counts as an earlier process's.
    await fs.promises.rm(lockOf(copy), { force: true });
    inUse.delete(copy);
  };
  try {
    const hasChanged = await update(thread, copy, parts, cancellation);
    const baseline: Record<string, FileState | null> = {};
    const files = await laidOver(parts);
    await writeLaidOver(root, files);
    for (const { path: place, bytes } of files) {
      const target = path.join(root, place);
      if (bytes === null) await fs.promises.rm(target, { recursive: true, force: true });
      baseline[place] = bytes === null ? null : stateOf(await fs.promises.lstat(target));
    }
    if (hasChanged || files.length > 0) await settle(copy);
    return {
      root,
      changes: () => thread.perform({ do: "differences", baseline }),
      release: async () => {
        try {
          await thread.perform({ do: "clean" });
        } finally {
          await release();
        }
      },
    };
  } catch (error) {
    // What there is of it may fill the disk, and nobody knows what that is.
    await setAside(copy, false).catch(() => undefined);
    await release();
    throw error;
  }
}
