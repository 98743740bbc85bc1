/*
 * Plain Node, nothing installed: the only script that may run before `npm ci` has. It updates node_modules to the
 * lock file when they differ, then runs the named script with the Node 24 installed there, because the
 * machine's own Node may be older than the tools and the extension host need.
 *
 *   node scripts/bootstrap.mjs SCRIPT [ARGS…]
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const modules = path.join(root, "node_modules");
const stamp = path.join(modules, ".orket-lock");
const windows = process.platform === "win32";

export const projectNode = path.join(modules, "node", "bin", windows ? "node.exe" : "node");

function lockDigest() {
  return createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
}

function isInstalled() {
  if (!existsSync(projectNode)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, "utf8") === lockDigest();
  // `npm install` was run by hand: npm's own record is as good as our stamp, if it is not older than the lock.
  return existsSync(path.join(modules, ".package-lock.json"));
}

/** The environment for everything that is started: the project's Node and tools come first on the PATH. */
export function projectEnvironment() {
  const bins = [path.dirname(projectNode), path.join(modules, ".bin")];
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  return { ...process.env, [key]: [...bins, process.env[key]].filter(Boolean).join(path.delimiter) };
}

function install() {
  process.stderr.write("Installing the project's packages (npm ci) …\n");
  const npm = (...args) =>
    spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: windows,
    }).status ?? 1;
  if (npm("ci") !== 0) {
    throw new Error("npm ci failed; see its message above. Is the npm registry reachable?");
  }
  // npm may be configured to skip install scripts; without this one there is no Node 24.
  if (!existsSync(projectNode)) npm("rebuild", "node", "--ignore-scripts=false");
  if (!existsSync(projectNode)) {
    throw new Error(`The npm package "node" brought no Node for ${process.platform}-${process.arch}.`);
  }
}

export function ensureInstalled() {
  if (isInstalled()) return;
  install();
  writeFileSync(stamp, lockDigest());
}

/**
 * Starts a command and returns its exit code. It shares our terminal, unless `onOutput` takes what it prints. A signal to
 * stop is passed on, and we wait: a VS Code server that outlived the command that started it would go unnoticed.
 */
export async function run(command, args, environment = process.env, onOutput = undefined) {
  const stdio = onOutput === undefined ? "inherit" : ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { cwd: root, stdio, env: environment });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", onOutput);
  const passOn = () => child.kill("SIGTERM");
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    for (const signal of signals) process.off(signal, passOn);
  }
}

/** Runs a script with the project's Node, installing first what is missing; returns its exit code. */
export async function runUnderProjectNode(script, args) {
  ensureInstalled();
  return run(projectNode, [script, ...args], projectEnvironment());
}

/** For a script that users start with any Node: `main` runs with the project's. */
export async function underProjectNode(moduleUrl, main) {
  const args = process.argv.slice(2);
  try {
    ensureInstalled();
    const already = realpathSync(process.execPath) === realpathSync(projectNode);
    process.exitCode = already ? await main(args) : await runUnderProjectNode(fileURLToPath(moduleUrl), args);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [script, ...args] = process.argv.slice(2);
  if (!script) {
    console.error("usage: node scripts/bootstrap.mjs SCRIPT [ARGS…]");
    process.exit(2);
  }
  try {
    process.exitCode = await runUnderProjectNode(path.resolve(root, script), args);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
