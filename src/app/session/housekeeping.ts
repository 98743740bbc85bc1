import { constants } from "node:fs";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { diskError, makeDirs, syncDir } from "../../adapters/files/durable";
import { isDiskCode, unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import { randomName } from "../../adapters/system/random";
import { blobFile } from "../../adapters/journal/blob-store";
import { headProblem, readHead } from "../../adapters/journal/head";
import { journalStart, readPart } from "../../adapters/journal/journal-reader";
import type { JournalPart } from "../../adapters/journal/journal-reader";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { orketDir, sessionPaths, sessionsDir } from "../../adapters/journal/layout";
import { lockState } from "../../adapters/journal/lock";
import { acquirePruning, acquireWriter } from "../../adapters/journal/prune-lock";
import { defined } from "../../engine/model/defined";

/** The progress of a long task. */
export type Progress = (done: number, of: number) => void;

const digestPattern = /[0-9a-f]{64}/g;
const shardPattern = /^[0-9a-f]{2}$/;
const restPattern = /^[0-9a-f]{62}$/;

function blobsDir(workDomain: string): string {
  return path.join(orketDir(workDomain), "blobs", "sha256");
}

function trashDir(workDomain: string): string {
  return path.join(orketDir(workDomain), "trash");
}

/** The sessions' folders. A link among them is never followed, so its contents cannot be known: it is an error. */
async function sessionFolders(fs: FileSystem, workDomain: string): Promise<string[]> {
  const root = sessionsDir(workDomain);
  const folders: string[] = [];
  for (const entry of await unlessMissing(fs.readDir(root), [])) {
    const dir = path.join(root, entry.name);
    if (entry.isDirectory() || (await unlessMissing(fs.stat(dir), undefined))?.isDirectory() === true)
      folders.push(dir);
  }
  return folders.sort();
}

interface Stored {
  readonly digest: string;
  readonly file: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** The blobs on the disk; anything else in their folders is not Orket's and is left alone. */
async function* storedBlobs(fs: FileSystem, workDomain: string): AsyncGenerator<Stored, void, void> {
  const root = blobsDir(workDomain);
  for (const shard of await unlessMissing(fs.readDir(root), [])) {
    if (!shard.isDirectory() || !shardPattern.test(shard.name)) continue;
    for (const { name } of await unlessMissing(fs.readDir(path.join(root, shard.name)), [])) {
      const file = path.join(root, shard.name, name);
      if (!restPattern.test(name)) continue;
      const stat = await unlessMissing(fs.lstat(file), undefined);
      if (stat?.isFile() !== true) continue;
      yield {
        digest: shard.name + name,
        file,
        bytes: Number(stat.size),
        changedMs: Number(stat.mtimeNs / 1_000_000n),
      };
    }
  }
}

function addDigests(text: string, into: Set<string>): void {
  for (const [digest] of text.matchAll(digestPattern)) into.add(digest);
}

/** Every digest in a journal, including a last line that was not written to its end. */
async function markJournal(
  fs: FileSystem,
  file: string,
  mark: number | undefined,
  into: Set<string>,
): Promise<JournalPart> {
  const handle = await fs.open(file, constants.O_RDONLY);
  try {
    const part = await readPart(fs, handle, journalStart, {
      mark,
      take: (events) => {
        for (const event of events) addDigests(JSON.stringify(event), into);
      },
    });
    const torn = Buffer.alloc(part.tornBytes);
    await fs.read(handle, torn, part.position.offset);
    addDigests(torn.toString("latin1"), into);
    return part;
  } finally {
    await fs.close(handle);
  }
}

/**
 * Everything in a session's files that could name a blob: each digest in them, whatever it is the digest of.
 * @returns why the journal cannot be read completely, if so.
 */
async function markSession(fs: FileSystem, dir: string, into: Set<string>): Promise<OrketError | undefined> {
  const { journal, workspace, head: headFile } = sessionPaths(dir);
  for (const entry of await fs.readDir(dir)) {
    if (entry.isDirectory() || !entry.name.includes(".json") || entry.name === path.basename(journal))
      continue;
    const bytes = await unlessMissing(fs.readFile(path.join(dir, entry.name)), undefined);
    if (bytes !== undefined) addDigests(bytes.toString("latin1"), into);
  }
  const head = await readHead(fs, headFile);
  const part = await unlessMissing(markJournal(fs, journal, head?.events, into), undefined);
  if (part !== undefined) return part.damage ?? headProblem(head, part);
  const artifacts = await unlessMissing(fs.readDir(workspace), []);
  return artifacts.length === 0
    ? undefined
    : new OrketError("journal_damaged", "Its journal is gone, and its Workspace is not empty.");
}

/** The disk space of a session. */
export interface SessionSize {
  readonly id: string;
  /** The session's own folder. */
  readonly ownBytes: number;
  /** Blobs that the session names. */
  readonly blobBytes: number;
  /** Those of them that other sessions name too: deleting this session does not free them. */
  readonly sharedBytes: number;
  /** Why it may name more than was found. */
  readonly problem?: string;
}
export interface DiskUse {
  readonly sessions: readonly SessionSize[];
  /** All sessions' folders and all blobs, each counted once. */
  readonly totalBytes: number;
  /** Blobs that no session names: what pruning would remove. */
  readonly unreferencedBytes: number;
  readonly unreferencedBlobs: number;
}

/** Bytes of the files below a folder; links do not count. */
async function sizeBelow(fs: FileSystem, dir: string): Promise<number> {
  let size = 0;
  for (const entry of await unlessMissing(fs.readDir(dir), [])) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) size += await sizeBelow(fs, file);
    else if (entry.isFile()) size += Number((await unlessMissing(fs.lstat(file), undefined))?.size ?? 0n);
  }
  return size;
}

