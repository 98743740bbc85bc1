import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.resolve(__dirname, "../..");
/** The built command line: what users get. */
export const cliFile = process.env.ORKET_CLI ?? path.join(root, "dist", "cli.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Sees the process and what it has printed so far, with every piece of output. */
  readonly watch?: (child: ChildProcess, stdout: string, stderr: string) => void;
}

/** What a user of this test run has decided; no test touches the real one. */
const stateHome = mkdtempSync(path.join(os.tmpdir(), "orket-state-"));
process.once("exit", () => {
  rmSync(stateHome, { recursive: true, force: true });
});

/** Runs `orket` in a process of its own, without a terminal. */
export function orket(args: readonly string[], options: SpawnOptions = {}): Promise<Finished> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NO_COLOR: undefined,
    ORKET_DEBUG: undefined,
    ORKET_STATE_HOME: stateHome,
    ...options.env,
  };
  const child = spawn(process.execPath, [cliFile, ...args], { cwd: options.cwd ?? os.tmpdir(), env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    stdout += chunk;
    options.watch?.(child, stdout, stderr);
  });
  child.stderr.on("data", (chunk: string) => {
    stderr += chunk;
    options.watch?.(child, stdout, stderr);
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The option that agrees to the commands of a Flow, as its plan names their digest. */
export async function allowCommands(project: string, flow: string): Promise<readonly string[]> {
  const { stdout, stderr } = await orket(["-C", project, "plan", flow, "--json"]);
  if (stdout === "") throw new Error(stderr);
  const { commands } = JSON.parse(stdout) as { commands: { sha256: string } };
  return ["--allow-commands", commands.sha256];
}

const copies = new Set<string>();
process.once("exit", () => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder; removed when the process ends. */
export function emptyFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "orket-cli-"));
  copies.add(folder);
  return folder;
}

/** A copy of a fixture that the test may change. */
export function copyProject(name: string): string {
  const folder = emptyFolder();
  cpSync(path.join(__dirname, "fixtures", name), folder, { recursive: true });
  return folder;
}

export interface Line {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly prev: string;
}

/** The folder of the project's only session. */
export function onlySession(project: string): string {
  const sessions = path.join(project, ".orket", "sessions");
  const [name, ...more] = readdirSync(sessions);
  if (name === undefined || more.length > 0) throw new Error(`${more.length + 1} sessions in ${sessions}`);
  return path.join(sessions, name);
}

/** The journal as it stands, with its chain checked the way the format says it. */
export function readJournal(session: string): Line[] {
  const text = readFileSync(path.join(session, "journal.jsonl"), "utf8");
  if (!text.endsWith("\n")) throw new Error("the journal's last line is torn");
  let prev = "0".repeat(64);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line, index) => {
      const parsed = JSON.parse(line) as Line;
      if (parsed.seq !== index) throw new Error(`line ${index + 1} has seq ${parsed.seq}`);
      if (parsed.prev !== prev) throw new Error(`the chain breaks at line ${index + 1}`);
      prev = createHash("sha256").update(line).digest("hex");
      return parsed;
    });
}

/** Digests of the files below a folder, by their paths. */
export function digestsBelow(folder: string): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const place = path.relative(folder, file).split(path.sep).join("/");
    digests[place] = createHash("sha256").update(readFileSync(file)).digest("hex");
  }
  return digests;
}
