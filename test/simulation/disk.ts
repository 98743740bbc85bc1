import { constants } from "node:fs";
import type { BigIntStats, Dirent } from "node:fs";
import path from "node:path";
import type { FileSystem, Handle } from "../../src/adapters/files/file-system";
import type { SeededRandom } from "./random";

const { O_CREAT, O_EXCL, O_DIRECTORY, O_TRUNC } = constants;
const sectorBytes = 512;

interface FileNode {
  readonly kind: "file";
  readonly ino: bigint;
  data: Buffer;
  /** What certainly survives a power loss. */
  durable: Buffer;
  links: number;
  changed: bigint;
}
interface FolderNode {
  readonly kind: "folder";
  readonly ino: bigint;
  entries: Map<string, Node>;
  durable: Map<string, Node>;
}
type Node = FileNode | FolderNode;

/** A change of names that may not survive; the system writes these changes to the disk in order. */
type NameChange = () => void;

/** Faults that can be planted, to check that the simulation detects them. */
export interface PlantedFaults {
  /** A sync of this file reports success but does nothing. */
  readonly dropsSyncOf?: string;
  /** A lock's file disappears as soon as it is created. */
  readonly unlocksEarly?: boolean;
  /** Creating a second name over an existing one succeeds anyway. */
  readonly sharesLocks?: boolean;
  /** Renames do not reach the disk when their folder is synced. */
  readonly losesRenames?: boolean;
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** Simulates a process that no longer exists: nothing reaches the disk any more. */
export class Killed extends Error {}

/**
 * A disk in memory that models what a power loss can damage: contents that were never synced (lost, or torn in their
 * sectors), names that were never synced (the last of them lost). The seed decides where it fails, is full, or dies.
 */
export class SimulatedDisk implements FileSystem {
  readonly #root: FolderNode;
  readonly #open = new Map<Handle, { readonly node: Node; readonly path: string }>();
  #nextHandle = 1000;
  #nextIno = 1n;
  #pending: NameChange[] = [];
  #dead = false;
  #tick = 1n;
  /** Number of operations so far that change something. */
  operations = 0;
  /** The operation before which the process dies; infinity: never. */
  killAt = Number.POSITIVE_INFINITY;
  /** The probability that a changing operation fails. */
  failure = 0;
  failureCode = "EIO";
  readonly #random: SeededRandom;
  readonly #faults: PlantedFaults;

  constructor(random: SeededRandom, faults: PlantedFaults = {}) {
    this.#random = random;
    this.#faults = faults;
    this.#root = this.#folder();
  }

  #folder(): FolderNode {
    return { kind: "folder", ino: (this.#nextIno += 1n), entries: new Map(), durable: new Map() };
  }

  /** Creates a folder that existed before the start. */
  make(dir: string): void {
    let at = this.#root;
    for (const name of dir.split("/").filter((one) => one !== "")) {
      let next = at.entries.get(name);
      if (next === undefined) {
        next = this.#folder();
        at.entries.set(name, next);
        at.durable.set(name, next);
      }
      if (next.kind !== "folder") throw diskError("ENOTDIR");
      at = next;
    }
  }

  /** Whether the process has died. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Every existing path. */
  *paths(): Generator<string> {
    const below = function* (node: FolderNode, at: string): Generator<string> {
      for (const [name, child] of node.entries) {
        yield `${at}/${name}`;
        if (child.kind === "folder") yield* below(child, `${at}/${name}`);
      }
    };
    yield* below(this.#root, "");
  }

  /** The process is dead; its files are closed. With a power loss, the seed decides what is lost of the unsynced data. */
  crash(powerLoss: boolean): void {
    this.#dead = false;
    this.killAt = Number.POSITIVE_INFINITY;
    this.#open.clear();
    if (!powerLoss) return;
    const kept = this.#random.below(this.#pending.length + 1);
    for (const change of this.#pending.splice(0).slice(0, kept)) change();
    const settle = (folder: FolderNode): void => {
      folder.entries = new Map(folder.durable);
      for (const child of folder.entries.values()) {
        if (child.kind === "folder") settle(child);
        else this.#tear(child);
      }
    };
    settle(this.#root);
  }

  /** What remains of a file's contents: for each sector that differs, the old or the new one. */
  #tear(file: FileNode): void {
    const { data, durable } = file;
    if (data.equals(durable)) return;
    const length = this.#random.pick([durable.length, data.length, Math.max(durable.length, data.length)]);
    const left = Buffer.alloc(length);
    durable.copy(left, 0, 0, length);
    for (let at = 0; at < length; at += sectorBytes) {
      if (!this.#random.chance(0.5)) continue;
      const end = Math.min(at + sectorBytes, length);
      left.fill(0, at, end);
      if (at < data.length) data.copy(left, at, at, Math.min(end, data.length));
    }
    file.data = left;
    file.durable = Buffer.from(left);
  }

  // Paths

  #split(file: string): string[] {
    const held = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/.exec(file);
    const whole = held === null ? file : `${this.#handle(Number(held[1])).path}${held[2] ?? ""}`;
    return path
      .normalize(whole)
      .split("/")
      .filter((name) => name !== "");
  }

  #find(names: readonly string[]): Node {
    let at: Node = this.#root;
    for (const name of names) {
      if (at.kind !== "folder") throw diskError("ENOTDIR");
      const next = at.entries.get(name);
      if (next === undefined) throw diskError("ENOENT");
      at = next;
    }
    return at;
  }

  #parent(file: string): { folder: FolderNode; name: string } {
    const names = this.#split(file);
    const folder = this.#find(names.slice(0, -1));
    if (folder.kind !== "folder") throw diskError("ENOTDIR");
    return { folder, name: names.at(-1) ?? "" };
  }

  #handle(handle: Handle): { readonly node: Node; readonly path: string } {
    const open = this.#open.get(handle);
    if (open === undefined) throw diskError("EBADF");
    return open;
  }

