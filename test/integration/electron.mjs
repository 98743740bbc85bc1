/*
 * The suites of dist/test/integration in a desktop VS Code. It downloads that VS Code, so it is for machines with the
 * open internet; `npm test` runs the same suites in the server build.
 *
 *   npm run test:electron -- [VERSION]     default: stable
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runTests } from "@vscode/test-electron";
import { build } from "../../esbuild.mjs";

const root = path.resolve(import.meta.dirname, "../..");
await build();

const folder = await mkdtemp(path.join(os.tmpdir(), "orket-project-"));
const example = path.join(root, "examples", "shapes");
if (existsSync(example)) await cp(example, folder, { recursive: true });
try {
  process.exitCode = await runTests({
    version: process.argv[2] ?? "stable",
    cachePath: path.join(root, ".vscode-test", "electron"),
    extensionDevelopmentPath: [root, path.join(root, "test", "integration", "fixtures", "models")],
    extensionTestsPath: path.join(root, "dist", "test", "integration", "index.js"),
    extensionTestsEnv: { ORKET_TEST_FOLDER: folder },
    launchArgs: [folder, "--disable-extensions"],
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
