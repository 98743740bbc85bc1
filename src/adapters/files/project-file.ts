import type { BigIntStats } from "node:fs";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { defined } from "../../engine/model/defined";
import type { Policy } from "../../engine/model/flow";
import type { FileRule } from "../../engine/policy/rules";
import { randomName } from "../system/random";
import type { RandomBytes } from "../system/random";
import { sha256Bytes } from "../system/sha256";
import { Anchor } from "./anchor";
import { diskError, replace, syncDir, writeNew } from "./durable";
import { isDiskCode, unlessMissing } from "./file-system";
import type { FileSystem } from "./file-system";
import { closeTarget, findTarget } from "./project-target";
import type { ProjectTarget } from "./project-target";

/** A change of one file of the project, decided by the user. */
export interface ProjectWrite {
  readonly fs: FileSystem;
  readonly random: RandomBytes;
  /**
   * The writer: a session's id. It holds the session's lock and makes one change after the other, so whatever it
   * finds under its own mark was left by a process that died; it leaves files under another mark alone.
   */
  readonly owner: string;
  readonly workDomain: string;
  /** Relative to the project. */
  readonly path: string;
  readonly policy: Pick<Policy, "write_scope" | "allow">;
  /** The file's new contents; null deletes it. */
  readonly bytes: Uint8Array | null;
  /** What the file must be now; null: it must not exist. */
  readonly expectedSha256: string | null;
  /** Permission bits of a file that does not exist yet; undefined: those of new files. */
  readonly createMode?: number;
  /** Permission bits of a file that exists; undefined: it keeps its own. */
  readonly newMode?: number;
  /** Runs after all checks and before any change; if it fails, nothing is changed. */
  readonly beforeWrite?: () => Promise<void>;
}

const largestFile = 1 << 30;

/** The beginning of the names of files that `owner` writes beside the project's. */
function markOf(owner: string): string {
  return `.orket-${sha256Bytes(Buffer.from(owner)).slice(0, 16)}-`;
}

function conflict(file: string, expected: string | null, current: string | null): OrketError {
  const what =
    current === null
      ? "is not there any more"
      : expected === null
        ? "was created meanwhile"
        : "was changed meanwhile";
  return new OrketError("acceptance_conflict", `The project's ${file} ${what}.`, {
    hint: "Compare the versions, then accept an edited one or reject the proposal.",
    details: { path: file, expected, current },
  });
}

/** What the user can do about something in the project that stands in the way of a proposal. */
const inTheWay = "Move it away and accept again, or reject the proposal.";
const hints: Readonly<Partial<Record<FileRule, string>>> = {
  "is-folder": inTheWay,
  "not-a-folder": inTheWay,
  "special-file": inTheWay,
  "link-outside": "Replace the link by a file and accept again, or reject the proposal.",
};

function deniedError(file: string, rule: FileRule, message: string): OrketError {
  return new OrketError("acceptance_denied", message, {
    ...defined({ hint: hints[rule] }),
    details: { path: file, rule },
  });
}

/**
 * Writes new contents into the project, atomically and only where the file is still as expected; the mode is
 * kept. Returns the old bytes.
 * @throws {OrketError} acceptance_denied (`details.rule`), acceptance_conflict, disk_full, disk_failed.
 */
export async function writeProjectFile(write: ProjectWrite): Promise<{ old: Uint8Array | null }> {
  try {
    const target = await findTarget(write.fs, write.workDomain, write.path, write.policy);
    if (target.kind === "denied") throw deniedError(write.path, target.rule, target.message);
    try {
      return await change(write, target);
    } finally {
      await closeTarget(target);
    }
  } catch (error) {
    throw diskError(error, `the project's file ${write.path}`);
  }
}

/**
 * The project's file at a proposal's path, with its permission bits; undefined: there is none.
 * @throws {OrketError} acceptance_denied (`details.rule`), disk_failed.
 */
export async function readProjectFile(
  read: Pick<ProjectWrite, "fs" | "workDomain" | "path" | "policy">,
): Promise<{ readonly bytes: Uint8Array; readonly mode: number } | undefined> {
  try {
    const target = await findTarget(read.fs, read.workDomain, read.path, read.policy);
    if (target.kind === "denied") throw deniedError(read.path, target.rule, target.message);
    try {
      if (target.file === undefined) return undefined;
      return { bytes: await target.file.read(largestFile), mode: Number(target.file.stat.mode) & 0o7777 };
    } finally {
      await closeTarget(target);
    }
  } catch (error) {
    throw diskError(error, `the project's file ${read.path}`);
  }
}

async function change(write: ProjectWrite, target: ProjectTarget): Promise<{ old: Uint8Array | null }> {
  const old = target.file === undefined ? null : await target.file.read(largestFile);
  const current = old === null ? null : sha256Bytes(old);
  if (current !== write.expectedSha256) throw conflict(write.path, write.expectedSha256, current);
  await write.beforeWrite?.();
  if (old === null && write.bytes === null) return { old };
  const folder = await makeFolder(write, target);
  try {
    if (write.bytes === null) {
      await checkUnchanged(write, folder, target);
      await write.fs.unlink(folder.child(target.name));
      await syncDir(write.fs, folder.self);
    } else await put(write, write.bytes, folder, target);
  } finally {
    await folder.close();
  }
  if (write.bytes === null) await removeEmpty(write, path.dirname(target.file?.real ?? ""));
  return { old };
}

