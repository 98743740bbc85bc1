import fs from "node:fs";
import type { BigIntStats, Dirent } from "node:fs";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { diskCode, isDiskCode, NodeFileSystem } from "./file-system";
import type { Handle } from "./file-system";

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC } = fs.constants;
// Windows has none of these; 0 leaves the flag out.
const O_NOFOLLOW = (fs.constants.O_NOFOLLOW as number | undefined) ?? 0;
const O_NONBLOCK = (fs.constants.O_NONBLOCK as number | undefined) ?? 0;
/** Linux: holds a place without opening what is there. Node does not name it. */
const O_PATH = 0o10000000;
/** macOS (sys/fcntl.h): no link anywhere on the path, not only at its end. Node does not name it. */
const O_NOFOLLOW_ANY = 0x20000000;

/**
 * How the system holds a folder between checking it and using it.
 * `handles`: Linux, by `/proc/self/fd`. `no-links`: macOS, one flag for the whole path, otherwise real paths before and
 * after. `paths`: real paths before and after (Windows).
 */
export type GateMode = "handles" | "no-links" | "paths";

const modeOfThisSystem: GateMode =
  process.platform === "linux" ? "handles" : process.platform === "darwin" ? "no-links" : "paths";

/** The longest definition of a session, in bytes; a longer one is refused before it is written. */
export const definitionMaxBytes = 64 << 20;

/** The most that is read of one file, in bytes, by its name; a larger file was not written by Orket. */
const mostBytes: Readonly<Record<string, number>> = {
  "label.json": 16 << 10,
  "head.json": 4 << 10,
  "proof.json": 1 << 20,
  "acceptance.json": 64 << 10,
  "definition.json": definitionMaxBytes,
  "capabilities.json": 4 << 20,
  "prune.lock": 16 << 10,
  lock: 16 << 10,
  "journal.jsonl": 1 << 30,
  contents: 2 ** 33,
};
const mostBytesOfLock = 16 << 10;
/** Of any other file: contents are stored up to the size of the largest file that can be accepted (256 MiB). */
const mostBytesOfOther = 256 << 20;

/** The most bytes that `readFile` reads of a file below `.orket`. */
function readBound(name: string): number {
  const known = Object.hasOwn(mostBytes, name) ? mostBytes[name] : undefined;
  return known ?? (name.startsWith("lock.") ? mostBytesOfLock : mostBytesOfOther);
}

/** A place in a `.orket`: the folder that holds it, by its real name, and the names below. */
interface Place {
  /** The project's folder as it was given. */
  readonly domain: string;
  /** From `.orket` on; never empty. */
  readonly names: readonly string[];
}

/** The place in a `.orket` that a path names; undefined: it lies elsewhere. */
function placeOf(file: string): Place | undefined {
  const at = file.indexOf(`${path.sep}.orket`);
  if (at < 0) return undefined;
  const names = file.slice(at + 1).split(path.sep);
  if (names[0] !== ".orket") {
    const later = placeOf(file.slice(at + 1));
    return later === undefined ? undefined : { ...later, domain: file.slice(0, at + 1) + later.domain };
  }
  return { domain: file.slice(0, at) || path.sep, names: names.filter((name) => name !== "") };
}

function shown(place: Place): string {
  return place.names.join("/");
}

function unsafe(place: Place, what: string): OrketError {
  return new OrketError("folder_unsafe", `${shown(place)} ${what}, so Orket does not touch it.`, {
    hint: `Orket did not make it. Look at it, then remove it: ${path.join(place.domain, ...place.names)}`,
    details: { path: path.join(place.domain, ...place.names) },
  });
}

function leadsAway(place: Place): OrketError {
  return unsafe({ ...place, names: place.names }, "is reached through a link");
}

function kindOf(stat: BigIntStats): string {
  if (stat.isSymbolicLink()) return "is a link";
  if (stat.isFIFO()) return "is a pipe";
  if (stat.isSocket()) return "is a socket";
  return "is a device";
}

