/*
 * `npm run bench`: builds as for a release, including the benches, since users run that build, then runs them
 * with the given arguments.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import esbuild from "esbuild";
import { build } from "../esbuild.mjs";
import { root, run } from "./bootstrap.mjs";

await build({ release: true });
const hook = path.join(root, "scripts", "transpile-hook.cjs");
// Beside its sources, so that __dirname stays correct.
const outfile = path.join(root, "bench", "bench.cjs");
await esbuild.build({
  entryPoints: [path.join(root, "bench", "index.ts")],
  outfile,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  legalComments: "none",
  define: { ORKET_VERSION: JSON.stringify("bench") },
  // Packages with files beside them, and modules that find their own by where they lie.
  external: ["esbuild", "playwright-core", "./panels", "../test/integration/*"],
  supported: { "dynamic-import": false },
  logLevel: "warning",
});
// The threads of views find it beside the code that starts them.
const threadFile = path.join(root, "bench", "view-worker.js");
await esbuild.build({
  entryPoints: [path.join(root, "src", "adapters", "command", "view-worker.ts")],
  outfile: threadFile,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "cjs",
});
try {
  process.exitCode = await run(process.execPath, ["-r", hook, outfile, ...process.argv.slice(2)]);
} finally {
  rmSync(outfile);
  rmSync(threadFile);
}
