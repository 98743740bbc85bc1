import { constants } from "node:fs";
import type { BigIntStats, Dirent } from "node:fs";
import process from "node:process";
import { handlePath, realPathOf } from "./anchor";
import type { FileSystem, Handle } from "./file-system";

const { O_RDONLY } = constants;
// Windows has none of these; 0 leaves the flag out.
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
const O_NONBLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;
/** Linux: holds a place without opening what is there, so that no pipe blocks and no device acts. Node does not name it. */
const O_PATH = 0o10000000;

function changed(): Error {
  return Object.assign(new Error("It was replaced while it was being opened."), { code: "ESTALE" });
}

/**
 * Something on the disk that is held open, so that the decision applies to what will be read: its real
 * path and kind are those of the opened object, not of whatever its name leads to later.
 */
export class Opened {
  readonly #fs: FileSystem;
  readonly #handle: Handle | undefined;
  private constructor(
    fs: FileSystem,
    handle: Handle | undefined,
    readonly real: string,
    readonly stat: BigIntStats,
  ) {
    this.#fs = fs;
    this.#handle = handle;
  }

  /** Follows links; the result is `real`. Nothing is read, no pipe or device is opened. */
  static async at(fs: FileSystem, path: string): Promise<Opened> {
    if (process.platform === "linux") {
      const handle = await fs.open(path, O_PATH);
      try {
        const real = await realPathOf(fs, handle);
        if (real !== undefined) return new Opened(fs, handle, real, await fs.statHandle(handle));
      } catch (error) {
        await fs.close(handle);
        throw error;
      }
      await fs.close(handle);
    }
    const real = await fs.realPath(path);
    return new Opened(fs, undefined, real, await fs.lstat(real));
  }

  /** The opened object as a path for the disk's operations. */
  get self(): string {
    return this.#handle === undefined ? this.real : handlePath(this.#handle);
  }

  /** The first `limit` bytes of a regular file. */
  read(limit: number): Promise<Buffer> {
    return this.with((handle) => readUpTo(this.#fs, handle, limit, Number(this.stat.size)));
  }

  /** Opens the regular file for reading while `use` runs. */
  async with<T>(use: (handle: Handle) => Promise<T>): Promise<T> {
    const fs = this.#fs;
    const handle = await fs.open(
      this.self,
      O_RDONLY | O_NONBLOCK | (this.#handle === undefined ? O_NOFOLLOW : 0),
    );
    try {
      await this.#check(await fs.statHandle(handle));
      return await use(handle);
    } finally {
      await fs.close(handle);
    }
  }

  async readDir(): Promise<Dirent[]> {
    const entries = await this.#fs.readDir(this.self);
    await this.#check(await this.#fs.stat(this.self));
    return entries;
  }

  /** Where handles have no names: checks that the name still leads to the same object by the same path. */
  async #check(now: BigIntStats): Promise<void> {
    if (now.ino !== this.stat.ino || now.dev !== this.stat.dev) throw changed();
    if (this.#handle === undefined && (await this.#fs.realPath(this.real)) !== this.real) throw changed();
  }

  async close(): Promise<void> {
    if (this.#handle !== undefined) await this.#fs.close(this.#handle);
  }
}

/** Reads an open file from its start, at most `limit` bytes; `expected` is the buffer size to reserve. */
export async function readUpTo(
  fs: FileSystem,
  handle: Handle,
  limit: number,
  expected: number,
): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(Math.min(limit, Math.max(expected, 0) + 1));
  let length = 0;
  for (;;) {
    const count = await fs.read(handle, buffer.subarray(length), length);
    length += count;
    if (count === 0 || length === limit) return buffer.subarray(0, length);
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(limit, buffer.length * 2));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  }
}
