import { constants } from "node:fs";
import type { FilesFound } from "../../engine/port/files";
import { Anchor } from "./anchor";
import { diskCode } from "./file-system";
import type { FileSystem } from "./file-system";
import { readUpTo } from "./opened";
import type { Opened } from "./opened";
import { skippedFolders } from "./skipped-folders";

const maxFiles = 20_000;
const maxTotalBytes = 64 << 20;
const maxFileBytes = 1 << 20;
const maxDepth = 64;
const maxLineLength = 500;
const binarySample = 8000;

const { O_RDONLY } = constants;
// Windows has neither; 0 leaves the flag out.
const openFlags =
  O_RDONLY |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0);

export interface SearchRequest {
  readonly fs: FileSystem;
  /** A folder, or one file. */
  readonly start: Opened;
  /** What `start` is called: relative to the project. */
  readonly path: string;
  readonly query: string;
  readonly maxMatches: number;
  /** Whether folders below are searched, too. */
  readonly deep: boolean;
  readonly mayRead: (path: string) => boolean;
  /** Whether a file with further names (hard links) may be read all the same. */
  readonly mayHaveNames: (path: string) => boolean;
}

class Search {
  readonly matches: { path: string; line: number; text: string }[] = [];
  truncated = false;
  #files = 0;
  #bytes = 0;
  readonly #needle: Buffer;
  readonly #request: SearchRequest;

  constructor(request: SearchRequest) {
    this.#request = request;
    this.#needle = Buffer.from(request.query, "utf8");
  }

  get #full(): boolean {
    if (
      this.matches.length >= this.#request.maxMatches ||
      this.#files >= maxFiles ||
      this.#bytes >= maxTotalBytes
    ) {
      this.truncated = true;
    }
    return this.truncated;
  }

  /** In the order of the paths, folder by folder; links are not followed, so nothing is seen twice. */
  async folder(anchor: Anchor, name: string, depth: number): Promise<void> {
    const { fs, deep, mayRead } = this.#request;
    const entries = (await fs.readDir(anchor.self)).map((entry) => ({
      entry,
      key: entry.isDirectory() ? `${entry.name}/` : entry.name,
    }));
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { entry } of entries) {
      if (this.#full) return;
      const child = name === "." ? entry.name : `${name}/${entry.name}`;
      if (!mayRead(child.normalize("NFC"))) continue;
      if (entry.isFile()) await this.#quietly(() => this.#file(anchor.child(entry.name), child));
      else if (deep && entry.isDirectory() && !skippedFolders.has(entry.name) && depth < maxDepth) {
        await this.#quietly(() => this.#below(anchor, entry.name, child, depth + 1));
      }
    }
  }

  async #below(anchor: Anchor, name: string, path: string, depth: number): Promise<void> {
    const inner = await anchor.folder(name);
    try {
      await this.folder(inner, path, depth);
    } finally {
      await inner.close();
    }
  }

  /** What cannot be opened, or vanished meanwhile, is not a part of what is searched. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (diskCode(error) === undefined) throw error;
    }
  }

  async #file(at: string, path: string): Promise<void> {
    const { fs, mayHaveNames } = this.#request;
    const handle = await fs.open(at, openFlags);
    try {
      const stat = await fs.statHandle(handle);
      if (!stat.isFile() || stat.size > BigInt(maxFileBytes)) return;
      if (stat.nlink > 1n && !mayHaveNames(path.normalize("NFC"))) return;
      this.contents(await readUpTo(fs, handle, maxFileBytes, Number(stat.size)), path);
    } finally {
      await fs.close(handle);
    }
  }

  contents(bytes: Buffer, path: string): void {
    this.#files += 1;
    this.#bytes += bytes.length;
    if (bytes.subarray(0, binarySample).includes(0) || !bytes.includes(this.#needle)) return;
    const shown = path.normalize("NFC");
    for (const [index, line] of bytes.toString("utf8").split("\n").entries()) {
      if (!line.includes(this.#request.query)) continue;
      if (this.matches.length >= this.#request.maxMatches) {
        this.truncated = true;
        return;
      }
      const text = line.endsWith("\r") ? line.slice(0, -1) : line;
      this.matches.push({ path: shown, line: index + 1, text: text.slice(0, maxLineLength) });
    }
  }
}

/** Searches the text files below a folder that is held open, each opened below the one above it. */
export async function searchBelow(request: SearchRequest): Promise<FilesFound> {
  const search = new Search(request);
  const { start } = request;
  if (start.stat.isFile()) {
    search.contents(await start.read(maxFileBytes), request.path);
  } else {
    const anchor = await Anchor.open(request.fs, start.self);
    try {
      if (anchor.real === start.real) await search.folder(anchor, request.path, 0);
    } finally {
      await anchor.close();
    }
  }
  return { kind: "matches", matches: search.matches, truncated: search.truncated };
}