/** A folder of `.orket` that is held open while one name in it is used. */
interface Held {
  /** A path for the disk's operations to a name in the folder. */
  readonly child: string;
  readonly end: () => void;
}

/**
 * The disk as the session's code sees it: every path into a project's `.orket`, which may come from an untrusted source, goes
 * through here. No link is followed from `.orket` on, including `.orket`; only regular files and folders are opened, a
 * file with other names (hard links) never for writing; a file is read up to the size that Orket could have written. Paths
 * elsewhere pass unchanged: they have guards of their own.
 * @throws {OrketError} folder_unsafe; otherwise Node's own errors.
 */
export class OrketFileSystem extends NodeFileSystem {
  readonly #mode: GateMode;
  /** Real paths of project folders; resolved again when one does not match. */
  readonly #real = new Map<string, string>();

  #mayChange: () => boolean = () => true;

  constructor(mode: GateMode = modeOfThisSystem) {
    super();
    this.#mode = mode === "handles" && !fs.existsSync("/proc/self/fd") ? "paths" : mode;
  }

  /** From now on nothing in any `.orket` is created, changed or removed while `mayChange` returns false. */
  restrict(mayChange: () => boolean): void {
    this.#mayChange = mayChange;
  }

  #change(file: string): void {
    if (placeOf(file) === undefined || this.#mayChange()) return;
    throw new OrketError("not_trusted", "Nothing is changed in a folder that is not trusted.", {
      hint: "Trust the folder first, when you know where it comes from.",
      details: { path: file },
    });
  }

  // Real paths

