import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";

/** Identifies a process and its machine, so that it is not mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Distinguishes machines of the same name; empty where the system provides nothing suitable. */
  readonly machine: string;
  /** Changes with each boot of the machine; empty where unknown. */
  readonly boot: string;
  /** The set of process numbers that `pid` belongs to: containers have their own. Empty where there is only one. */
  readonly pids: string;
  /** When the process started, as the system reports it; empty where unknown. */
  readonly started: string;
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    return "";
  }
}

/** What the system reports about a process number. */
interface ProcessFacts {
  /** There is certainly no such process any more. */
  readonly gone: boolean;
  /** It is suspended, and runs again when it is continued. */
  readonly suspended: boolean;
  /** Empty where it cannot be known. */
  readonly started: string;
}

/** The state and the start time of a process as `ps` reports them, where there is no /proc. */
function factsByPs(pid: number): Promise<ProcessFacts> {
  return new Promise((resolve) => {
    const environment = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    execFile(
      "ps",
      ["-o", "state=,lstart=", "-p", String(pid)],
      { env: environment, timeout: 5000 },
      (error, stdout) => {
        const [state = "", ...started] = error ? [] : stdout.trim().split(/\s+/);
        resolve({ gone: false, suspended: state.startsWith("T"), started: started.join(" ") });
      },
    );
  });
}

async function factsOf(pid: number): Promise<ProcessFacts> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH")
      return { gone: true, suspended: false, started: "" };
  }
  if (process.platform === "win32") return { gone: false, suspended: false, started: "" };
  if (process.platform !== "linux") return factsByPs(pid);
  const stat = await textOf(`/proc/${pid}/stat`);
  // The name, in parentheses, may contain anything; the state and, 19 fields later, the start time follow it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  return { gone: state === "Z" || state === "X", suspended: state === "T", started: fields[19] ?? "" };
}

let own: Promise<ProcessIdentity> | undefined;

async function lookUp(): Promise<ProcessIdentity> {
  const linux = process.platform === "linux";
  const [machineId, boot, pids, { started }] = await Promise.all([
    linux ? textOf("/etc/machine-id") : Promise.resolve(""),
    linux ? textOf("/proc/sys/kernel/random/boot_id") : Promise.resolve(""),
    linux ? readlink("/proc/self/ns/pid").catch(() => "") : Promise.resolve(""),
    factsOf(process.pid),
  ]);
  // The machine's id is meant to stay on the machine; the identifier used here is derived from it.
  const machine = machineId === "" ? "" : hash("sha256", `orket lock ${machineId}`, "hex").slice(0, 16);
  return { pid: process.pid, host: hostname(), machine, boot, pids, started };
}

/** This process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= lookUp();
  return own;
}

/** Whether a process still runs, as far as can be determined here. */
export type Liveness = "alive" | "suspended" | "dead" | "unknown";

/**
 * Whether the process still runs. `unknown` where that cannot be determined here: another machine, another container.
 * `dead` only when it is certain: a suspended one is alive, and runs again when it is continued.
 */
export async function liveness(other: ProcessIdentity): Promise<Liveness> {
  const self = await ownIdentity();
  if (other.host !== self.host || other.machine !== self.machine) return "unknown";
  if (other.boot !== "" && self.boot !== "" && other.boot !== self.boot) {
    // Without a machine id, another machine of the same name would look the same.
    return self.machine === "" ? "unknown" : "dead";
  }
  if (other.pids !== self.pids) return "unknown";
  const { gone, suspended, started } = await factsOf(other.pid);
  if (gone) return "dead";
  if (started !== "" && other.started !== "" && started !== other.started) return "dead";
  return suspended ? "suspended" : "alive";
}
