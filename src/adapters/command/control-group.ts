import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { CommandBounds } from "./bounds";
import { isAlive } from "./copied-view";
import type { Launch } from "./namespace";

/** Where the system shows control groups (cgroup v2), and which one this process is in. */
export interface GroupPlaces {
  readonly root: string;
  readonly self: string;
}

const systemPlaces: GroupPlaces = { root: "/sys/fs/cgroup", self: "/proc/self/cgroup" };

/** Enters the group named first, then becomes the program behind it. */
const enter = `{ echo 0 > "$1/cgroup.procs"; } 2>/dev/null || { echo "cannot enter the control group" >&2; exit 125; }
shift; exec "$@"`;

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function mayWrite(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The control group of one command: the kernel counts and limits what all its processes use, and ends them together. */
export class ControlGroup {
  private constructor(readonly folder: string) {}

  /** @throws {Error} the system refuses it. */
  static create(parent: string, { memoryBytes, processes }: CommandBounds): ControlGroup {
    const folder = path.join(parent, `orket-${process.pid}-${randomBytes(6).toString("hex")}`);
    fs.mkdirSync(folder);
    const group = new ControlGroup(folder);
    try {
      group.#write("memory.max", String(memoryBytes));
      group.#write("memory.oom.group", "1");
      group.#write("pids.max", String(processes));
    } catch (error) {
      group.close();
      throw error;
    }
    try {
      // Not every kernel counts swapped memory.
      group.#write("memory.swap.max", "0");
    } catch {
      // The limit on memory remains.
    }
    return group;
  }

  #write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /** The same program, which enters the group first. */
  launch({ file, args }: Launch): Launch {
    return { file: "/bin/sh", args: ["-c", enter, "orket-limits", this.folder, file, ...args] };
  }

  /** The limit that was reached. */
  reached(): "memory" | "processes" | undefined {
    const counted = (file: string, key: string): boolean =>
      new RegExp(`^${key} [1-9]`, "m").test(textOf(path.join(this.folder, file)));
    if (counted("memory.events", "oom_kill")) return "memory";
    return counted("pids.events", "max") ? "processes" : undefined;
  }

  /** Ends every process in it, whatever session or group of processes it moved to. */
  kill(): void {
    killAll(this.folder);
  }

  /** Ends what is in it, and removes the group as soon as it is empty. */
  close(): void {
    this.kill();
    removeSoon(this.folder, 50);
  }
}

function killAll(folder: string): void {
  try {
    fs.writeFileSync(path.join(folder, "cgroup.kill"), "1");
  } catch {
    // Older than Linux 5.14, or removed: processes are ended as without control groups.
  }
}

/** An ended process leaves its group some time after the signal. */
function removeSoon(folder: string, tries: number): void {
  fs.rmdir(folder, (error) => {
    if (error?.code === "EBUSY" && tries > 0) setTimeout(() => removeSoon(folder, tries - 1), 20).unref();
  });
}

/** Ends and removes the groups of processes of Orket that were killed. */
function removeLeft(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    const pid = /^orket-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    killAll(path.join(parent, name));
    removeSoon(path.join(parent, name), 50);
  }
}

/**
 * The nearest group above this process where it may create groups of its own with limits on memory and processes;
 * undefined where nothing of that kind is delegated to it.
 */
function findParent({ root, self }: GroupPlaces): string | undefined {
  const own = /^0::(\/.*)$/m.exec(textOf(self))?.[1];
  if (own === undefined || own.split("/").includes("..")) return undefined;
  for (let at = own; ; at = path.posix.dirname(at)) {
    const folder = path.join(root, at);
    const controllers = textOf(path.join(folder, "cgroup.subtree_control")).trim().split(" ");
    const limits = controllers.includes("memory") && controllers.includes("pids");
    // The second: a process may only be moved by who may write to the group above both.
    if (limits && mayWrite(folder) && mayWrite(path.join(folder, "cgroup.procs"))) return folder;
    if (at === "/") return undefined;
  }
}

/** The parent, once a process has entered a group below it. */
function tryParent(places: GroupPlaces, bounds: CommandBounds): string | undefined {
  const parent = findParent(places);
  if (parent === undefined) return undefined;
  try {
    removeLeft(parent);
    const group = ControlGroup.create(parent, bounds);
    const { file, args } = group.launch({ file: "true", args: [] });
    const { status } = spawnSync(file, [...args], { timeout: 5000, stdio: "ignore" });
    group.close();
    return status === 0 ? parent : undefined;
  } catch {
    return undefined;
  }
}

const found = new Map<string, string | undefined>();

/** A group for one command, where the system delegates that to this process; tried once per process. */
export function controlGroup(bounds: CommandBounds, places = systemPlaces): ControlGroup | undefined {
  if (process.platform !== "linux") return undefined;
  if (!found.has(places.root)) found.set(places.root, tryParent(places, bounds));
  const parent = found.get(places.root);
  if (parent === undefined) return undefined;
  try {
    return ControlGroup.create(parent, bounds);
  } catch {
    return undefined;
  }
}
