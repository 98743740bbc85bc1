import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { Anchor } from "../files/anchor";
import { replace, syncDir, writeNew } from "../files/durable";
import { isDiskCode } from "../files/file-system";
import type { FileSystem } from "../files/file-system";
import { randomName } from "../system/random";
import type { RandomBytes } from "../system/random";

function inTheWay(artifact: string, what: string, cause?: unknown): OrketError {
  return new OrketError("disk_failed", `The artifact ${artifact} cannot stand in the Workspace: ${what}.`, {
    hint: "Remove what stands there by hand, then resume the session.",
    details: { path: artifact },
    cause,
  });
}

function segmentsOf(artifact: string): string[] {
  const segments = artifact.split("/");
  const bad = segments.some((one) => one === "" || one === "." || one === ".." || /[\\\0]/.test(one));
  if (bad || path.isAbsolute(artifact)) {
    throw new OrketError(
      "internal",
      `The artifact's path ${JSON.stringify(artifact)} is not a plain relative path.`,
    );
  }
  return segments;
}

/** The session's Workspace on the disk: written by the Orchestrator only, links in it are never followed. */
export class WorkspaceFiles {
  readonly #fs: FileSystem;
  readonly #root: string;
  readonly #tmp: string;
  readonly #random: RandomBytes;
  constructor(fs: FileSystem, root: string, tmp: string, random: RandomBytes) {
    this.#fs = fs;
    this.#root = root;
    this.#tmp = tmp;
    this.#random = random;
  }

  /** The folder that holds the artifact; missing folders are created, or the result is undefined. */
  async #parent(artifact: string, create: boolean): Promise<Anchor | undefined> {
    const folders = segmentsOf(artifact).slice(0, -1);
    let at = await Anchor.open(this.#fs, this.#root);
    for (const name of folders) {
      const above = at;
      try {
        at = await this.#step(above, name, create);
      } catch (error) {
        // Below a file there is nothing to remove.
        if (!create && isDiskCode(error, "ENOENT", "ENOTDIR")) return undefined;
        if (!isDiskCode(error, "ELOOP", "ENOTDIR")) throw error;
        throw inTheWay(artifact, `${name} is a link or a file where a folder is needed`, error);
      } finally {
        await above.close();
      }
    }
    return at;
  }

  async #step(above: Anchor, name: string, create: boolean): Promise<Anchor> {
    try {
      return await above.folder(name);
    } catch (error) {
      if (!create || !isDiskCode(error, "ENOENT")) throw error;
    }
    await this.#fs.makeDir(above.child(name)).catch((error: unknown) => {
      if (!isDiskCode(error, "EEXIST")) throw error;
    });
    await syncDir(this.#fs, above.self);
    return above.folder(name);
  }

  /** Writes these bytes to the artifact atomically. */
  async write(artifact: string, bytes: Uint8Array): Promise<void> {
    const aside = path.join(this.#tmp, `file-${randomName(this.#random, 12)}`);
    const folder = await this.#parent(artifact, true);
    if (!folder) return;
    try {
      await writeNew(this.#fs, aside, bytes);
      await replace(this.#fs, aside, folder.child(path.posix.basename(artifact)));
      await syncDir(this.#fs, folder.self);
    } catch (error) {
      if (isDiskCode(error, "EISDIR", "ENOTEMPTY", "EEXIST"))
        throw inTheWay(artifact, "a folder has its name", error);
      throw error;
    } finally {
      await folder.close();
    }
  }

  /** Removes the artifact, and the folders that it leaves empty. */
  async remove(artifact: string): Promise<void> {
    const folder = await this.#parent(artifact, false);
    if (!folder) return;
    try {
      await this.#fs.unlink(folder.child(path.posix.basename(artifact)));
      await syncDir(this.#fs, folder.self);
    } catch (error) {
      if (isDiskCode(error, "EISDIR", "EPERM")) throw inTheWay(artifact, "a folder has its name", error);
      if (!isDiskCode(error, "ENOENT")) throw error;
    } finally {
      await folder.close();
    }
    await this.#removeEmpty(path.posix.dirname(artifact));
  }

  async #removeEmpty(dir: string): Promise<void> {
    for (let at = dir; at !== "."; at = path.posix.dirname(at)) {
      const above = await this.#parent(at, false);
      if (!above) continue;
      try {
        await this.#fs.removeDir(above.child(path.posix.basename(at)));
      } catch (error) {
        if (isDiskCode(error, "ENOENT")) continue;
        if (isDiskCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) return;
        throw error;
      } finally {
        await above.close();
      }
    }
  }
}

/** Removes what an earlier writer left half-written, and creates the folder for the next one's files. */
export async function clearTmp(fs: FileSystem, tmp: string): Promise<void> {
  try {
    await fs.makeDir(tmp);
    return;
  } catch (error) {
    if (!isDiskCode(error, "EEXIST")) throw error;
  }
  const real = await Anchor.open(fs, tmp);
  try {
    if (!(await fs.lstat(tmp)).isDirectory()) return;
    for (const entry of await fs.readDir(real.self)) {
      if (!entry.isDirectory()) await fs.unlink(real.child(entry.name));
    }
  } finally {
    await real.close();
  }
}
