/*
 * Installs a real VS Code to test in, from the npm registry alone: the package code-server carries a whole VS Code
 * server and workbench. It is installed beside the project rather than among its dependencies, because its own install
 * script requires native builds that the tests do not need. A stamp records which version is complete; an interrupted
 * install has none and is repeated.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, ".vscode-test", "server");
const stamp = path.join(folder, "complete.json");
const codeServer = "code-server@4.139.1";
const platform = process.platform === "win32" ? "win" : process.platform;
const nodePackage = `node-${platform}-${process.arch}`;
const wanted = JSON.stringify({ codeServer, node: `${nodePackage}@24`, layout: 1 });

const server = path.join(folder, "node_modules", "code-server", "lib", "vscode");
const node = path.join(folder, "node_modules", nodePackage, "bin", platform === "win" ? "node.exe" : "node");

function npm(cwd, ...args) {
  const { status, error } = spawnSync(
    "npm",
    [...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd,
      stdio: ["ignore", 2, 2],
      shell: platform === "win",
      env: { ...process.env, PATH: [path.dirname(node), process.env.PATH].join(path.delimiter) },
    },
  );
  if (error || status !== 0) {
    throw new Error(
      `Could not install the VS Code test host: npm ${args.join(" ")} failed (${error?.message ?? `exit ${status}`}). ` +
        "It needs the npm registry; run `npm test` again when that is reachable.",
    );
  }
}

/** The paths of the test host's Node and VS Code server, installing them first if necessary. */
export function testHost() {
  const complete = existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (!complete) {
    console.error("Installing a VS Code to test in (npm, once, about half a minute) …");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), '{ "name": "orket-test-host", "private": true }\n');
    npm(folder, "install", "--no-save", codeServer, `${nodePackage}@24`);
    npm(server, "install", "--omit=dev");
    writeFileSync(stamp, wanted);
  }
  const logger = path.join(server, "node_modules", "@vscode", "spdlog", "index.js");
  copyFileSync(path.join(import.meta.dirname, "test-host-logger.cjs"), logger);
  return { node, entry: path.join(server, "out", "server-main.js"), cwd: server };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const host = testHost();
  console.log(process.argv.includes("--json") ? JSON.stringify(host) : host.entry);
}
