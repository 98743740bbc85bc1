import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { pace } from "../until";

/*
 * VS Code's own server, as npm ships it in code-server: the workbench in a browser, the extension host in Node. It
 * listens on the loopback only, knows no token, and keeps everything in a folder of its own, so that nothing of the
 * machine's user leaks into a test or the other way round.
 */

export const root = path.resolve(__dirname, "../..");

export type Settings = Readonly<Record<string, unknown>>;

export interface ServerOptions {
  /** Where the server keeps user data; made, and removed at the end, when not given. */
  readonly dataFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Should the workbench ask whether the folder is trusted? Off, as in most tests: everything is. */
  readonly askForTrust?: boolean;
  /** Install this extension, instead of loading it for development with the page. */
  readonly installed?: boolean;
  /** Install the extensions of test/integration/fixtures: a vendor of language models and a tool, a virtual folder. */
  readonly models?: boolean;
  /** @default a free one */
  readonly port?: number;
}

export interface WorkbenchServer {
  readonly port: number;
  readonly dataFolder: string;
  /** What the server prints, for when something goes wrong. */
  readonly logFile: string;
  /** Kills it with everything that it started, without a word to any of them, and starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing that opens by itself, asks the network or changes a screenshot from one day to the next. */
export const quietSettings: Settings = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.autoDetectColorScheme": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

interface TestHost {
  readonly node: string;
  readonly entry: string;
  readonly cwd: string;
}

function findTestHost(): TestHost {
  const script = path.join(root, "scripts/setup-test-host.mjs");
  return JSON.parse(execFileSync(process.execPath, [script, "--json"], { encoding: "utf8" })) as TestHost;
}

/**
 * A free port from below those that systems hand out by themselves: the server takes it seconds later, and other
 * suites open connections meanwhile.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const probe = net.createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.on("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

async function untilItAnswers(port: number, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The VS Code server ended at once; its log is ${logFile}`);
    }
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
      await response.body?.cancel();
      if (response.status < 400) return;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline)
      throw new Error(`The VS Code server did not answer within a minute; its log is ${logFile}`);
    await pace(100);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signalGroup(child, "SIGTERM");
    const patience = setTimeout(() => signalGroup(child, "SIGKILL"), 3000);
    await ended;
    clearTimeout(patience);
  }
  // Extension hosts wait for a server that may come back; this one does not.
  signalGroup(child, "SIGKILL");
}

export async function startServer(options: ServerOptions = {}): Promise<WorkbenchServer> {
  const host = findTestHost();
  const dataFolder = options.dataFolder ?? (await mkdtemp(path.join(os.tmpdir(), "orket-vscode-")));
  const settingsFile = path.join(dataFolder, "data", "User", "settings.json");
  // Those of an earlier start stay as the user has changed them.
  if (!existsSync(settingsFile)) {
    await mkdir(path.dirname(settingsFile), { recursive: true });
    await writeFile(settingsFile, `${JSON.stringify(quietSettings, null, 2)}\n`);
  }

  if (options.installed === true) {
    const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
      version: string;
    };
    const extensions = path.join(dataFolder, "extensions");
    await mkdir(extensions, { recursive: true });
    // What lies there at the first start counts as installed.
    await symlink(root, path.join(extensions, `orket.orket-${version}`), "dir");
  }
  if (options.models === true) {
    // What lies there at the first start counts as installed. The page loads one extension under development only.
    const fixtures = path.join(root, "test/integration/fixtures");
    for (const name of await readdir(fixtures)) {
      const installed = path.join(dataFolder, "extensions", `orket-test.${name}-0.0.1`);
      await cp(path.join(fixtures, name), installed, { recursive: true });
    }
  }
  const port = options.port ?? (await freePort());
  const args = [
    host.entry,
    ...["--host", "127.0.0.1", "--port", String(port), "--server-data-dir", dataFolder],
    ...["--without-connection-token", "--accept-server-license-terms", "--telemetry-level", "off"],
    // Without it the built workbench ignores the payload that loads an extension under development.
    "--enable-smoke-test-driver",
    ...(options.askForTrust === true ? [] : ["--disable-workspace-trust"]),
  ];
  const logFile = path.join(root, "test-output", "server", `${port}.log`);
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile);
  const start = (): ChildProcess => {
    const started = spawn(host.node, args, {
      cwd: host.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that stopping it takes its extension hosts along.
      detached: true,
    });
    started.stdout.pipe(log, { end: false });
    started.stderr.pipe(log, { end: false });
    return started;
  };
  let child = start();
  const stopWithUs = (): void => signalGroup(child, "SIGKILL");
  process.once("exit", stopWithUs);

  const restart = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signalGroup(child, "SIGKILL");
    await ended;
    child = start();
    await untilItAnswers(port, child, logFile);
  };

  const stop = async (): Promise<void> => {
    process.off("exit", stopWithUs);
    await stopChild(child);
    log.end();
    if (options.dataFolder === undefined) {
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  };
  try {
    await untilItAnswers(port, child, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, dataFolder, logFile, restart, stop };
}

export interface PageOptions {
  /** Runs inside the extension host. */
  readonly testModule?: string;
  /** The extension is installed: nothing is loaded for development. */
  readonly installed?: boolean;
  /** The extension that is loaded for development, where it is another one. */
  readonly extension?: string;
}

/**
 * The page of a workbench with this extension.
 * @param place a folder by its path or address, a `.code-workspace` file by its path; undefined for an empty window
 */
export function workbenchUrl(
  port: number,
  place: string | undefined,
  { testModule, installed = false, extension = root }: PageOptions = {},
): string {
  const remote = (file: string): string => `vscode-remote://127.0.0.1:${port}${file}`;
  const payload = [
    ...(installed ? [] : [["extensionDevelopmentPath", remote(extension)]]),
    ...(testModule === undefined ? [] : [["extensionTestsPath", remote(testModule)]]),
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  const key = place === undefined ? "ew" : place.endsWith(".code-workspace") ? "workspace" : "folder";
  const query = new URLSearchParams({ [key]: place ?? "true", payload: JSON.stringify(payload) });
  return `http://127.0.0.1:${port}/?${query}`;
}
