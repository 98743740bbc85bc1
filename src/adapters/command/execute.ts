import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import type { Readable } from "node:stream";
import type { CommandEnd } from "../../engine/model/command";
import type { Cancellation } from "../../engine/port/cancellation";
import type { CommandOutput } from "../../engine/port/commands";
import { boundEnd } from "./bounds";
import type { BoundEnd, CommandBounds } from "./bounds";
import type { ControlGroup } from "./control-group";
import type { Launch } from "./namespace";
import { OutputText } from "./output";
import { killGroup, killMarked, watchGroup } from "./process-group";
import { usageOf } from "./process-usage";

/**
 * A command whose processes belong to another program, such as a container engine: what is started here only passes on its
 * input and output, and ending that ends nothing.
 */
export interface Apart {
  /** Ends and removes all of it, however far it came. Never rejects. */
  remove(): Promise<void>;
  /** What does the same when this process has ended without notice. */
  readonly removal: Launch & { readonly env: Readonly<Record<string, string>> };
  /** How the command ended, before it is removed. `exit`: how that which was started here ended. */
  end(exit: CommandEnd, output: string): Promise<CommandEnd>;
}

export interface Execution {
  readonly launch: Launch;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutSeconds: number;
  readonly bounds: CommandBounds;
  /** Limits its memory and processes; absent: what they use is watched. */
  readonly group?: ControlGroup;
  /** Its processes are not those of the launch, which limits their memory and number. */
  readonly apart?: Apart;
  /** Values that must not appear in the output. */
  readonly secrets: readonly string[];
  /** Whether the launch reports on descriptor 3 what failed before the command began. */
  readonly reports: boolean;
  /** Ask the command to end before killing it; for one that works on files that are kept. */
  readonly gentle: boolean;
  /** Where free space is watched. */
  readonly disk: string;
  readonly onOutput: (output: CommandOutput) => void;
  readonly cancellation: Cancellation;
}

export interface Executed {
  readonly end: CommandEnd;
  readonly output: string;
  readonly stdout: string;
  readonly durationMs: number;
}

/** How often the use of memory, processes and disk is checked, in milliseconds. */
const watchMs = 200;
/** Time between asking a command to end and killing it, in milliseconds; in total less than the second that a cancel may take. */
const graceMs = 600;
/** Wait for the last output after the process has ended, in milliseconds: another process may still hold the pipe. */
const drainMs = 500;

/** What the launchers report when the command begins: the script's keyword, bubblewrap's status line. */
const begun = /^started|"child-pid"/;

/** What a shell adds to the number of the signal that ended its child. */
const shellSignalBase = 128;
const signals: Readonly<Record<number, string>> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
};

function endOf(code: number | null, signal: NodeJS.Signals | null, byShell: boolean): CommandEnd {
  if (code === null) return { kind: "signalled", signal: signal ?? "SIGKILL" };
  const name = byShell ? signals[code - shellSignalBase] : undefined;
  return name === undefined ? { kind: "exited", code } : { kind: "signalled", signal: name };
}

/** The limit on memory or processes that the command reached: as its control group counts, else as the processes say. */
function reached(pid: number, { bounds, group, apart }: Execution): "memory" | "processes" | undefined {
  if (apart !== undefined) return undefined;
  if (group !== undefined) return group.reached();
  const { memoryBytes, processes } = usageOf(pid);
  if (memoryBytes > bounds.memoryBytes) return "memory";
  return processes > bounds.processes ? "processes" : undefined;
}

/** Checks what the command uses; returns a sentence when that is too much. */
function overuse(pid: number, execution: Execution): BoundEnd | undefined {
  const { bounds, disk } = execution;
  const bound = reached(pid, execution);
  if (bound !== undefined) return boundEnd(bound, bounds);
  try {
    const { bavail, bsize } = fs.statfsSync(disk);
    if (bavail * bsize < bounds.freeBytes) {
      const message = `Less than ${bounds.freeBytes >> 20} MiB are free on the disk of its view.`;
      return { kind: "bound", bound: "files", message };
    }
  } catch {
    // Not every file system reports this.
  }
  return undefined;
}

/** One running process, with everything that can end it. */
class Running {
  readonly #execution: Execution;
  readonly #child: ChildProcess;
  readonly #text: OutputText;
  readonly #started = performance.now();
  #report = "";
  #ended: CommandEnd | undefined;
  #grace: NodeJS.Timeout | undefined;
  #removed: Promise<void> | undefined;

