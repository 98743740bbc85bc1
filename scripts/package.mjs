/*
 * `npm run package`: the .vsix. Everything is bundled, so no package is included (--no-dependencies). A warning from
 * vsce is treated as an error here, because the package is usually about to be published.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";
import { build } from "../esbuild.mjs";
import { root } from "./bootstrap.mjs";

await build({ release: true });

const file = path.join(root, "orket.vsix");
const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [vsce, "package", "--no-dependencies", "--out", file],
  { cwd: root, encoding: "utf8" },
);
process.stdout.write(stdout);
process.stderr.write(stderr);
if (status !== 0) process.exitCode = status ?? 1;
else if (/warning/i.test(stdout + stderr)) {
  console.error("vsce warned, see above: fix it rather than publish it.");
  process.exitCode = 1;
} else {
  const bytes = statSync(file).size;
  console.log(`${path.basename(file)}: ${Math.round(bytes / 1000)} kB`);
  // Every user downloads this with each release.
  if (bytes >= 1_000_000) {
    console.error(
      "The extension must stay below 1 MB: look at what the last change brought into the bundles.",
    );
    process.exitCode = 1;
  }
}
