import fs from "node:fs";
import type { BigIntStats, Dirent } from "node:fs";

/** An open file or folder. */
export type Handle = number;

/**
 * The disk operations that Orket uses, one method per system call where possible. Everything that
 * touches a session or a project goes through it, so that a test can refuse, count or cut off any of them.
 * Failures are Node's own errors (`code: "ENOSPC"` …); the callers translate them.
 */
export interface FileSystem {
  /** `flags` from `node:fs` constants; the mode is 0o666 less the umask unless given. */
  open(path: string, flags: number, mode?: number): Promise<Handle>;
  close(handle: Handle): Promise<void>;
  /** Reads at `position`; the number of bytes, 0 at the end. */
  read(handle: Handle, buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of it at `position`; after a failure a part may have been written. */
  write(handle: Handle, bytes: Uint8Array, position: number): Promise<void>;
  /** Like `write`, without a round trip through a thread: for pages in the cache, where waiting costs more than copying. */
  writeNow(handle: Handle, bytes: Uint8Array, position: number): void;
  /** Contents, length and attributes are on the disk when it resolves. */
  sync(handle: Handle): Promise<void>;
  /** Contents and length are on the disk when it resolves. */
  syncData(handle: Handle): Promise<void>;
  truncate(handle: Handle, length: number): Promise<void>;
  chmod(handle: Handle, mode: number): Promise<void>;
  statHandle(handle: Handle): Promise<BigIntStats>;
  stat(path: string): Promise<BigIntStats>;
  lstat(path: string): Promise<BigIntStats>;
  readFile(path: string): Promise<Buffer>;
  /**
   * Which file stands under this name: equal values, the same bytes of the same file. Only for comparing with what was
   * opened before: it says nothing about the folders that the name leads through.
   */
  identityNow(path: string): string;
  /** Like `readFile`, without round trips through a thread: for a small file, just before something that must not wait. */
  readFileNow(path: string): Buffer;
  /** In the disk's order; sort it where the order is visible. */
  readDir(path: string): Promise<Dirent[]>;
  realPath(path: string): Promise<string>;
  readLink(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  /** A hard link to a file; fails with EEXIST when the name exists, so only one of many callers succeeds. */
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  unlinkNow(path: string): void;
  makeDir(path: string): Promise<void>;
  removeDir(path: string): Promise<void>;
  /** Calls back when something in the folder changed, or may have; returns a function that stops it. Throws where unsupported. */
  watch(path: string, changed: () => void): () => void;
}

function promised<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

function done(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return promised<undefined>((settled) => {
    start((error) => {
      settled(error, undefined);
    });
  });
}

/** The disk itself, through Node's callback interface: its promises cost a handle object and more for each call. */
export class NodeFileSystem implements FileSystem {
  open(path: string, flags: number, mode = 0o666): Promise<Handle> {
    return promised((settled) => {
      fs.open(path, flags, mode, settled);
    });
  }

  close(handle: Handle): Promise<void> {
    return done((settled) => {
      fs.close(handle, settled);
    });
  }

  read(handle: Handle, buffer: Uint8Array, position: number): Promise<number> {
    return promised((settled) => {
      fs.read(handle, buffer, 0, buffer.length, position, settled);
    });
  }

  async write(handle: Handle, bytes: Uint8Array, position: number): Promise<void> {
    let written = 0;
    do {
      const offset = written;
      written += await promised<number>((settled) => {
        fs.write(handle, bytes, offset, bytes.length - offset, position + offset, settled);
      });
    } while (written < bytes.length);
  }

  writeNow(handle: Handle, bytes: Uint8Array, position: number): void {
    let written = 0;
    do {
      written += fs.writeSync(handle, bytes, written, bytes.length - written, position + written);
    } while (written < bytes.length);
  }

  sync(handle: Handle): Promise<void> {
    return done((settled) => {
      fs.fsync(handle, settled);
    });
  }

  syncData(handle: Handle): Promise<void> {
    return done((settled) => {
      fs.fdatasync(handle, settled);
    });
  }

  truncate(handle: Handle, length: number): Promise<void> {
    return done((settled) => {
      fs.ftruncate(handle, length, settled);
    });
  }

  chmod(handle: Handle, mode: number): Promise<void> {
    return done((settled) => {
      fs.fchmod(handle, mode, settled);
    });
  }

  statHandle(handle: Handle): Promise<BigIntStats> {
    return promised((settled) => {
      fs.fstat(handle, { bigint: true }, settled);
    });
  }

  stat(path: string): Promise<BigIntStats> {
    return promised((settled) => {
      fs.stat(path, { bigint: true }, settled);
    });
  }

  lstat(path: string): Promise<BigIntStats> {
    return promised((settled) => {
      fs.lstat(path, { bigint: true }, settled);
    });
  }

  readFile(path: string): Promise<Buffer> {
    return promised((settled) => {
      fs.readFile(path, settled);
    });
  }

  identityNow(path: string): string {
    const { dev, ino, mtimeNs } = fs.lstatSync(path, { bigint: true });
    return `${dev} ${ino} ${mtimeNs}`;
  }

  readFileNow(path: string): Buffer {
    return fs.readFileSync(path);
  }

  readDir(path: string): Promise<Dirent[]> {
    return promised((settled) => {
      fs.readdir(path, { withFileTypes: true }, settled);
    });
  }

  realPath(path: string): Promise<string> {
    return promised((settled) => {
      fs.realpath.native(path, settled);
    });
  }

  readLink(path: string): Promise<string> {
    return promised((settled) => {
      fs.readlink(path, settled);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return done((settled) => {
      fs.rename(from, to, settled);
    });
  }

  link(existing: string, path: string): Promise<void> {
    return done((settled) => {
      fs.link(existing, path, settled);
    });
  }

  unlink(path: string): Promise<void> {
    return done((settled) => {
      fs.unlink(path, settled);
    });
  }

  unlinkNow(path: string): void {
    fs.unlinkSync(path);
  }

  makeDir(path: string): Promise<void> {
    return done((settled) => {
      fs.mkdir(path, settled);
    });
  }

  removeDir(path: string): Promise<void> {
    return done((settled) => {
      fs.rmdir(path, settled);
    });
  }

  watch(path: string, changed: () => void): () => void {
    const watcher = fs.watch(path, { persistent: false }, changed);
    // When a watcher dies (folder removed, no more handles), its user falls back to polling.
    watcher.on("error", () => {
      watcher.close();
    });
    return () => {
      watcher.close();
    };
  }
}

/** Node's code for a failed operation, such as `ENOENT`; undefined for any other error. */
export function diskCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether `error` is a failed operation with one of `codes`. */
export function isDiskCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = diskCode(error);
  return code !== undefined && codes.includes(code);
}

/** `promise`, or `otherwise` when the file or folder does not exist. */
export async function unlessMissing<T, U>(promise: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await promise;
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "ENOTDIR")) return otherwise;
    throw error;
  }
}