  #file(handle: Handle): FileNode {
    const { node } = this.#handle(handle);
    if (node.kind !== "file") throw diskError("EISDIR");
    return node;
  }

  #alive(): void {
    if (this.#dead) throw new Killed("The process was killed.");
  }

  #change(): void {
    this.#alive();
    this.operations += 1;
    if (this.operations >= this.killAt) {
      this.#dead = true;
      throw new Killed("The process was killed.");
    }
    if (this.failure > 0 && this.#random.chance(this.failure)) throw diskError(this.failureCode);
  }

  #names(...changes: NameChange[]): void {
    this.#pending.push(() => {
      for (const change of changes) change();
    });
  }

  /** Runs the work immediately and returns a promise, even if it throws. */
  #later<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(work());
    });
  }

  open(file: string, flags: number): Promise<Handle> {
    return this.#later(() => {
      if ((flags & O_CREAT) !== 0) this.#change();
      else this.#alive();
      const names = this.#split(file);
      const { folder, name } = names.length === 0 ? { folder: this.#root, name: "" } : this.#parent(file);
      let node: Node | undefined = names.length === 0 ? this.#root : folder.entries.get(name);
      if (node !== undefined && (flags & O_EXCL) !== 0) throw diskError("EEXIST");
      if (node === undefined) {
        if ((flags & O_CREAT) === 0) throw diskError("ENOENT");
        const made: FileNode = {
          kind: "file",
          ino: (this.#nextIno += 1n),
          data: Buffer.alloc(0),
          durable: Buffer.alloc(0),
          links: 1,
          changed: (this.#tick += 1n),
        };
        node = made;
        folder.entries.set(name, made);
        this.#names(() => folder.durable.set(name, made));
      }
      if ((flags & O_DIRECTORY) !== 0 && node.kind !== "folder") throw diskError("ENOTDIR");
      if (node.kind === "file" && (flags & O_TRUNC) !== 0) node.data = Buffer.alloc(0);
      const handle = (this.#nextHandle += 1);
      this.#open.set(handle, { node, path: `/${names.join("/")}` });
      return handle;
    });
  }

  close(handle: Handle): Promise<void> {
    return this.#later(() => {
      this.#open.delete(handle);
    });
  }

  read(handle: Handle, buffer: Uint8Array, position: number): Promise<number> {
    return this.#later(() => {
      this.#alive();
      const { data } = this.#file(handle);
      if (position >= data.length) return 0;
      return data.copy(buffer, 0, position, Math.min(data.length, position + buffer.length));
    });
  }

  write(handle: Handle, bytes: Uint8Array, position: number): Promise<void> {
    return this.#later(() => this.writeNow(handle, bytes, position));
  }

  writeNow(handle: Handle, bytes: Uint8Array, position: number): void {
    const file = this.#file(handle);
    try {
      this.#change();
    } catch (error) {
      // A write that fails, or during which the process dies, may leave its beginning.
      if (bytes.length > 0) this.#put(file, bytes.subarray(0, this.#random.below(bytes.length)), position);
      throw error;
    }
    this.#put(file, bytes, position);
  }

  #put(file: FileNode, bytes: Uint8Array, position: number): void {
    const length = Math.max(file.data.length, position + bytes.length);
    const next = Buffer.alloc(length);
    file.data.copy(next);
    next.set(bytes, position);
    file.data = next;
    file.changed = this.#tick += 1n;
  }

  sync(handle: Handle): Promise<void> {
    return this.#later(() => {
      this.#change();
      const { node, path: where } = this.#handle(handle);
      if (node.kind === "folder") {
        for (const change of this.#pending.splice(0)) change();
      } else if (path.basename(where) !== this.#faults.dropsSyncOf) node.durable = Buffer.from(node.data);
    });
  }

  syncData(handle: Handle): Promise<void> {
    return this.sync(handle);
  }

  truncate(handle: Handle, length: number): Promise<void> {
    return this.#later(() => {
      this.#change();
      const file = this.#file(handle);
      const next = Buffer.alloc(length);
      file.data.copy(next, 0, 0, length);
      file.data = next;
      file.changed = this.#tick += 1n;
    });
  }

  chmod(): Promise<void> {
    return Promise.resolve();
  }

  // Reading

  #stats(node: Node): BigIntStats {
    const isFile = node.kind === "file";
    const changed = isFile ? node.changed : 1n;
    return {
      ino: node.ino,
      dev: 1n,
      mode: isFile ? 0o100644n : 0o40755n,
      nlink: isFile ? BigInt(node.links) : 2n,
      size: isFile ? BigInt(node.data.length) : 0n,
      mtimeNs: changed,
      ctimeNs: changed,
      mtimeMs: changed,
      isFile: () => isFile,
      isDirectory: () => !isFile,
      isSymbolicLink: () => false,
      isFIFO: () => false,
      isSocket: () => false,
    } as unknown as BigIntStats;
  }

  statHandle(handle: Handle): Promise<BigIntStats> {
    return this.#later(() => this.#stats(this.#handle(handle).node));
  }

  stat(file: string): Promise<BigIntStats> {
    return this.#later(() => this.statNow(file));
  }

  lstat(file: string): Promise<BigIntStats> {
    return this.stat(file);
  }

  statNow(file: string): BigIntStats {
    this.#alive();
    return this.#stats(this.#find(this.#split(file)));
  }

  identityNow(file: string): string {
    const { ino, mtimeNs } = this.statNow(file);
    return `${ino} ${mtimeNs}`;
  }

  readFile(file: string): Promise<Buffer> {
    return this.#later(() => this.readFileNow(file));
  }

  readFileNow(file: string): Buffer {
    this.#alive();
    const node = this.#find(this.#split(file));
    if (node.kind !== "file") throw diskError("EISDIR");
    return Buffer.from(node.data);
  }

  readDir(dir: string): Promise<Dirent[]> {
    return this.#later(() => {
      this.#alive();
      const node = this.#find(this.#split(dir));
      if (node.kind !== "folder") throw diskError("ENOTDIR");
      return [...node.entries].map(
        ([name, { kind }]) =>
          ({
            name,
            isFile: () => kind === "file",
            isDirectory: () => kind === "folder",
            isSymbolicLink: () => false,
          }) as unknown as Dirent,
      );
    });
  }

  realPath(file: string): Promise<string> {
    return this.#later(() => {
      const names = this.#split(file);
      this.#find(names);
      return `/${names.join("/")}`;
    });
  }

  readLink(file: string): Promise<string> {
    const held = /^\/proc\/self\/fd\/(\d+)$/.exec(file);
    if (held === null) return Promise.reject(diskError("EINVAL"));
    return this.#later(() => this.#handle(Number(held[1])).path);
  }

  // Names

  rename(from: string, to: string): Promise<void> {
    return this.#later(() => {
      this.#change();
      const source = this.#parent(from);
      const target = this.#parent(to);
      const node = source.folder.entries.get(source.name);
      if (node === undefined) throw diskError("ENOENT");
      const there = target.folder.entries.get(target.name);
      if (there?.kind === "folder" && node.kind === "file") throw diskError("EISDIR");
      source.folder.entries.delete(source.name);
      target.folder.entries.set(target.name, node);
      if (this.#faults.losesRenames === true) return;
      this.#names(
        () => source.folder.durable.delete(source.name),
        () => target.folder.durable.set(target.name, node),
      );
    });
  }

  link(existing: string, file: string): Promise<void> {
    return this.#later(() => {
      this.#change();
      const node = this.#find(this.#split(existing));
      if (node.kind !== "file") throw diskError("EPERM");
      const { folder, name } = this.#parent(file);
      if (folder.entries.has(name) && this.#faults.sharesLocks !== true) throw diskError("EEXIST");
      if (this.#faults.unlocksEarly === true) return;
      node.links += 1;
      folder.entries.set(name, node);
      this.#names(() => folder.durable.set(name, node));
    });
  }

  unlink(file: string): Promise<void> {
    return this.#later(() => this.unlinkNow(file));
  }

  unlinkNow(file: string): void {
    this.#change();
    const { folder, name } = this.#parent(file);
    const node = folder.entries.get(name);
    if (node === undefined) throw diskError("ENOENT");
    if (node.kind === "folder") throw diskError("EISDIR");
    node.links -= 1;
    folder.entries.delete(name);
    this.#names(() => folder.durable.delete(name));
  }

  makeDir(dir: string): Promise<void> {
    return this.#later(() => {
      this.#change();
      const { folder, name } = this.#parent(dir);
      if (folder.entries.has(name)) throw diskError("EEXIST");
      const made = this.#folder();
      folder.entries.set(name, made);
      this.#names(() => folder.durable.set(name, made));
    });
  }

  removeDir(dir: string): Promise<void> {
    return this.#later(() => {
      this.#change();
      const { folder, name } = this.#parent(dir);
      const node = folder.entries.get(name);
      if (node?.kind !== "folder") throw diskError(node === undefined ? "ENOENT" : "ENOTDIR");
      if (node.entries.size > 0) throw diskError("ENOTEMPTY");
      folder.entries.delete(name);
      this.#names(() => folder.durable.delete(name));
    });
  }

  watch(): () => void {
    return () => undefined;
  }
}
