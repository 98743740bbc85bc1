import { constants } from "node:fs";
import type { Dirent } from "node:fs";
import ignore from "ignore";
import type { Ignore } from "ignore";
import type { FilesFound, FoundLine, SearchOptions } from "../../engine/port/files";
import { matchesAny } from "../../engine/policy/glob";
import { Anchor } from "./anchor";
import { diskCode } from "./file-system";
import type { FileSystem } from "./file-system";
import type { LineMatcher } from "./matcher";
import { readUpTo } from "./opened";
import type { Opened } from "./opened";
import { skippedFolders } from "./skipped-folders";

/** Limits of a search; what lies beyond them is reported. */
const maxFiles = 500_000;
const maxTotalBytes = 4 * 2 ** 30;
const maxFileBytes = 8 << 20;
const maxDepth = 64;
const maxLineLength = 500;
const binarySample = 8000;
/** So many files are read sooner than another program is started. */
const defaultNarrowFrom = 100;
/** Folders that are surveyed at the same time. */
const foldersAtOnce = 8;
/** Files that are read at the same time. */
const atOnce = 32;

const ignoreFiles = [".gitignore", ".ignore"];

const { O_RDONLY } = constants;
// Windows has neither; 0 leaves the flag out.
const openFlags =
  O_RDONLY |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0);

export interface SearchRequest {
  readonly fs: FileSystem;
  /** A folder, or one file; undefined: nothing of the project exists there, only what replaces it. */
  readonly start: Opened | undefined;
  /** The name of `start`: relative to the project. */
  readonly path: string;
  readonly matcher: LineMatcher;
  readonly maxMatches: number;
  readonly options: SearchOptions;
  /** Whether folders below are searched, too. */
  readonly deep: boolean;
  readonly mayRead: (path: string) => boolean;
  /** Whether a file with other names (hard links) may be read anyway. */
  readonly mayHaveNames: (path: string) => boolean;
  /**
   * Names the files below `start` that may have a match, relative to it; the others were searched. undefined: that is not
   * known. Absent: every file is read.
   */
  readonly narrow?: () => Promise<ReadonlySet<string> | undefined>;
  /** How many files are read before it is asked. */
  readonly narrowFrom?: number;
}

/** An ignore file's rules, with the folder that they apply to. */
interface Rules {
  readonly folder: string;
  readonly rules: Ignore;
}

class Search {
  readonly #found = new Map<string, FoundLine[]>();
  readonly #request: SearchRequest;
  #files = 0;
  #bytes = 0;
  #count = 0;
  #truncated = false;
  /** The files that were read before `narrow` was asked; null: it was not asked. */
  #before: ReadonlySet<string> | null = null;
  readonly #early = new Set<string>();
  #narrowed: Promise<ReadonlySet<string> | undefined> = Promise.resolve(undefined);
  /** Files and folders that may lead to a match, once that is known; undefined: all of them. */
  #leading: ReadonlySet<string> | undefined;
  #pass: "read" | "survey" | "rest" = "read";
  #surveyed = 0;
  #unreadableBefore = 0;
  #beside = 0;
  #skipped = { binary: 0, large: 0, largestBytes: maxFileBytes, ignored: 0, unreadable: 0, stopped: false };

  constructor(request: SearchRequest) {
    this.#request = request;
  }

