import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import fs from "node:fs";

/** Ends a process that was started with a group of its own, and all processes of the group. */
export function killGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // The group has no process left.
    }
  }
}

/** The variable that marks the processes of one command, whatever group they moved to. */
export const markVariable = "ORKET_COMMAND";

/** Ends all processes of this machine that carry the command's mark, where `/proc` shows it: those that left the group. */
export function killMarked(env: Readonly<Record<string, string>>): void {
  const mark = env[markVariable];
  if (mark === undefined || process.platform !== "linux") return;
  const line = `${markVariable}=${mark}`;
  // A process started during this scan is found in the next round.
  for (let round = 0; round < 5; round += 1) {
    const found = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isMarked(name, line));
    if (found.length === 0) return;
    for (const name of found) killGroup(Number(name), "SIGKILL");
  }
}

function isMarked(name: string, line: string): boolean {
  if (Number(name) === process.pid) return false;
  try {
    return fs.readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(line);
  } catch {
    return false;
  }
}

/** A watcher that was told to stop, or whose group has ended. */
export interface Watcher {
  stop(): void;
}

/** A program that the watcher starts after it has ended the group. */
export interface Removal {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Waits for its input to end without a word; then ends the group and starts the removal: three times, since what was asked
 * for just before may come into being after the first.
 */
const onPosix = `read -r said && exit
kill -KILL -"$1"
shift
[ $# -gt 0 ] && for n in 1 2 3; do
  "$@"
  sleep 1
done`;
const onWindows = `process.stdin.on("data",()=>process.exit()).on("end",async()=>{const {spawnSync}=require("node:child_process");
spawnSync("taskkill",["/PID",process.argv[1],"/T","/F"]);
const [file,...args]=process.argv.slice(2);
for(let n=0;file!==undefined&&n<3;n++){spawnSync(file,args,{windowsHide:true});await new Promise((done)=>setTimeout(done,1000));}
})`;

/**
 * Ends the group when this process ends without notice: the watcher reads a pipe whose other end only this process has,
 * so that it ends after `kill -9` too.
 */
export function watchGroup(pid: number, removal?: Removal): Watcher {
  const options: SpawnOptions = {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    windowsHide: true,
  };
  const then = removal === undefined ? [] : [removal.file, ...removal.args];
  const watcher: ChildProcess =
    process.platform === "win32"
      ? spawn(process.execPath, ["-e", onWindows, String(pid), ...then], {
          ...options,
          env: { ...process.env, ...removal?.env, ELECTRON_RUN_AS_NODE: "1" },
        })
      : spawn("/bin/sh", ["-c", onPosix, "orket-watch", String(pid), ...then], {
          ...options,
          env: { ...removal?.env },
        });
  watcher.on("error", () => undefined);
  watcher.stdin?.on("error", () => undefined);
  watcher.unref();
  return {
    stop: () => {
      watcher.stdin?.end("done\n");
    },
  };
}