/**
 * Removes what the owner left beside a project's file when it died while writing it, where the file itself already is
 * as it should be.
 * @throws {OrketError} disk_failed.
 */
export async function tidyBeside(
  write: Pick<ProjectWrite, "fs" | "owner" | "workDomain" | "path" | "policy">,
): Promise<void> {
  try {
    const target = await findTarget(write.fs, write.workDomain, write.path, write.policy);
    if (target.kind === "denied") return;
    try {
      if (target.folders.length > 0) return;
      const folder = await Anchor.open(write.fs, target.parent.self);
      try {
        if (folder.real === target.parent.real) await removeLeftOvers(write.fs, folder, write.owner);
      } finally {
        await folder.close();
      }
    } finally {
      await closeTarget(target);
    }
  } catch (error) {
    throw diskError(error, `what was left beside the project's file ${write.path}`);
  }
}

/** The folder of the file; missing ones are created. */
async function makeFolder(write: ProjectWrite, target: ProjectTarget): Promise<Anchor> {
  let at = await Anchor.open(write.fs, target.parent.self);
  try {
    if (at.real !== target.parent.real)
      throw Object.assign(new Error("The folder was moved."), { code: "ESTALE" });
    for (const name of target.folders) {
      await write.fs.makeDir(at.child(name)).catch((error: unknown) => {
        if (!isDiskCode(error, "EEXIST")) throw error;
      });
      await syncDir(write.fs, at.self);
      const above = at;
      at = await above.folder(name);
      await above.close();
    }
    return at;
  } catch (error) {
    await at.close();
    if (!isDiskCode(error, "ELOOP", "ENOTDIR")) throw error;
    throw deniedError(write.path, "link-outside", `A link or a file blocks ${write.path}.`);
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs
  );
}

/** Right before the change: checks that the file is still the one that was compared, and the folder the one that was found. */
async function checkUnchanged(write: ProjectWrite, folder: Anchor, target: ProjectTarget): Promise<void> {
  const now = await unlessMissing(write.fs.lstat(folder.child(target.name)), undefined);
  const before = target.file?.stat;
  const same = now === undefined || before === undefined ? now === before : isSame(now, before);
  if (!same || !(await folder.stands())) {
    throw conflict(write.path, write.expectedSha256, now === undefined ? null : "unknown");
  }
}

async function put(
  write: ProjectWrite,
  bytes: Uint8Array,
  folder: Anchor,
  target: ProjectTarget,
): Promise<void> {
  const { fs, random } = write;
  await removeLeftOvers(fs, folder, write.owner);
  const name = folder.child(target.name);
  const aside = folder.child(`${markOf(write.owner)}${randomName(random, 12)}.tmp`);
  const bits =
    target.file === undefined ? write.createMode : (write.newMode ?? Number(target.file.stat.mode) & 0o7777);
  const mode = bits === undefined ? {} : { mode: bits };
  try {
    await writeNew(fs, aside, bytes, mode);
    await checkUnchanged(write, folder, target);
    if (target.file === undefined) await createAs(write, aside, name);
    else await replace(fs, aside, name);
    // A file that cannot be removed is reported, so that the caller tries again: no file of Orket's may be left in a project.
    await unlessMissing(fs.unlink(aside), undefined);
  } catch (error) {
    await fs.unlink(aside).catch(() => undefined);
    throw error;
  }
  await syncDir(fs, folder.self);
}

/** Gives a new file its name, unless another process has just created one of that name. */
async function createAs(write: ProjectWrite, aside: string, name: string): Promise<void> {
  try {
    await write.fs.link(aside, name);
  } catch (error) {
    if (isDiskCode(error, "EEXIST")) throw conflict(write.path, null, "unknown");
    // No hard links on this disk: the preceding check must suffice.
    await replace(write.fs, aside, name);
  }
}

/** Removes files in this folder that `owner` left when it died during a change. */
async function removeLeftOvers(fs: FileSystem, folder: Anchor, owner: string): Promise<void> {
  const mark = markOf(owner);
  for (const { name } of await fs.readDir(folder.self)) {
    if (!name.startsWith(mark) || !name.endsWith(".tmp")) continue;
    await fs.unlink(folder.child(name)).catch(() => undefined);
  }
}

/** Removes folders that a deletion leaves empty, up to the project's own. */
async function removeEmpty(write: ProjectWrite, dir: string): Promise<void> {
  const root = await write.fs.realPath(write.workDomain);
  for (let at = dir; at !== root && at.startsWith(root + path.sep); at = path.dirname(at)) {
    try {
      await write.fs.removeDir(at);
    } catch {
      return;
    }
  }
}