  get #full(): boolean {
    // Matches come in any order while several files are read: slightly more are found than are shown.
    if (this.#count > this.#request.maxMatches * 4) this.#truncated = true;
    if (this.#files + this.#surveyed >= maxFiles || this.#bytes >= maxTotalBytes)
      this.#skipped.stopped = true;
    return this.#truncated || this.#skipped.stopped;
  }

  /** Links are not followed, so nothing is seen twice. */
  async folder(anchor: Anchor, name: string, depth: number, above: readonly Rules[]): Promise<void> {
    const { fs, deep } = this.#request;
    const entries = await fs.readDir(anchor.self);
    // A survey only counts.
    if (this.#pass !== "survey") entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const rules = await this.#rulesOf(anchor, name, entries, above);
    const files: { at: string; path: string }[] = [];
    const folders: { name: string; path: string }[] = [];
    for (const entry of entries) {
      const child = name === "." ? entry.name : `${name}/${entry.name}`;
      if (!this.#request.mayRead(child.normalize("NFC"))) continue;
      if (this.#pass === "rest" && this.#leading?.has(child) === false) continue;
      if (entry.isFile()) {
        if (!this.#isWanted(child)) continue;
        if (this.#isIgnored(child, false, rules)) this.#ignored();
        else files.push({ at: anchor.child(entry.name), path: child });
      } else if (deep && entry.isDirectory()) {
        if (depth >= maxDepth) this.#skipped.stopped = true;
        else if (this.#isIgnored(child, true, rules)) this.#ignored();
        else folders.push({ name: entry.name, path: child });
      }
    }
    await this.#together(this.#toRead(files), ({ at, path }) => this.#file(at, path));
    const beside: Promise<void>[] = [];
    for (const one of folders) {
      if (this.#full) break;
      const work = this.#quietly(() => this.#below(anchor, one, depth + 1, rules));
      // A survey reads nothing, so the order does not matter.
      if (this.#pass === "survey" && this.#beside < foldersAtOnce) {
        this.#beside += 1;
        beside.push(work.finally(() => (this.#beside -= 1)));
      } else await work;
    }
    await Promise.all(beside);
  }

  #ignored(): void {
    if (this.#pass !== "rest") this.#skipped.ignored += 1;
  }

  /** The files of a folder that are read now. Where there are many, they are only counted, and the rest is read later. */
  #toRead<T extends { readonly path: string }>(files: readonly T[]): readonly T[] {
    const { narrow, narrowFrom = defaultNarrowFrom } = this.#request;
    if (this.#pass === "rest") {
      const rest = files.filter(({ path }) => this.#before?.has(path) !== true);
      this.#surveyed -= rest.length;
      return rest;
    }
    if (this.#pass === "read" && narrow !== undefined && this.#early.size + files.length >= narrowFrom) {
      this.#before = this.#early;
      this.#unreadableBefore = this.#skipped.unreadable;
      this.#pass = "survey";
      this.#narrowed = narrow();
    }
    if (this.#pass === "survey") {
      this.#surveyed += files.length;
      return [];
    }
    for (const { path } of files) this.#early.add(path);
    return files;
  }

  /** Reads what was only counted, as far as it may have a match; the rest was searched. */
  async rest(anchor: Anchor): Promise<void> {
    if (this.#pass !== "survey") return;
    const { path: start } = this.#request;
    const names = await this.#narrowed;
    if (names === undefined) this.#skipped.unreadable = this.#unreadableBefore;
    else this.#leading = leadingTo(names, start);
    this.#pass = "rest";
    await this.folder(anchor, start, 0, []);
    if (names !== undefined) this.#files += this.#surveyed;
    this.#surveyed = 0;
  }

  async #together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (;;) {
        const item = items[next];
        if (item === undefined || this.#full) return;
        next += 1;
        await this.#quietly(() => work(item));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  }

  async #rulesOf(
    anchor: Anchor,
    folder: string,
    entries: readonly Dirent[],
    above: readonly Rules[],
  ): Promise<readonly Rules[]> {
    const present = ignoreFiles.filter((name) => entries.some((entry) => entry.name === name));
    if (present.length === 0 || this.#request.options.withIgnored === true) return above;
    const rules = ignore();
    for (const name of present) {
      await this.#quietly(async () => {
        const handle = await this.#request.fs.open(anchor.child(name), openFlags);
        try {
          rules.add((await readUpTo(this.#request.fs, handle, 1 << 20, 4096)).toString("utf8"));
        } finally {
          await this.#request.fs.close(handle);
        }
      });
    }
    return [...above, { folder, rules }];
  }

  #isIgnored(path: string, isFolder: boolean, all: readonly Rules[]): boolean {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (isFolder && skippedFolders.has(name)) return true;
    let ignored = false;
    for (const { folder, rules } of all) {
      const below = folder === "." ? path : path.slice(folder.length + 1);
      const tested = rules.test(isFolder ? `${below}/` : below);
      if (tested.ignored) ignored = true;
      else if (tested.unignored) ignored = false;
    }
    return ignored;
  }

  #isWanted(path: string): boolean {
    const { options, path: start } = this.#request;
    if (options.instead?.has(path.normalize("NFC")) === true) return false;
    const { globs } = options;
    if (globs === undefined) return true;
    const below = (start === "." || start === path ? path : path.slice(start.length + 1)).normalize("NFC");
    return globs.some((glob) => matchesAny([glob, ...(glob.includes("/") ? [] : [`**/${glob}`])], below));
  }

  async #below(
    anchor: Anchor,
    { name, path }: { name: string; path: string },
    depth: number,
    rules: readonly Rules[],
  ): Promise<void> {
    const inner = await anchor.folder(name);
    try {
      await this.folder(inner, path, depth, rules);
    } finally {
      await inner.close();
    }
  }

  /** What cannot be opened, or has disappeared meanwhile, is counted. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (diskCode(error) === undefined) throw error;
      this.#skipped.unreadable += 1;
    }
  }

  async #file(at: string, path: string): Promise<void> {
    const { fs, mayHaveNames } = this.#request;
    const handle = await fs.open(at, openFlags);
    try {
      const stat = await fs.statHandle(handle);
      if (!stat.isFile()) return;
      if (stat.nlink > 1n && !mayHaveNames(path.normalize("NFC"))) {
        this.#skipped.unreadable += 1;
        return;
      }
      if (stat.size > BigInt(maxFileBytes)) {
        this.#skipped.large += 1;
        return;
      }
      this.contents(await readUpTo(fs, handle, maxFileBytes, Number(stat.size)), path);
    } finally {
      await fs.close(handle);
    }
  }

  contents(bytes: Buffer, path: string): void {
    this.#bytes += bytes.length;
    if (bytes.subarray(0, binarySample).includes(0)) {
      this.#skipped.binary += 1;
      return;
    }
    this.#files += 1;
    const { needle } = this.#request.matcher;
    if (needle !== undefined && !bytes.includes(needle)) return;
    this.#text(bytes.toString("utf8"), path.normalize("NFC"));
  }

  /** Texts that replace the project's files below the start. */
  instead(): void {
    const { options, path: start, deep } = this.#request;
    for (const [path, text] of options.instead ?? []) {
      const isBelow = start === "." || path === start || path.startsWith(`${start}/`);
      if (!isBelow || text === null || !deep) continue;
      const { globs } = options;
      const below = start === "." || path === start ? path : path.slice(start.length + 1);
      if (
        globs !== undefined &&
        !globs.some((glob) => matchesAny([glob, ...(glob.includes("/") ? [] : [`**/${glob}`])], below))
      )
        continue;
      this.#files += 1;
      this.#text(text, path);
    }
  }

  #text(text: string, path: string): void {
    const { matcher, options, maxMatches } = this.#request;
    const { context = 0, filesOnly = false } = options;
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    const found: FoundLine[] = [];
    let shownTo = 0;
    let own = 0;
    for (const [index, raw] of lines.entries()) {
      const line = withoutEnd(raw);
      if (!matcher.matches(line)) continue;
      if (own >= maxMatches) {
        this.#truncated = true;
        break;
      }
      own += 1;
      const lineAt = (at: number, beside: boolean): FoundLine => ({
        path,
        line: at + 1,
        text: withoutEnd(lines[at] ?? "").slice(0, maxLineLength),
        ...(beside ? { context: true as const } : {}),
      });
      for (let at = Math.max(shownTo, index - context); at < index; at += 1) found.push(lineAt(at, true));
      if (found.at(-1)?.line === index + 1) found.pop();
      found.push(lineAt(index, false));
      const until = Math.min(lines.length - 1, index + context);
      for (let at = index + 1; at <= until; at += 1) {
        if (matcher.matches(withoutEnd(lines[at] ?? ""))) break;
        found.push(lineAt(at, true));
      }
      shownTo = found.at(-1)?.line ?? index + 1;
      if (filesOnly) break;
    }
    if (found.length === 0) return;
    this.#found.set(path, found);
    this.#count += own;
  }

  result(): FilesFound {
    const { maxMatches } = this.#request;
    const matches: FoundLine[] = [];
    let own = 0;
    for (const path of [...this.#found.keys()].sort()) {
      for (const line of this.#found.get(path) ?? []) {
        if (line.context !== true) {
          if (own === maxMatches) {
            this.#truncated = true;
            break;
          }
          own += 1;
        }
        matches.push(line);
      }
      if (this.#truncated && own >= maxMatches) break;
    }
    return {
      kind: "matches",
      matches,
      truncated: this.#truncated || this.#skipped.stopped,
      ...(this.#request.options.report === true
        ? { searched: this.#files, skipped: { ...this.#skipped } }
        : {}),
    };
  }
}

/** Files, given relative to a folder, and the folders on the way to them, as a search names them. */
function leadingTo(names: ReadonlySet<string>, start: string): ReadonlySet<string> {
  const leading = new Set<string>();
  for (const name of names) {
    let path = start === "." ? name : `${start}/${name}`;
    while (!leading.has(path)) {
      leading.add(path);
      const above = path.lastIndexOf("/");
      if (above < 0) break;
      path = path.slice(0, above);
    }
  }
  return leading;
}

function withoutEnd(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** Searches the text files below a folder that is held open, each opened from its parent. */
export async function searchBelow(request: SearchRequest): Promise<FilesFound> {
  const search = new Search(request);
  const { start } = request;
  search.instead();
  if (start === undefined) return search.result();
  if (start.stat.isFile()) {
    if (request.options.instead?.has(request.path) !== true)
      search.contents(await start.read(maxFileBytes), request.path);
  } else {
    const anchor = await Anchor.open(request.fs, start.self);
    try {
      if (anchor.real === start.real) {
        await search.folder(anchor, request.path, 0, []);
        await search.rest(anchor);
      }
    } finally {
      await anchor.close();
    }
  }
  return search.result();
}
