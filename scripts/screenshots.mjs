/*
 * `npm run screenshots`: the README's pictures into docs/images, from a real workbench on the sample project. With
 * `--all` also those that the person suite takes during its run, into test-output/screenshots; pictures of an earlier run
 * are removed first, so that none is out of date.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run, underProjectNode } from "./bootstrap.mjs";

await underProjectNode(import.meta.url, async (args) => {
  const { build } = await import("../esbuild.mjs");
  const { testHost } = await import("./setup-test-host.mjs");
  await build();
  testHost();
  const hook = path.join(root, "scripts", "transpile-hook.cjs");
  const images = path.join(root, "test", "person", "images.ts");
  const status = await run(process.execPath, ["-r", hook, images]);
  if (!args.includes("--all")) return status;

  const folder = path.join(root, "test-output", "screenshots");
  rmSync(folder, { recursive: true, force: true });
  const suite = await run(process.execPath, [path.join(root, "scripts", "test.mjs"), "person"]);
  if (existsSync(folder)) for (const name of readdirSync(folder).sort()) console.log(path.join(folder, name));
  return status === 0 ? suite : status;
});
