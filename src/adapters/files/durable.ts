import { constants } from "node:fs";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { diskCode, isDiskCode } from "./file-system";
import type { FileSystem, Handle } from "./file-system";

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
// Windows has neither; 0 leaves the flag out.
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
const O_DIRECTORY = (constants.O_DIRECTORY as number | undefined) ?? 0;

/** Explains a failed operation to the user; an OrketError passes unchanged. */
export function diskError(error: unknown, what: string): OrketError {
  if (OrketError.is(error)) return error;
  const code = diskCode(error);
  const details = { code };
  if (isDiskCode(error, "ENOSPC", "EDQUOT", "EFBIG")) {
    return new OrketError("disk_full", `There is no space left: ${what} could not be written.`, {
      hint: "Free some space, then resume the session; nothing that was recorded is lost.",
      cause: error,
      details,
    });
  }
  const hint = isDiskCode(error, "EROFS")
    ? "The disk is read-only: make it writable, then resume the session."
    : isDiskCode(error, "EACCES", "EPERM")
      ? "Give your user permission to write there, then try again."
      : isDiskCode(error, "EMFILE", "ENFILE")
        ? "Too many files are open: close some programs, then try again."
        : "Check the disk, then resume the session; everything recorded before is kept.";
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  return new OrketError("disk_failed", `The disk failed (${reason}): ${what}.`, {
    hint,
    cause: error,
    details,
  });
}

/** Makes names that were created, renamed or removed in the folder survive a power loss. */
export async function syncDir(fs: FileSystem, dir: string): Promise<void> {
  // Windows cannot open a folder for this, and its file system logs names by itself.
  if (process.platform === "win32") return;
  const handle = await fs.open(dir, O_RDONLY | O_DIRECTORY);
  try {
    await fs.sync(handle);
  } catch (error) {
    // Some network and user-space file systems do not support this call.
    if (!isDiskCode(error, "EINVAL", "ENOTSUP", "EBADF")) throw error;
  } finally {
    await fs.close(handle);
  }
}

/** Creates the folder and its missing parents, down from `root`, which exists; durable when it resolves. */
export async function makeDirs(fs: FileSystem, root: string, dir: string): Promise<void> {
  try {
    await fs.makeDir(dir);
  } catch (error) {
    if (isDiskCode(error, "EEXIST")) return;
    if (!isDiskCode(error, "ENOENT") || path.relative(root, dir) === "") throw error;
    await makeDirs(fs, root, path.dirname(dir));
    await fs.makeDir(dir).catch((failure: unknown) => {
      if (!isDiskCode(failure, "EEXIST")) throw failure;
    });
  }
  await syncDir(fs, path.dirname(dir));
}

/** Creates a file that must not exist and writes it to the disk; after a failure the partial file is removed. */
export async function writeNew(
  fs: FileSystem,
  file: string,
  bytes: Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  const handle: Handle = await fs.open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  try {
    try {
      if (bytes.length > 0) await fs.write(handle, bytes, 0);
      if (options.mode !== undefined) await fs.chmod(handle, options.mode);
      await fs.sync(handle);
    } finally {
      await fs.close(handle);
    }
  } catch (error) {
    await fs.unlink(file).catch(() => undefined);
    throw error;
  }
}

/** Replaces `to`, if it exists, with the file `from`; `from` is removed after a failure. */
export async function replace(fs: FileSystem, from: string, to: string): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await fs.rename(from, to);
        return;
      } catch (error) {
        // On Windows a reader (a virus scanner, an editor) holds the name for a moment.
        const held = process.platform === "win32" && isDiskCode(error, "EPERM", "EACCES", "EBUSY");
        if (!held || attempt === 10) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 10));
      }
    }
  } catch (error) {
    await fs.unlink(from).catch(() => undefined);
    throw error;
  }
}
