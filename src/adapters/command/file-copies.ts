import fs from "node:fs";

/** Larger files are copied while other work goes on, in bytes. */
const largeBytes = 128 << 10;
/** Large files that are copied at the same time. */
const atOnce = 8;

const { O_RDONLY, COPYFILE_FICLONE } = fs.constants;
// Windows has none; 0 leaves the flag out.
const O_NOFOLLOW = (fs.constants.O_NOFOLLOW as number | undefined) ?? 0;

/** The mode of a copy: the file's own, and its owner may write it. */
const modeOf = (stat: fs.Stats): number => (stat.mode & 0o777) | 0o600;

/** Copies regular files: small ones at once, large ones in parallel. Never a hard link. */
export class FileCopies {
  readonly #buffer = Buffer.allocUnsafe(largeBytes + 1);
  readonly #running = new Set<Promise<void>>();
  #error: Error | undefined;

  /**
   * @param target must not exist.
   * @param copied is given the state of the copy.
   * @returns a promise when it must be waited before the next file.
   */
  start(
    source: string,
    target: string,
    stat: fs.Stats,
    copied: (stat: fs.Stats) => void,
  ): Promise<void> | undefined {
    if (stat.size <= largeBytes) {
      copied(this.#small(source, target, stat));
      return undefined;
    }
    const work: Promise<void> = large(source, target, stat)
      .then(copied)
      .catch((error: unknown) => {
        this.#error ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
    return this.#running.size < atOnce ? undefined : Promise.race(this.#running);
  }

  /** Waits for what is being copied. @throws what failed. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Read and written at once: that costs half of what a copy by the system does. */
  #small(source: string, target: string, stat: fs.Stats): fs.Stats {
    const length = readInto(this.#buffer, source);
    if (length > largeBytes) {
      fs.copyFileSync(source, target, COPYFILE_FICLONE);
      fs.chmodSync(target, modeOf(stat));
      return fs.lstatSync(target);
    }
    const mode = modeOf(stat);
    const handle = fs.openSync(target, "wx", mode);
    try {
      fs.writeFileSync(handle, this.#buffer.subarray(0, length));
      const written = fs.fstatSync(handle);
      if ((written.mode & 0o777) === mode || process.platform === "win32") return written;
      fs.fchmodSync(handle, mode);
      return fs.fstatSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  }
}

/** The length of the file, or of what fits into the buffer. */
function readInto(buffer: Buffer, source: string): number {
  const handle = fs.openSync(source, O_RDONLY | O_NOFOLLOW);
  try {
    let length = 0;
    for (;;) {
      const count = fs.readSync(handle, buffer, length, buffer.length - length, length);
      length += count;
      if (count === 0 || length === buffer.length) return length;
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** A clone where the file system supports it. */
async function large(source: string, target: string, stat: fs.Stats): Promise<fs.Stats> {
  await fs.promises.copyFile(source, target, COPYFILE_FICLONE);
  const mode = modeOf(stat);
  if (mode !== (stat.mode & 0o777)) await fs.promises.chmod(target, mode);
  return fs.promises.lstat(target);
}
