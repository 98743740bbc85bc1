import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { skippedFolders } from "../../adapters/files/skipped-folders";
import { inParallel } from "../in-parallel";

/** A file that was found in the project. `path` is relative to the WorkDomain, with forward slashes. */
export interface FoundFile {
  readonly path: string;
  readonly text: Uint8Array;
}

export interface FoundFiles {
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
  /** Files and folders that could not be read, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** Whether the search reached its limits before everything was seen. */
  readonly truncated: boolean;
}

/** Limits of the search in a project. */
export interface SearchLimits {
  readonly folders: number;
  readonly files: number;
  readonly depth: number;
  /** Of one file. One byte more is read, so that the reader can detect a longer file. */
  readonly bytes: number;
}

export const searchLimits: SearchLimits = { folders: 20_000, files: 2000, depth: 32, bytes: 1024 * 1024 };

/** Folders, or files, that are read at the same time. */
const parallel = 16;

/** A tree of files, on a disk or elsewhere; paths are relative to its root, with forward slashes, "" is the root. */
export interface FileTree {
  /** The entries of a folder. Links and whatever else is neither folder nor file are `other`. Rejects when it cannot be read. */
  readonly list: (
    folder: string,
  ) => Promise<readonly { readonly name: string; readonly kind: "folder" | "file" | "other" }[]>;
  /** A file's beginning, up to this many bytes. Rejects when it cannot be read. */
  readonly read: (file: string, bytes: number) => Promise<Uint8Array>;
}

/**
 * Reads the files of a project whose paths `wanted` accepts. Links are not followed, so that nothing from outside
 * the project is taken for a part of it.
 */
export function readProjectFiles(
  workDomain: string,
  wanted: (relativePath: string) => boolean,
  limits: SearchLimits = searchLimits,
): Promise<FoundFiles> {
  const disk: FileTree = {
    list: async (folder) =>
      (await readdir(path.join(workDomain, folder), { withFileTypes: true })).map((entry) => ({
        name: entry.name,
        kind: entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other",
      })),
    read: (file, bytes) => readStart(path.join(workDomain, file), bytes),
  };
  return searchFiles(disk, wanted, limits);
}

/** Reads the files of a tree whose paths `wanted` accepts, folder level by folder level. */
export async function searchFiles(
  tree: FileTree,
  wanted: (relativePath: string) => boolean,
  limits: SearchLimits = searchLimits,
): Promise<FoundFiles> {
  const found: string[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const orNote = async (place: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      unreadable.push({ path: place === "" ? "." : place, reason: reasonOf(error) });
    }
  };
  let truncated = false;
  let level = [""];
  let folders = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: string[] = [];
    truncated ||= folders + level.length > limits.folders || depth > limits.depth;
    const readable = depth > limits.depth ? [] : level.slice(0, limits.folders - folders);
    folders += readable.length;
    await inParallel(readable, parallel, (folder) =>
      orNote(folder, async () => {
        for (const { name, kind } of await tree.list(folder)) {
          const place = folder === "" ? name : `${folder}/${name}`;
          if (kind === "folder" && !skippedFolders.has(name)) next.push(place);
          else if (kind === "file" && wanted(place)) found.push(place);
        }
      }),
    );
    level = next.sort();
  }
  found.sort();
  truncated ||= found.length > limits.files;
  const files: FoundFile[] = [];
  await inParallel(found.slice(0, limits.files), parallel, (place) =>
    orNote(place, async () => {
      files.push({ path: place, text: await tree.read(place, limits.bytes + 1) });
    }),
  );
  return { files: files.sort(byPath), unreadable: unreadable.sort(byPath), truncated };
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

async function readStart(file: string, bytes: number): Promise<Uint8Array> {
  // Between finding and opening, the file may have become a link or a pipe: links are not followed, pipes do not block.
  const handle = await open(
    file,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  try {
    return await readUpTo(handle, bytes);
  } finally {
    await handle.close();
  }
}

async function readUpTo(handle: FileHandle, bytes: number): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.min(bytes, size + 1));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
