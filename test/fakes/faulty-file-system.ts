import { type FileSystem, NodeFileSystem } from "../../src/adapters/files/file-system";

/** One operation of the disk, as a test sees it. */
export interface Operation {
  /** Number of the operation, from 1, of those that change the disk. */
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

/** As if the process were gone: nothing reaches the disk any more. */
export class Killed extends Error {}

/**
 * A disk that fails where a test says. `before` runs ahead of each changing operation and may throw; `torn` makes a
 * failing write leave its first bytes, as a real one may.
 */
export class FaultyFileSystem extends NodeFileSystem {
  count = 0;
  readonly log: string[] = [];
  before: (operation: Operation) => void = () => undefined;
  after: (operation: Operation) => void = () => undefined;
  /** Bytes that a failing write leaves behind. */
  torn = 0;
  private dead = false;

  constructor() {
    super();
    return new Proxy(this, {
      get: (target, key, receiver) => {
        const value: unknown = Reflect.get(target, key, receiver);
        if (typeof key !== "string" || typeof value !== "function" || key === "kill") return value;
        const method = value as (...args: unknown[]) => unknown;
        if (!changing.has(key)) return (...args: unknown[]) => this.alive(() => method.apply(target, args));
        return (...args: unknown[]) =>
          this.operate(key as keyof FileSystem, args, () => method.apply(target, args));
      },
    });
  }

  /** From now on every operation fails. */
  kill(): never {
    this.dead = true;
    throw new Killed("The process was killed.");
  }

  private alive<T>(run: () => T): T {
    if (this.dead) return Promise.reject(new Killed("The process was killed.")) as T;
    return run();
  }

  private operate(name: keyof FileSystem, args: unknown[], run: () => unknown): unknown {
    const synchronous = name === "writeNow" || name === "unlinkNow";
    const operation = { number: 0, name, args };
    const begin = (): void => {
      if (this.dead) throw new Killed("The process was killed.");
      this.count += 1;
      operation.number = this.count;
      this.log.push(name);
      try {
        this.before(operation);
      } catch (error) {
        if (this.torn > 0 && (name === "write" || name === "writeNow")) {
          const [handle, bytes, position] = args as [number, Uint8Array, number];
          NodeFileSystem.prototype.writeNow.call(this, handle, bytes.subarray(0, this.torn), position);
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
    return (async () => {
      begin();
      const result = await run();
      this.after(operation);
      return result;
    })();
  }
}