/** The disk space of one session, without reading the others. @throws {OrketError} disk_failed. */
export async function sessionSize(
  { fs }: Pick<SessionEnvironment, "fs">,
  dir: string,
): Promise<Pick<SessionSize, "ownBytes" | "blobBytes">> {
  try {
    const marked = new Set<string>();
    await markSession(fs, dir, marked);
    const { blobs } = sessionPaths(dir);
    let blobBytes = 0;
    for (const digest of marked) {
      blobBytes += Number((await unlessMissing(fs.lstat(blobFile(blobs, digest)), undefined))?.size ?? 0n);
    }
    return { ownBytes: await sizeBelow(fs, dir), blobBytes };
  } catch (error) {
    throw diskError(error, "the session's size");
  }
}

/** The disk space of the sessions, and what they share. @throws {OrketError} disk_failed. */
export async function diskUse(
  { fs }: SessionEnvironment,
  workDomain: string,
  onProgress: Progress = () => undefined,
): Promise<DiskUse> {
  try {
    const blobs = new Map<string, number>();
    for await (const { digest, bytes } of storedBlobs(fs, workDomain)) blobs.set(digest, bytes);
    const folders = await sessionFolders(fs, workDomain);
    const users = new Map<string, number>();
    const seen: { id: string; ownBytes: number; names: string[]; problem: string | undefined }[] = [];
    for (const [index, dir] of folders.entries()) {
      onProgress(index, folders.length);
      const marked = new Set<string>();
      const problem = (await markSession(fs, dir, marked))?.message;
      const names = [...marked].filter((digest) => blobs.has(digest));
      for (const digest of names) users.set(digest, (users.get(digest) ?? 0) + 1);
      seen.push({ id: path.basename(dir), ownBytes: await sizeBelow(fs, dir), names, problem });
    }
    const bytesOf = (names: readonly string[]): number =>
      names.reduce((sum, digest) => sum + (blobs.get(digest) ?? 0), 0);
    const sessions = seen.map(({ id, ownBytes, names, problem }) => ({
      id,
      ownBytes,
      blobBytes: bytesOf(names),
      sharedBytes: bytesOf(names.filter((digest) => (users.get(digest) ?? 0) > 1)),
      ...defined({ problem }),
    }));
    const unreferenced = [...blobs.keys()].filter((digest) => !users.has(digest));
    const own = seen.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
    return {
      sessions,
      totalBytes: own + bytesOf([...blobs.keys()]),
      unreferencedBytes: bytesOf(unreferenced),
      unreferencedBlobs: unreferenced.length,
    };
  } catch (error) {
    throw diskError(error, "the sessions' sizes");
  }
}

/** Removes a folder and everything in it; a link is removed, its target is not. Other processes may be removing it, too. */
async function removeTree(fs: FileSystem, dir: string): Promise<void> {
  for (const entry of await unlessMissing(fs.readDir(dir), [])) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) await removeTree(fs, file);
    else await unlessMissing(fs.unlink(file), undefined);
  }
  await unlessMissing(fs.removeDir(dir), undefined);
}

/** The name that a deletion gives a session's folder in the trash; anything else there is not Orket's and is left alone. */
const trashed = /^.+-[a-z0-9]{8}$/;

async function remains(fs: FileSystem, workDomain: string): Promise<string[]> {
  const left = await unlessMissing(fs.readDir(trashDir(workDomain)), []);
  return left.filter((entry) => entry.isDirectory() && trashed.test(entry.name)).map(({ name }) => name);
}

/** Removes what an interrupted deletion left behind. @returns how many sessions were affected. */
async function emptyTrash(fs: FileSystem, workDomain: string): Promise<number> {
  const left = await remains(fs, workDomain);
  for (const name of left) await removeTree(fs, path.join(trashDir(workDomain), name));
  return left.length;
}

/**
 * Deletes a session: it leaves the list atomically, then its files are removed. The blobs stay until they are pruned. An
 * interrupted deletion leaves the whole session, or remains that the next housekeeping removes.
 * @throws {OrketError} session_locked while it is written; session_not_found, disk_failed.
 */
