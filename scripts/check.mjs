/*
 * All static checks of the sources, as many at a time as there are cores; each tool keeps its cache under
 * node_modules/.cache, so a second run takes seconds.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const layers = ["src", "webview", "test", "bench"].filter((folder) => existsSync(path.join(root, folder)));

function run(label, script, args) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join("node_modules", script), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("error", (error) => output.push(Buffer.from(String(error))));
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${label} (${seconds} s)`);
      const text = Buffer.concat(output).toString().trimEnd();
      if (code !== 0 || text.startsWith("note:")) console.log(text);
      resolve(code === 0);
    });
  });
}

const types = () => run("types", "typescript/bin/tsc", ["-b", "--pretty", "false"]);
const layering = () =>
  run("layers", "dependency-cruiser/bin/dependency-cruiser.mjs", [
    "--config",
    ".dependency-cruiser.cjs",
    "--output-type",
    "err-long",
    ...layers,
  ]);
const lint = () =>
  run("lint", "eslint/bin/eslint.js", [
    "--max-warnings=0",
    "--cache",
    "--cache-strategy=content",
    "--cache-location=node_modules/.cache/eslint/",
    ".",
  ]);
const format = () =>
  run("format", "prettier/bin/prettier.cjs", [
    "--check",
    "--log-level=warn",
    "--cache",
    "--cache-strategy=content",
    ".",
  ]);

const unused = () =>
  run("unused exports", "knip/bin/knip.js", [
    "--no-progress",
    "--cache",
    "--cache-location",
    "node_modules/.cache/knip",
  ]);

const audit = () => run("packages", path.join("..", "scripts", "audit.mjs"), []);

// The longest first; the audit waits for the network.
const left = [lint, types, format, unused, layering];
const passed = [audit()];
async function lane() {
  for (let step = left.shift(); step !== undefined; step = left.shift()) {
    const result = step();
    passed.push(result);
    await result;
  }
}
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, lane));
process.exitCode = (await Promise.all(passed)).every(Boolean) ? 0 : 1;
