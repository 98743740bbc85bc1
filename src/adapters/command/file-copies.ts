import fs from "node:fs";
import { isDiskCode } from "../files/file-system";
import { isSettled, stateOf } from "./file-state";
import type { FileState } from "./file-state";

/** Up to this many bytes, reading and writing at once costs half of what a copy by the system does. */
const smallBytes = 128 << 10;

const { O_RDONLY, COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;
// Windows has neither; 0 leaves a flag out. A FIFO that took the file's place must not be waited for.
const O_NOFOLLOW = (fs.constants.O_NOFOLLOW as number | undefined) ?? 0;
const O_NONBLOCK = (fs.constants.O_NONBLOCK as number | undefined) ?? 0;

/** A state that no file has: the copy may not be what the file is now, so it is copied again next time. */
const unsure: FileState = [NaN, NaN, NaN, NaN, NaN];

/** The mode of a copy: the file's own, and its owner may write it. */
const modeOf = (mode: number): number => (mode & 0o777) | 0o600;

/** One buffer for each thread: it is filled and written before the next file begins. */
let buffer: Buffer | undefined;

/** What was copied: the state that the file had, and the copy's. */
export interface CopiedFile {
  readonly source: FileState;
  readonly copy: FileState;
}

/**
 * Copies a regular file: a clone where the file system can, never a hard link.
 * @param stat of the source.
 * @param target must not exist.
 * @returns undefined where the file cannot be read, or is gone or no file any more: then there is no copy.
 * @throws {Error} the copy cannot be written.
 */
export function copyFile(source: string, target: string, stat: fs.Stats): CopiedFile | undefined {
  const handle = openSource(source);
  if (handle === undefined) return undefined;
  try {
    if (!fs.fstatSync(handle).isFile()) return undefined;
    const copy = stat.size <= smallBytes ? small(handle, target, stat) : undefined;
    const whole = copy ?? large(source, target, stat);
    if (whole === undefined) return undefined;
    // Changed since it was looked at, or just before: what was read may be a mixture.
    const after = stateOf(fs.fstatSync(handle));
    const before = stateOf(stat);
    const isSure =
      after.every((value, index) => value === before[index]) && isSettled(stat.ctimeMs, Date.now());
    return { source: isSure ? before : unsure, copy: stateOf(whole) };
  } finally {
    fs.closeSync(handle);
  }
}

/** Undefined where there is nothing to read: no permission, or no file any more. */
function openSource(source: string): number | undefined {
  try {
    return fs.openSync(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "EACCES", "EPERM", "ELOOP", "ENOTDIR", "ENXIO")) return undefined;
    throw error;
  }
}

/** Undefined when the file has grown beyond what is copied like this. */
function small(handle: number, target: string, stat: fs.Stats): fs.Stats | undefined {
  buffer ??= Buffer.allocUnsafe(smallBytes + 1);
  let length = 0;
  for (let count = -1; count !== 0 && length < buffer.length; length += count)
    count = fs.readSync(handle, buffer, length, buffer.length - length, length);
  if (length > smallBytes) return undefined;
  const mode = modeOf(stat.mode);
  const out = fs.openSync(target, "wx", mode);
  try {
    fs.writeFileSync(out, buffer.subarray(0, length));
    const written = fs.fstatSync(out);
    if ((written.mode & 0o777) === mode || process.platform === "win32") return written;
    fs.fchmodSync(out, mode);
    return fs.fstatSync(out);
  } finally {
    fs.closeSync(out);
  }
}

/** By name: only so does a file system clone. Undefined where the file was removed meanwhile. */
function large(source: string, target: string, stat: fs.Stats): fs.Stats | undefined {
  try {
    fs.copyFileSync(source, target, COPYFILE_FICLONE | COPYFILE_EXCL);
  } catch (error) {
    if (!isDiskCode(error, "ENOENT")) throw error;
    return undefined;
  }
  const mode = modeOf(stat.mode);
  if (mode !== (fs.lstatSync(target).mode & 0o777)) fs.chmodSync(target, mode);
  return fs.lstatSync(target);
}