export async function deleteSession(
  environment: SessionEnvironment,
  workDomain: string,
  dir: string,
): Promise<void> {
  const { fs, random } = environment;
  const paths = sessionPaths(dir);
  if (path.relative(sessionsDir(workDomain), path.dirname(dir)) !== "")
    throw new OrketError("session_not_found", `${paths.id} is no session of this project.`);
  try {
    await emptyTrash(fs, workDomain);
    const lock = await acquireWriter(environment, paths);
    try {
      const trash = trashDir(workDomain);
      await makeDirs(fs, paths.orket, trash);
      await fs.rename(dir, path.join(trash, `${paths.id}-${randomName(random, 8)}`));
      await syncDir(fs, trash);
      await syncDir(fs, sessionsDir(workDomain));
    } finally {
      await lock.release();
    }
    await emptyTrash(fs, workDomain);
  } catch (error) {
    if (isDiskCode(error, "ENOENT"))
      throw new OrketError("session_not_found", `The session ${paths.id} is gone already.`, { cause: error });
    throw diskError(error, `the session ${paths.id}`);
  }
}

export interface PruneOptions {
  /** Only reports what would be removed. */
  readonly dryRun?: boolean;
  readonly onProgress?: Progress;
}
export interface Pruned {
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that stay. */
  readonly keptBlobs: number;
  readonly keptBytes: number;
  /** Sessions whose deletion had been interrupted. */
  readonly remains: number;
}

/** @throws {OrketError} command_refused while a session is written: the blobs that it is about to name cannot be known. */
async function refuseWriters(fs: FileSystem, folders: readonly string[]): Promise<void> {
  const writing: string[] = [];
  for (const dir of folders) {
    const { id, lock } = sessionPaths(dir);
    if ((await lockState(fs, lock))?.alive === true) writing.push(id);
  }
  if (writing.length === 0) return;
  const shown = writing.slice(0, 3).join(", ") + (writing.length > 3 ? " and others" : "");
  throw new OrketError("command_refused", `Nothing was removed: ${shown} is being written.`, {
    hint: "Close it, or wait until it ends; then prune again.",
    details: { sessions: writing },
  });
}

/** Everything that any session names. @throws {OrketError} command_refused when that cannot be known. */
async function markAll(
  fs: FileSystem,
  folders: readonly string[],
  onProgress: Progress,
): Promise<ReadonlySet<string>> {
  const marked = new Set<string>();
  for (const [index, dir] of folders.entries()) {
    onProgress(index, folders.length);
    const damage = await markSession(fs, dir, marked);
    if (damage === undefined) continue;
    const id = path.basename(dir);
    throw new OrketError(
      "command_refused",
      `Nothing was removed: the session ${id} cannot be read whole, so what it needs is not known. ${damage.message}`,
      {
        hint: `Restore its journal from a backup, or delete the session: orket delete ${id}.`,
        details: { session: id },
        cause: damage,
      },
    );
  }
  return marked;
}

/** The pruning process was suspended, its lock was removed, and a writer may rely on what it was about to remove. */
function lostPruning(): OrketError {
  return new OrketError("command_refused", "Pruning lost its lock and stopped before it was done.", {
    hint: "Nothing is lost: no session used what it removed. Prune again.",
  });
}

/**
 * Removes the blobs that no session names. Refused while a session is written or a journal cannot be read completely; a
 * session that starts meanwhile waits. Interrupted at any moment, it leaves every named blob in place.
 * @throws {OrketError} command_refused, disk_failed.
 */
export async function pruneBlobs(
  environment: SessionEnvironment,
  workDomain: string,
  { dryRun = false, onProgress = () => undefined }: PruneOptions = {},
): Promise<Pruned> {
  const { fs, clock } = environment;
  const orket = orketDir(workDomain);
  const nothing = { blobs: 0, bytes: 0, keptBlobs: 0, keptBytes: 0, remains: 0 };
  try {
    if ((await unlessMissing(fs.stat(orket), undefined)) === undefined) return nothing;
    const lock = dryRun ? undefined : await acquirePruning(environment, orket);
    try {
      const startMs = clock.nowMs();
      const left = dryRun ? (await remains(fs, workDomain)).length : await emptyTrash(fs, workDomain);
      const folders = await sessionFolders(fs, workDomain);
      if (!dryRun) await refuseWriters(fs, folders);
      const marked = await markAll(fs, folders, onProgress);
      const pruned = { ...nothing, remains: left };
      for await (const blob of storedBlobs(fs, workDomain)) {
        // Anything as young as this pruning is kept, even though nobody should have been able to write it.
        if (marked.has(blob.digest) || blob.changedMs >= startMs) {
          pruned.keptBlobs += 1;
          pruned.keptBytes += blob.bytes;
          continue;
        }
        if (lock !== undefined) {
          if (lock.lostTo() !== undefined) throw lostPruning();
          await unlessMissing(fs.unlink(blob.file), undefined);
        }
        pruned.blobs += 1;
        pruned.bytes += blob.bytes;
      }
      return pruned;
    } finally {
      await lock?.release();
    }
  } catch (error) {
    throw diskError(error, "the blobs");
  }
}
