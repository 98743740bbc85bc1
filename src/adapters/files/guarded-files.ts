import path from "node:path";
import process from "node:process";
import type { Policy } from "../../engine/model/flow";
import { classifyPath, decideRead, isAllowListed } from "../../engine/policy/file-policy";
import type { FileRule, Place, Space } from "../../engine/policy/file-policy";
import type {
  DirEntry,
  DirListed,
  FileDenied,
  FileMissing,
  FileRead,
  FilesFound,
  GuardedFiles,
  LineRange,
  LinesRead,
  ListOptions,
  SearchOptions,
} from "../../engine/port/files";
import { diskCode, isDiskCode, NodeFileSystem } from "./file-system";
import type { FileSystem } from "./file-system";
import { Opened } from "./opened";
import { isWithin, relativePath, spellings } from "./paths";
import { matchesAny } from "../../engine/policy/glob";
import { readLines } from "./lines";
import { matcherOf } from "./matcher";
import type { LineMatcher } from "./matcher";
import { skippedFolders } from "./skipped-folders";
import { closeTarget, findTarget } from "./project-target";
import { filesWith } from "./ripgrep";
import { searchBelow } from "./search";
import type { SearchRequest } from "./search";
import { defined } from "../../engine/model/defined";

export interface GuardOptions {
  /** The project's folder, absolute. */
  readonly workDomain: string;
  /** Where Orket was started from, absolute. */
  readonly startDirectory: string;
  /** Relative to the project. */
  readonly references: readonly string[];
  readonly policy: Policy;
  readonly fs?: FileSystem;
  /** ripgrep's executable, absolute, to search large folders with; absent: every file is read. */
  readonly ripgrep?: string | undefined;
  /** How many files are read before ripgrep is asked. */
  readonly ripgrepFrom?: number;
}

/** A folder that may be read, as the user named it and as its real path. */
interface Root {
  readonly space: Exclude<Space, "workspace">;
  readonly given: string;
  readonly real: string;
}

const largestBase = 256 << 20;

function denied(rule: FileRule, message: string): FileDenied {
  return { kind: "denied", rule, message };
}

function missing(message: string): FileMissing {
  return { kind: "missing", message };
}

/** Whether the owner may execute the file; false where the system has no such bit. */
function isExecutable({ mode }: { readonly mode: bigint }): boolean {
  return process.platform !== "win32" && (mode & 0o100n) !== 0n;
}

function belongs(root: Root, folder: string, file: string): boolean {
  if (root.space === "start") return file === folder || path.dirname(file) === folder;
  return isWithin(folder, file);
}

/** Something that may be read: what was opened, in which space, and its name in the policy. */
interface Granted {
  readonly kind: "granted";
  readonly opened: Opened;
  readonly root: Root;
  /** Relative to the project. */
  readonly path: string;
  /** The project's real path. */
  readonly domain: string;
}

/** A rule that protects a file is more specific than one about spaces. */
function moreTelling(a: FileDenied | undefined, b: FileDenied): FileDenied {
  return a === undefined || a.rule === "read-scope" ? b : a;
}

