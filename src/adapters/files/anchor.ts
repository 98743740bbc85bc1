import { constants } from "node:fs";
import path from "node:path";
import { isDiskCode } from "./file-system";
import type { FileSystem, Handle } from "./file-system";

const { O_RDONLY } = constants;
// Windows has neither; 0 leaves the flag out, and the checks on real paths remain.
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
const O_DIRECTORY = (constants.O_DIRECTORY as number | undefined) ?? 0;

/** Linux names what is open: a path through it leads to that very folder, even after a rename or removal. */
const handlesHaveNames = process.platform === "linux";

/** `/proc/self/fd/N`: the file behind a handle, as a path. Only where `handlesHaveNames`. */
export function handlePath(handle: Handle): string {
  return `/proc/self/fd/${handle}`;
}

/** The real path of what is open, or undefined where the system does not report it. */
export async function realPathOf(fs: FileSystem, handle: Handle): Promise<string | undefined> {
  if (!handlesHaveNames) return undefined;
  try {
    return await fs.readLink(handlePath(handle));
  } catch (error) {
    // No /proc, as in some sandboxes.
    if (isDiskCode(error, "ENOENT", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

/** A folder that is held open, so that names below it refer to the same folder from the first operation to the last. */
export class Anchor {
  readonly #fs: FileSystem;
  readonly #handle: Handle | undefined;
  readonly #base: string;
  private constructor(
    fs: FileSystem,
    handle: Handle | undefined,
    /** Its real path. */
    readonly real: string,
    base: string,
  ) {
    this.#fs = fs;
    this.#handle = handle;
    this.#base = base;
  }

  /** Opens the folder; links on the way are followed, and `real` is the result. */
  static async open(fs: FileSystem, dir: string): Promise<Anchor> {
    return Anchor.#at(fs, dir, O_RDONLY | O_DIRECTORY);
  }

  /** Opens a folder in this one; a link is an error (ELOOP or ENOTDIR). */
  async folder(name: string): Promise<Anchor> {
    const child = this.child(name);
    if (this.#handle !== undefined) {
      const handle = await this.#fs.open(child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      // No link was followed, so the system does not need to be asked for the real path.
      return new Anchor(this.#fs, handle, path.join(this.real, name), handlePath(handle));
    }
    const entry = await this.#fs.lstat(child);
    if (!entry.isDirectory()) throw Object.assign(new Error("It is not a folder."), { code: "ENOTDIR" });
    return Anchor.#at(this.#fs, child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  static async #at(fs: FileSystem, dir: string, flags: number): Promise<Anchor> {
    if (!handlesHaveNames) {
      const real = await fs.realPath(dir);
      const entry = await fs.lstat(real);
      if (!entry.isDirectory()) throw Object.assign(new Error("It is not a folder."), { code: "ENOTDIR" });
      return new Anchor(fs, undefined, real, real);
    }
    const handle = await fs.open(dir, flags);
    try {
      const real = await realPathOf(fs, handle);
      if (real !== undefined) return new Anchor(fs, handle, real, handlePath(handle));
      const named = await fs.realPath(dir);
      await fs.close(handle);
      return new Anchor(fs, undefined, named, named);
    } catch (error) {
      await fs.close(handle);
      throw error;
    }
  }

  /** A path for the disk's operations to something in this folder. */
  child(name: string): string {
    return this.#base === "/"
      ? `/${name}`
      : `${this.#base}${this.#handle === undefined ? path.sep : "/"}${name}`;
  }

  /** The folder itself, as a path for the disk's operations. */
  get self(): string {
    return this.#base;
  }

  /** Whether its name still leads here; where handles have names this does not matter, and it is always true. */
  async stands(): Promise<boolean> {
    if (this.#handle !== undefined) return true;
    return (await this.#fs.realPath(this.real).catch(() => undefined)) === this.real;
  }

  async close(): Promise<void> {
    if (this.#handle !== undefined) await this.#fs.close(this.#handle);
  }
}