  #realDomain(domain: string, again: boolean): string {
    const known = again ? undefined : this.#real.get(domain);
    if (known !== undefined) return known;
    const real = fs.realpathSync.native(domain);
    this.#real.set(domain, real);
    return real;
  }

  /** Whether `real` is the folder of these names in the project; both forms of a name count where systems have them. */
  #isAt(place: Place, depth: number, real: string): boolean {
    const same = (domain: string): boolean => {
      const wanted = path.join(domain, ...place.names.slice(0, depth));
      if (wanted === real) return true;
      if (process.platform === "linux") return false;
      const plain = (text: string): string => text.normalize("NFC").toLowerCase();
      return plain(wanted) === plain(real);
    };
    return same(this.#realDomain(place.domain, false)) || same(this.#realDomain(place.domain, true));
  }

  /** Holds the folder that the place is in; it is exactly the one that the names give, reached without a link. */
  #hold(place: Place): Held {
    const depth = place.names.length - 1;
    const name = place.names[depth] ?? "";
    if (name === "." || name === ".." || place.names.includes("..")) throw unsafe(place, "has '..' in it");
    if (depth === 0) return { child: path.join(place.domain, name), end: () => undefined };
    const dir = path.join(place.domain, ...place.names.slice(0, depth));
    if (this.#mode !== "handles") {
      const real = realPathOrNone(dir);
      if (real === undefined ? hasLink(place) : !this.#isAt(place, depth, real)) throw leadsAway(place);
      if (real === undefined)
        throw Object.assign(new Error(`There is no folder ${dir}.`), { code: "ENOENT" });
      return {
        child: path.join(this.#realDomain(place.domain, false), ...place.names),
        end: () => {
          const now = realPathOrNone(dir);
          if (now !== undefined && !this.#isAt(place, depth, now)) throw leadsAway(place);
        },
      };
    }
    const handle = this.#openFolder(place, dir);
    try {
      if (!this.#isAt(place, depth, fs.readlinkSync(`/proc/self/fd/${handle}`))) throw leadsAway(place);
    } catch (error) {
      fs.closeSync(handle);
      throw error;
    }
    return {
      child: `/proc/self/fd/${handle}/${name}`,
      end: () => {
        fs.closeSync(handle);
      },
    };
  }

  #openFolder(place: Place, dir: string): Handle {
    try {
      return fs.openSync(dir, O_PATH);
    } catch (error) {
      // A link that leads nowhere, or in a circle, is not a missing folder.
      if (isDiskCode(error, "ENOENT", "ELOOP") && hasLink(place)) throw leadsAway(place);
      throw error;
    }
  }

  async #changed<T>(file: string, work: (file: string) => Promise<T>): Promise<T> {
    this.#change(file);
    return this.#at(file, work);
  }

  /** Performs an operation on one path; outside `.orket` it is performed unchanged. */
  async #at<T>(file: string, work: (file: string, place: Place | undefined) => Promise<T>): Promise<T> {
    const place = placeOf(file);
    if (place === undefined) return work(file, undefined);
    const held = this.#hold(place);
    let result: T;
    try {
      result = await work(held.child, place);
    } catch (error) {
      quietly(held.end);
      throw error;
    }
    held.end();
    return result;
  }

  #atNow<T>(file: string, work: (file: string, place: Place | undefined) => T): T {
    const place = placeOf(file);
    if (place === undefined) return work(file, undefined);
    const held = this.#hold(place);
    let result: T;
    try {
      result = work(held.child, place);
    } catch (error) {
      quietly(held.end);
      throw error;
    }
    held.end();
    return result;
  }

  // Opening

  /** What exists there, when it is a regular file or a folder. */
  #judged(place: Place, stat: BigIntStats, flags: number): void {
    if (stat.isDirectory()) return;
    if (!stat.isFile()) throw unsafe(place, kindOf(stat));
    const writes = (flags & (O_WRONLY | O_RDWR | O_TRUNC)) !== 0;
    if (writes && stat.nlink > 1n) throw unsafe(place, "has further names (hard links)");
    const limit = readBound(place.names.at(-1) ?? "");
    if (stat.size > BigInt(limit)) throw unsafe(place, `has ${stat.size} bytes, more than ${limit}`);
  }

  /** Bytes of a file to be read; it was checked when it was opened. */
  #sizeOf(place: Place, stat: BigIntStats): number {
    if (stat.isDirectory()) throw unsafe(place, "is a folder where a file belongs");
    return Number(stat.size);
  }

  /** Opens without following links and without waiting, and checks what was opened. */
  #openNow(child: string, place: Place, flags: number, mode: number): Handle {
    const noLinks = this.#mode === "no-links" && process.platform === "darwin" ? O_NOFOLLOW_ANY : O_NOFOLLOW;
    for (;;) {
      const before = lstatOrNone(child);
      // Something that must not exist, or something new: the system creates it and follows no link.
      if (before === undefined || (flags & O_EXCL) !== 0) {
        try {
          return fs.openSync(child, flags | ((flags & O_CREAT) !== 0 ? O_EXCL : 0) | noLinks, mode);
        } catch (error) {
          if ((flags & O_EXCL) === 0 && (flags & O_CREAT) !== 0 && isDiskCode(error, "EEXIST")) continue;
          throw error;
        }
      }
      this.#judged(place, before, flags);
      const handle = fs.openSync(child, (flags & ~O_CREAT) | noLinks | O_NONBLOCK, mode);
      try {
        const now = fs.fstatSync(handle, { bigint: true });
        if (now.ino !== before.ino || now.dev !== before.dev) throw unsafe(place, "was replaced meanwhile");
        this.#judged(place, now, flags);
        return handle;
      } catch (error) {
        fs.closeSync(handle);
        throw error;
      }
    }
  }

  override open(file: string, flags: number, mode = 0o666): Promise<Handle> {
    const place = placeOf(file);
    if (place === undefined) return super.open(file, flags, mode);
    return this.#settled(() => {
      if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) !== 0) this.#change(file);
      return this.#atNow(file, (child) => this.#openNow(child, place, flags, mode));
    });
  }

  /** As a promise, including what fails synchronously. */
  #settled<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(work());
    });
  }

  override async readFile(file: string): Promise<Buffer> {
    const place = placeOf(file);
    if (place === undefined) return super.readFile(file);
    const handle = await this.open(file, O_RDONLY);
    try {
      const size = this.#sizeOf(place, await this.statHandle(handle));
      const buffer = Buffer.allocUnsafe(size);
      let length = 0;
      while (length < size) {
        const count = await this.read(handle, buffer.subarray(length), length);
        if (count === 0) break;
        length += count;
      }
      return buffer.subarray(0, length);
    } finally {
      await this.close(handle);
    }
  }

  override readFileNow(file: string): Buffer {
    const place = placeOf(file);
    if (place === undefined) return super.readFileNow(file);
    return this.#atNow(file, (child) => {
      const handle = this.#openNow(child, place, O_RDONLY, 0);
      try {
        this.#sizeOf(place, fs.fstatSync(handle, { bigint: true }));
        return fs.readFileSync(handle);
      } finally {
        fs.closeSync(handle);
      }
    });
  }

  // Looking

  #statOf(child: string, place: Place): BigIntStats {
    const stat = fs.lstatSync(child, { bigint: true });
    if (stat.isSymbolicLink()) throw unsafe(place, kindOf(stat));
    return stat;
  }

  override stat(file: string): Promise<BigIntStats> {
    const place = placeOf(file);
    if (place === undefined) return super.stat(file);
    return this.#settled(() => this.#atNow(file, (child) => this.#statOf(child, place)));
  }

  override lstat(file: string): Promise<BigIntStats> {
    return this.#at(file, (child) => super.lstat(child));
  }

  override realPath(file: string): Promise<string> {
    return this.#at(file, (child, place) => {
      if (place !== undefined) this.#statOf(child, place);
      return super.realPath(child);
    });
  }

  override readDir(dir: string): Promise<Dirent[]> {
    return this.#at(dir, async (child, place) => {
      if (place === undefined) return super.readDir(child);
      const handle = this.#openNow(child, place, O_RDONLY, 0);
      try {
        if (!fs.fstatSync(handle).isDirectory()) throw notAFolder();
        return await super.readDir(this.#mode === "handles" ? `/proc/self/fd/${handle}` : child);
      } finally {
        fs.closeSync(handle);
      }
    });
  }

  override watch(dir: string, changed: () => void): () => void {
    return this.#atNow(dir, (child, place) => {
      if (place !== undefined && !this.#statOf(child, place).isDirectory()) throw notAFolder();
      return super.watch(child, changed);
    });
  }

  // Changing

  override rename(from: string, to: string): Promise<void> {
    return this.#changed(from, (source) => this.#changed(to, (target) => super.rename(source, target)));
  }

  override link(existing: string, file: string): Promise<void> {
    return this.#changed(existing, (source) => this.#changed(file, (target) => super.link(source, target)));
  }

  override unlink(file: string): Promise<void> {
    return this.#changed(file, (child) => super.unlink(child));
  }

  override unlinkNow(file: string): void {
    this.#change(file);
    this.#atNow(file, (child) => {
      super.unlinkNow(child);
    });
  }

  override makeDir(dir: string): Promise<void> {
    return this.#changed(dir, (child) => super.makeDir(child));
  }

  override removeDir(dir: string): Promise<void> {
    return this.#changed(dir, (child) => super.removeDir(child));
  }
}

function notAFolder(): Error {
  return Object.assign(new Error("It is not a folder."), { code: "ENOTDIR" });
}

function lstatOrNone(file: string): BigIntStats | undefined {
  try {
    return fs.lstatSync(file, { bigint: true });
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

/** Whether one of the folders on the path is a link. */
function hasLink({ domain, names }: Place): boolean {
  return names.some((_, depth) => {
    const stat = lstatOrNone(path.join(domain, ...names.slice(0, depth)));
    return depth > 0 && stat?.isSymbolicLink() === true;
  });
}

function realPathOrNone(file: string): string | undefined {
  try {
    return fs.realpathSync.native(file);
  } catch (error) {
    if (diskCode(error) === undefined) throw error;
    return undefined;
  }
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The earlier failure is more informative.
  }
}