/** GuardedFiles on the disk: opens a file first, decides about what was opened, and reads that. */
export class NodeGuardedFiles implements GuardedFiles {
  readonly #fs: FileSystem;
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#fs = options.fs ?? new NodeFileSystem();
  }

  async read(raw: string, maxBytes: number): Promise<FileRead | FileDenied | FileMissing> {
    return this.#withPlace(raw, async ({ opened, path: name }) => {
      const { stat } = opened;
      if (stat.isDirectory()) return missing(`${name} is a folder; list it instead.`);
      const refusal = this.#refuseFile(opened, name);
      if (refusal) return refusal;
      const tooLarge = missing(`${name} has ${stat.size} bytes; at most ${maxBytes} can be read.`);
      if (stat.size > BigInt(maxBytes)) return tooLarge;
      const bytes = await opened.read(maxBytes + 1);
      return bytes.length > maxBytes ? tooLarge : { kind: "file", bytes };
    });
  }

  async readLines(raw: string, range: LineRange): Promise<LinesRead | FileDenied | FileMissing> {
    return this.#withPlace(
      raw,
      async ({ opened, path: name }): Promise<LinesRead | FileDenied | FileMissing> => {
        const { stat } = opened;
        if (stat.isDirectory()) return missing(`${name} is a folder; list it instead.`);
        const refusal = this.#refuseFile(opened, name);
        if (refusal) return refusal;
        const read = await opened.with((handle) => readLines(this.#fs, handle, name, range));
        if (read.kind === "missing") return read;
        return { ...read, bytes: Number(stat.size), executable: isExecutable(stat) };
      },
    );
  }

  async list(
    raw: string,
    maxEntries: number,
    { depth = 1, glob }: ListOptions = {},
  ): Promise<DirListed | FileDenied | FileMissing> {
    return this.#withPlace(raw, async (granted) => {
      const { opened, path: name } = granted;
      if (!opened.stat.isDirectory()) return missing(`${name} is a file, not a folder.`);
      // Of the start directory only its direct files may be read.
      const levels = granted.root.space === "start" ? 1 : depth;
      const listing = new Listing(maxEntries, glob);
      const top = await this.#entriesOf(granted);
      await this.#list(granted, top, "", levels, listing);
      return { kind: "dir", entries: listing.entries(), truncated: listing.truncated };
    });
  }

  /** Lists a folder's entries, then what is in the folders among them. Links to folders are shown and not entered. */
  async #list(
    folder: Granted,
    entries: readonly (DirEntry & { readonly real: boolean })[],
    prefix: string,
    levels: number,
    listing: Listing,
  ): Promise<void> {
    for (const { real, ...entry } of entries) {
      const name = `${prefix}${entry.name}`;
      const isEntered = entry.type === "dir" && real && levels > 1 && !skippedFolders.has(entry.name);
      if (!listing.add({ ...entry, name }, isEntered)) return;
      if (!isEntered) continue;
      await this.#enter(folder, entry.name, async (inner) => {
        await this.#list(inner, await this.#entriesOf(inner), `${name}/`, levels - 1, listing);
      });
    }
  }

  /** Opens a folder inside one that is held open, and decides about it as about any other place. */
  async #enter(folder: Granted, name: string, use: (inner: Granted) => Promise<void>): Promise<void> {
    const { root, domain } = folder;
    const child = `${folder.opened.self}${path.sep}${name}`;
    const opened = await Opened.at(this.#fs, child).catch(() => undefined);
    if (opened === undefined) return;
    try {
      const real = relativePath(domain, opened.real);
      const readable = decideRead(root.space, real, this.#options.policy).allowed;
      if (!opened.stat.isDirectory() || !belongs(root, root.real, opened.real) || !readable) return;
      await use({ kind: "granted", opened, root, path: real, domain });
    } finally {
      await opened.close();
    }
  }

  async #entriesOf(folder: Granted): Promise<(DirEntry & { readonly real: boolean })[]> {
    const names = (await folder.opened.readDir()).map((one) => ({
      name: one.name,
      real: !one.isSymbolicLink(),
    }));
    names.sort((a, b) => (a.name < b.name ? -1 : 1));
    const entries = [];
    for (const { name, real } of names) {
      const entry = await this.#entry(folder, name);
      if (entry !== undefined) entries.push({ ...entry, real });
    }
    return entries;
  }

  async search(
    query: string,
    raw: string,
    maxMatches: number,
    options: SearchOptions = {},
  ): Promise<FilesFound | FileDenied | FileMissing> {
    if (query === "") return missing("The text to search for is empty.");
    const matcher = matcherOf(query, options);
    if ("problem" in matcher) return missing(matcher.problem);
    const request = { fs: this.#fs, matcher, maxMatches, options };
    const found = await this.#withPlace(raw, async (granted) => {
      const { opened, root, path: name } = granted;
      if (opened.stat.isFile()) {
        const refusal = this.#refuseFile(opened, name);
        if (refusal) return refusal;
      } else if (!opened.stat.isDirectory()) {
        return denied("special-file", `${name} is neither a file nor a folder.`);
      }
      return searchBelow({
        ...request,
        start: opened,
        path: name,
        deep: root.space !== "start",
        mayRead: (file) => classifyName(file) && decideRead(root.space, file, this.#options.policy).allowed,
        mayHaveNames: (file) => isAllowListed(file, this.#options.policy),
        ...this.#narrowing(opened, matcher),
      });
    });
    if (found.kind === "matches" || !hasInstead(options, raw)) return found;
    const nowhere = { start: undefined, deep: true, mayRead: () => true, mayHaveNames: () => true };
    return searchBelow({ ...request, ...nowhere, path: pathOf(raw) });
  }

  /** ripgrep says which files contain what is searched for; which may be shown, and where, is decided by reading them. */
  #narrowing({ real }: Opened, { probe }: LineMatcher): Pick<SearchRequest, "narrow" | "narrowFrom"> {
    const { ripgrep, ripgrepFrom } = this.#options;
    if (ripgrep === undefined || probe === undefined) return {};
    return { narrow: () => filesWith(ripgrep, real, probe), ...defined({ narrowFrom: ripgrepFrom }) };
  }

  async base(raw: string): Promise<FileRead | FileDenied | FileMissing> {
    try {
      const target = await findTarget(this.#fs, this.#options.workDomain, raw, this.#options.policy);
      if (target.kind === "denied") return target;
      try {
        if (target.file === undefined) return missing(`The project has no file ${raw}.`);
        if (target.file.stat.size > BigInt(largestBase)) {
          return denied(
            "unreadable",
            `The project's ${raw} is too large to be replaced (${target.file.stat.size} bytes).`,
          );
        }
        const bytes = await target.file.read(largestBase);
        return { kind: "file", bytes, executable: isExecutable(target.file.stat) };
      } finally {
        await closeTarget(target);
      }
    } catch (error) {
      const code = diskCode(error);
      if (code === undefined) throw error;
      return denied("unreadable", `The project's ${raw} cannot be opened (${code}).`);
    }
  }

  /** The spaces that exist now. */
  async #roots(): Promise<Root[]> {
    const { workDomain, startDirectory, references } = this.#options;
    const wanted: [Root["space"], string][] = [
      ["domain", workDomain],
      ...references.map((one): [Root["space"], string] => ["reference", path.resolve(workDomain, one)]),
      ["start", startDirectory],
    ];
    const roots: Root[] = [];
    for (const [space, given] of wanted) {
      try {
        roots.push({ space, given: path.resolve(given), real: await this.#fs.realPath(given) });
      } catch {
        // A missing reference opens nothing.
      }
    }
    return roots;
  }

  async #withPlace<T>(
    raw: string,
    use: (granted: Granted) => Promise<T | FileDenied | FileMissing>,
  ): Promise<T | FileDenied | FileMissing> {
    let opened: Opened | undefined;
    try {
      const found = await this.#find(raw);
      if (found.kind !== "granted") return found;
      ({ opened } = found);
      return await use(found);
    } catch (error) {
      const code = diskCode(error);
      if (code === undefined) throw error;
      return missing(`${raw} cannot be read (${code}).`);
    } finally {
      await opened?.close();
    }
  }

  async #find(raw: string): Promise<Granted | FileDenied | FileMissing> {
    const place = classifyPath(raw);
    if (place.kind === "denied") return place;
    const roots = await this.#roots();
    const domain = roots.find((root) => root.space === "domain");
    if (domain === undefined) return missing("The project's folder is not there.");
    let outcome: FileDenied | FileMissing = missing(`There is no file or folder ${raw}.`);
    for (const spelling of spellings(place.path)) {
      const found = await this.#findAt(raw, absolute(place, spelling, domain.given), roots, domain);
      if (found.kind !== "missing") return found;
      outcome = found;
    }
    return outcome;
  }

  async #findAt(
    raw: string,
    file: string | undefined,
    roots: readonly Root[],
    domain: Root,
  ): Promise<Granted | FileDenied | FileMissing> {
    const outside = denied(
      "outside-spaces",
      `${raw} is not in the project, a reference or the start directory.`,
    );
    if (file === undefined) return outside;
    const candidates: { root: Root; name: string }[] = [];
    let refusal: FileDenied | undefined;
    for (const root of roots) {
      const folder = [root.given, root.real].find((one) => belongs(root, one, file));
      if (folder === undefined) continue;
      const name = relativePath(domain.real, path.resolve(root.real, path.relative(folder, file)));
      const decision = decideRead(root.space, name, this.#options.policy);
      if (decision.allowed) candidates.push({ root, name });
      else refusal = moreTelling(refusal, denied(decision.rule, decision.message));
    }
    if (candidates.length === 0) return refusal ?? outside;
    const opened = await this.#open(file, raw);
    if (!(opened instanceof Opened)) return opened;
    for (const { root } of candidates) {
      if (!belongs(root, root.real, opened.real)) {
        refusal ??= denied("link-outside", `A link on the way to ${raw} leads out of its space.`);
        continue;
      }
      const name = relativePath(domain.real, opened.real);
      // The files directly in the start directory may be read, and no folder in it, whichever tool asks.
      if (root.space === "start" && opened.stat.isDirectory() && opened.real !== root.real) {
        refusal ??= denied(
          "outside-spaces",
          `Only the start directory itself may be listed and searched, not ${name}.`,
        );
        continue;
      }
      const decision = decideRead(root.space, name, this.#options.policy);
      if (decision.allowed) return { kind: "granted", opened, root, path: name, domain: domain.real };
      refusal = moreTelling(refusal, denied(decision.rule, decision.message));
    }
    await opened.close();
    return refusal ?? outside;
  }

  async #open(file: string, raw: string): Promise<Opened | FileDenied | FileMissing> {
    try {
      return await Opened.at(this.#fs, file);
    } catch (error) {
      if (isDiskCode(error, "ENOENT", "ENOTDIR")) return missing(`There is no file or folder ${raw}.`);
      if (isDiskCode(error, "ELOOP")) return denied("link-outside", `The links at ${raw} lead in a circle.`);
      throw error;
    }
  }

  /** Why an opened file or folder is not read although its place may be. */
  #refuseFile(opened: Opened, name: string): FileDenied | undefined {
    if (!opened.stat.isFile()) return denied("special-file", `${name} is not a regular file.`);
    if (opened.stat.nlink <= 1n || isAllowListed(name, this.#options.policy)) return undefined;
    return denied(
      "hard-link",
      `${name} has further names (hard links), and one of them may be outside. The Flow's policy can list it in "allow".`,
    );
  }

  /** A folder's entry for display; undefined for what could not be opened anyway. */
  async #entry(folder: Granted, name: string): Promise<DirEntry | undefined> {
    const shown = name.normalize("NFC");
    const file = folder.path === "." ? shown : `${folder.path}/${shown}`;
    if (!classifyName(shown) || !decideRead(folder.root.space, file, this.#options.policy).allowed)
      return undefined;
    const child = `${folder.opened.self}${path.sep}${name}`;
    const stat = await this.#fs.lstat(child).catch(() => undefined);
    if (stat?.isDirectory()) return { name: shown, type: "dir" };
    if (stat?.isFile()) return { name: shown, type: "file", bytes: Number(stat.size) };
    if (!stat?.isSymbolicLink()) return undefined;
    const target = await this.#findLink(folder, child);
    if (target?.isDirectory()) return { name: shown, type: "dir" };
    if (target?.isFile()) return { name: shown, type: "file", bytes: Number(target.size) };
    return undefined;
  }

  /** The target of a link in a folder, when that may be read. */
  async #findLink(folder: Granted, child: string): Promise<Opened["stat"] | undefined> {
    const { root, domain } = folder;
    const opened = await Opened.at(this.#fs, child).catch(() => undefined);
    if (opened === undefined) return undefined;
    await opened.close();
    if (!belongs(root, root.real, opened.real)) return undefined;
    const real = relativePath(domain, opened.real);
    return decideRead(root.space, real, this.#options.policy).allowed ? opened.stat : undefined;
  }
}

function pathOf(raw: string): string {
  const place = classifyPath(raw);
  return place.kind === "relative" ? place.path : raw;
}

/** Whether a text that replaces the project's lies there although the project has nothing there. */
function hasInstead({ instead }: SearchOptions, raw: string): boolean {
  const folder = pathOf(raw);
  const isThere = (file: string): boolean =>
    folder === "." || file === folder || file.startsWith(`${folder}/`);
  return [...(instead ?? [])].some(([file, text]) => text !== null && isThere(file));
}

/** The entries to list: with a glob only matching files, and the folders that lead to them. */
class Listing {
  readonly #found: DirEntry[] = [];
  readonly #max: number;
  readonly #glob: string | undefined;
  truncated = false;

  constructor(max: number, glob: string | undefined) {
    this.#max = max;
    this.#glob = glob;
  }

  /** false: no room is left. */
  add(entry: DirEntry, isEntered: boolean): boolean {
    if (
      this.#glob !== undefined &&
      (entry.type === "dir" ? isEntered || !this.#fits(entry) : !this.#fits(entry))
    )
      return true;
    if (this.#found.length === this.#max) {
      this.truncated = true;
      return false;
    }
    this.#found.push(entry);
    return true;
  }

  #fits({ name }: DirEntry): boolean {
    return this.#glob !== undefined && matchesAny([this.#glob], name);
  }

  entries(): readonly DirEntry[] {
    return this.#found;
  }
}

/** Whether a path made of names on the disk is one that could be requested. */
function classifyName(name: string): boolean {
  const place = classifyPath(name);
  return place.kind === "relative" ? place.path === name : place.kind === "outside" && place.path === name;
}

function absolute(
  place: Exclude<Place, { kind: "denied" }>,
  spelling: string,
  domain: string,
): string | undefined {
  if (place.kind !== "absolute") return path.resolve(domain, ...spelling.split("/"));
  const windows = process.platform === "win32";
  // A drive is only meaningful on Windows, a root without one only elsewhere.
  return /^[A-Za-z]:/.test(spelling) === windows ? path.resolve(spelling) : undefined;
}