  constructor(execution: Execution) {
    const { group, cwd, env, reports, bounds, secrets, onOutput } = execution;
    const launch = group?.launch(execution.launch) ?? execution.launch;
    this.#execution = execution;
    this.#text = new OutputText(bounds.outputBytes, secrets, onOutput);
    this.#child = spawn(launch.file, [...launch.args], {
      cwd,
      env: { ...env },
      // A session and group of its own: no terminal, and one signal reaches all.
      detached: true,
      windowsHide: true,
      stdio: reports ? ["pipe", "pipe", "pipe", "pipe"] : ["pipe", "pipe", "pipe"],
    });
  }

  async finish(): Promise<Executed> {
    const child = this.#child;
    const { pid } = child;
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const exited = new Promise<CommandEnd>((resolve) => {
      child.once("error", (error) => {
        resolve({ kind: "not_started", message: `${this.#execution.launch.file}: ${error.message}` });
      });
      const { reports, apart } = this.#execution;
      const byShell = reports || apart !== undefined;
      child.once("exit", (code, signal) => resolve(endOf(code, signal, byShell)));
    });
    const watcher = pid === undefined ? undefined : watchGroup(pid, this.#execution.apart?.removal);
    const release = pid === undefined ? (): void => undefined : this.#guard(pid);
    this.#connect();
    let natural = await exited;
    release();
    // The kernel may have ended the command for its memory between two checks.
    const bound = this.#execution.group?.reached();
    if (bound !== undefined) this.#ended ??= boundEnd(bound, this.#execution.bounds);
    if (pid !== undefined) {
      this.#execution.group?.kill();
      killGroup(pid, "SIGKILL");
      killMarked(this.#execution.env);
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
    }
    for (const stream of [child.stdout, child.stderr, child.stdin]) stream?.destroy();
    const { output, stdout } = this.#text.end();
    const durationMs = performance.now() - this.#started;
    const { apart } = this.#execution;
    if (apart !== undefined) {
      if (this.#ended === undefined) natural = await apart.end(natural, output);
      await this.#remove(apart);
    }
    watcher?.stop();
    return { end: this.#endFrom(natural), output, stdout, durationMs };
  }

  #endFrom(natural: CommandEnd): CommandEnd {
    if (this.#ended !== undefined) return this.#ended;
    const { reports } = this.#execution;
    if (natural.kind !== "not_started" && reports && !begun.test(this.#report)) {
      const why = this.#report === "" ? "the namespaces could not be made" : this.#report;
      return { kind: "not_started", message: `The sandbox could not be set up: ${why}.` };
    }
    return natural;
  }

  /** Sets up everything that can end the command early; returns a function that removes it. */
  #guard(pid: number): () => void {
    const { cancellation, timeoutSeconds } = this.#execution;
    const timeout = setTimeout(
      () => this.#stop(pid, { kind: "timeout", seconds: timeoutSeconds }),
      timeoutSeconds * 1000,
    );
    const watch = setInterval(() => {
      const end = overuse(pid, this.#execution);
      if (end !== undefined) this.#stop(pid, end);
    }, watchMs);
    const cancelled = (): void => this.#stop(pid, { kind: "cancelled" });
    cancellation.addEventListener("abort", cancelled, { once: true });
    if (cancellation.aborted) cancelled();
    this.#text.onExceeded = () => {
      const message = `It wrote more than ${this.#text.maxBytes >> 20} MiB of output.`;
      this.#stop(pid, { kind: "bound", bound: "output", message });
    };
    return () => {
      clearTimeout(timeout);
      clearTimeout(this.#grace);
      clearInterval(watch);
      cancellation.removeEventListener("abort", cancelled);
    };
  }

  #stop(pid: number, end: CommandEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    if (this.#execution.apart !== undefined) void this.#remove(this.#execution.apart);
    if (!this.#execution.gentle || end.kind === "bound") {
      killGroup(pid, "SIGKILL");
      return;
    }
    killGroup(pid, "SIGTERM");
    this.#grace = setTimeout(() => killGroup(pid, "SIGKILL"), graceMs);
  }

  #remove(apart: Apart): Promise<void> {
    return (this.#removed ??= apart.remove());
  }

  #connect(): void {
    const { stdin, stdout, stderr, stdio } = this.#child;
    stdout?.on("data", (bytes: Buffer) => this.#text.push("stdout", bytes));
    stderr?.on("data", (bytes: Buffer) => this.#text.push("stderr", bytes));
    const report = stdio[3] as Readable | null | undefined;
    report?.on("data", (bytes: Buffer) => {
      if (this.#report.length < 4000) this.#report += bytes.toString();
    });
    // A command may close the pipe without reading its input.
    stdin?.on("error", () => undefined);
    stdin?.end(this.#execution.stdin ?? "");
  }
}

/** Starts a process and waits until it has ended. It never rejects. */
export async function execute(execution: Execution): Promise<Executed> {
  if (execution.cancellation.aborted) {
    return { end: { kind: "cancelled" }, output: "", stdout: "", durationMs: 0 };
  }
  try {
    return await new Running(execution).finish();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { end: { kind: "not_started", message }, output: "", stdout: "", durationMs: 0 };
  }
}
