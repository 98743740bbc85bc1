/*
 * `npm start`: from a fresh clone to an editor with Orket, on a copy of a sample project. Desktop VS Code when
 * `code` is on the PATH; otherwise VS Code's server, whose address any browser can open.
 *
 *   npm start -- [--fresh] [--browser] [--port N] [FOLDER]
 */
import { root, underProjectNode } from "./bootstrap.mjs";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const windows = process.platform === "win32";

function parse(args) {
  const options = { fresh: false, browser: false, port: undefined, folder: undefined };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (arg === "--fresh") options.fresh = true;
    else if (arg === "--browser") options.browser = true;
    else if (arg === "--port") options.port = Number(args[(index += 1)]);
    else if (arg.startsWith("-") || options.folder) throw new Error(`npm start does not know ${arg}`);
    else options.folder = path.resolve(arg);
  }
  if (options.port !== undefined && !(options.port > 0 && options.port < 65536)) {
    throw new Error("--port wants a number from 1 to 65535");
  }
  return options;
}

/** The user's own sample project: kept between starts, since sessions and accepted files are stored in it. */
function scratchProject(fresh) {
  const folder = path.join(root, "scratch", "shapes");
  if (fresh) rmSync(folder, { recursive: true, force: true });
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    const sample = path.join(root, "examples", "shapes");
    if (existsSync(sample)) cpSync(sample, folder, { recursive: true });
  }
  return folder;
}

function hasDesktopCode() {
  return spawnSync("code", ["--version"], { stdio: "ignore", shell: windows, timeout: 20_000 }).status === 0;
}

function openDesktop(folder) {
  const args = ["--new-window", `--extensionDevelopmentPath=${root}`, folder];
  const { status } = spawnSync("code", args, { stdio: "inherit", shell: windows });
  if (status !== 0) throw new Error(`code ended with ${status}`);
  console.log(`Opened VS Code with Orket on ${folder}.`);
}

function openBrowser(url) {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  const opener = { darwin: ["open", url], win32: ["cmd", "/c", "start", "", url] }[process.platform] ?? [
    "xdg-open",
    url,
  ];
  const child = spawn(opener[0], opener.slice(1), { stdio: "ignore", detached: true });
  // Without a program to open it, the address is only printed.
  child.on("error", () => undefined);
  child.unref();
}

async function serve(folder, port) {
  const require = createRequire(import.meta.url);
  require("./transpile-hook.cjs");
  const { startServer, workbenchUrl } = require("../test/integration/server.ts");
  const dataFolder = path.join(root, "scratch", ".vscode-data");
  mkdirSync(dataFolder, { recursive: true });
  const server = await startServer({ dataFolder, ...(port ? { port } : {}) });
  const url = workbenchUrl(server.port, folder);
  console.log(`\nOrket is open on ${folder}\n\n  ${url}\n\nCtrl+C stops it.`);
  openBrowser(url);
  await new Promise((resolve) => {
    // A terminal signals us and our parent, which signals us again: the second signal must not cut the shutdown short.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, resolve);
    // A killed npm sends no signal; its children only see that they have another parent.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && resolve(), 1000).unref();
  });
  console.log("\nStopping …");
  await server.stop();
}

async function main(args) {
  const options = parse(args);
  if (options.folder && !existsSync(options.folder)) throw new Error(`${options.folder} does not exist`);
  const { build } = await import("../esbuild.mjs");
  await build();
  const folder = options.folder ?? scratchProject(options.fresh);
  if (readdirSync(folder).length === 0)
    console.log("The folder is empty: run the command “Orket: New Flow” in it.");
  if (!options.browser && !options.port && hasDesktopCode()) openDesktop(folder);
  else await serve(folder, options.port);
}

await underProjectNode(import.meta.url, main);
