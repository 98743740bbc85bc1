import { OrketFileSystem } from "../../src/adapters/files/orket-gate";
import type { FileSystem, Handle } from "../../src/adapters/files/file-system";

/** One operation of the disk, as a test sees it. */
export interface Operation {
  /** Number of the operation, from 1, counting only those that change the disk. */
  readonly number: number;
  readonly name: keyof FileSystem;
  readonly args: readonly unknown[];
}

const changing: ReadonlySet<string> = new Set([
  "open",
  "write",
  "writeNow",
  "sync",
  "syncData",
  "truncate",
  "chmod",
  "rename",
  "link",
  "unlink",
  "unlinkNow",
  "makeDir",
  "removeDir",
]);

export function diskFailure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** Simulates a process that no longer exists: nothing reaches the disk any more. */
export class Killed extends Error {}

/**
 * A disk that fails where a test specifies. `before` runs ahead of each changing operation and may throw; `torn` makes a
 * failing write leave its first bytes, as a real one may.
 */
export class FaultyFileSystem extends OrketFileSystem {
  count = 0;
  readonly log: string[] = [];
  before: (operation: Operation) => void = () => undefined;
  after: (operation: Operation) => void = () => undefined;
  /** Bytes that a failing write leaves behind; below 1: that fraction of them. */
  torn = 0;
  /** Whether operations that change nothing are also counted and stopped. */
  everything = false;
  /** Skips waiting for the disk to sync, which only a power loss would reveal. */
  unsynced = false;
  #dead = false;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #handles = new Set<Handle>();
  /** Closed by `bury`: work that outlives its failure may close them once more, when the number is another file's. */
  readonly #buried = new Set<Handle>();

  constructor() {
    super();
    return new Proxy(this, {
      get: (target, key) => {
        // Private fields belong to the target; a proxy has none.
        const value: unknown = Reflect.get(target, key, target);
        if (typeof key !== "string" || typeof value !== "function") return value;
        const method = value as (...args: unknown[]) => unknown;
        if (own.has(key)) return method.bind(target);
        if (!changing.has(key) && (!this.everything || key === "watch"))
          return (...args: unknown[]) => this.#alive(key, args, () => method.apply(target, args));
        return (...args: unknown[]) =>
          this.#operate(key as keyof FileSystem, args, () => method.apply(target, args));
      },
      // What a test sets must also be set for the methods, which see the target.
      set: (target, key, value) => Reflect.set(target, key, value),
    });
  }

  override sync(handle: Handle): Promise<void> {
    return this.unsynced ? Promise.resolve() : super.sync(handle);
  }

  override syncData(handle: Handle): Promise<void> {
    return this.unsynced ? Promise.resolve() : super.syncData(handle);
  }

  get killed(): boolean {
    return this.#dead;
  }

  /** From now on every operation fails. */
  kill(): never {
    this.die();
    throw new Killed("The process was killed.");
  }

  /** Like `kill`, for a place that must not throw. */
  die(): void {
    this.#dead = true;
  }

  /** What the system does for a dead process: pending operations end, and its files are closed. */
  async bury(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    const handles = [...this.#handles];
    this.#handles.clear();
    for (const handle of handles) this.#buried.add(handle);
    await Promise.all(handles.map((handle) => OrketFileSystem.prototype.close.call(this, handle)));
  }

  #alive(name: string, args: readonly unknown[], run: () => unknown): unknown {
    if (this.#dead) {
      const killed = new Killed("The process was killed.");
      if (name.endsWith("Now")) throw killed;
      return Promise.reject(killed);
    }
    return this.#closing(name, args) ? Promise.resolve() : this.#watched(run());
  }

  /** Notes that a handle is closed. @returns whether it was already. */
  #closing(name: string, args: readonly unknown[]): boolean {
    if (name !== "close") return false;
    const handle = args[0] as Handle;
    this.#handles.delete(handle);
    return this.#buried.delete(handle);
  }

  #watched(result: unknown): unknown {
    if (result instanceof Promise) {
      const settled = result.catch(() => undefined).finally(() => this.#underWay.delete(settled));
      this.#underWay.add(settled);
    }
    return result;
  }

  #operate(name: keyof FileSystem, args: unknown[], run: () => unknown): unknown {
    const synchronous = name.endsWith("Now");
    const operation = { number: 0, name, args };
    const begin = (): void => {
      if (this.#dead) throw new Killed("The process was killed.");
      this.count += 1;
      operation.number = this.count;
      this.log.push(name);
      try {
        this.before(operation);
      } catch (error) {
        if (this.torn > 0 && (name === "write" || name === "writeNow")) {
          const [handle, bytes, position] = args as [number, Uint8Array, number];
          const length = this.torn < 1 ? Math.floor(bytes.length * this.torn) : this.torn;
          OrketFileSystem.prototype.writeNow.call(this, handle, bytes.subarray(0, length), position);
        }
        throw error;
      }
    };
    if (synchronous) {
      begin();
      const result = run();
      this.after(operation);
      return result;
    }
    const whole = async (): Promise<unknown> => {
      begin();
      if (this.#closing(name, args)) return undefined;
      const result = await run();
      if (name === "open") {
        this.#handles.add(result as Handle);
        this.#buried.delete(result as Handle);
      }
      this.after(operation);
      return result;
    };
    return this.#watched(whole());
  }
}

const own: ReadonlySet<string> = new Set(["kill", "die", "bury", "before", "after"]);
