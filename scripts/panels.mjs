/*
 * `npm run panels`: every state of both panels in a plain browser, from fixture screens, in each theme and width.
 *
 *   npm run panels -- [--port N]             serves them until it is stopped
 *   npm run panels -- --shots [DIR] [TEXT]   writes a sheet of the states whose name contains TEXT, in three themes
 */
import { createRequire } from "node:module";
import path from "node:path";
import { root, underProjectNode } from "./bootstrap.mjs";

await underProjectNode(import.meta.url, async (args) => {
  const { build } = await import("../esbuild.mjs");
  await build();
  const require = createRequire(import.meta.url);
  require("./transpile-hook.cjs");
  if (args[0] === "--shots") {
    const [, folder = path.join(root, "test-output", "panels"), text = ""] = args;
    const { takePictures } = require("../test/panels/pictures.ts");
    for (const file of await takePictures(path.resolve(folder), text)) console.log(file);
    return 0;
  }
  const port = args[0] === "--port" ? Number(args[1]) : 4747;
  if (!(port > 0 && port < 65536)) throw new Error("--port: expected a number from 1 to 65535");
  const { startPanelServer } = require("../test/panels/server.ts");
  const server = await startPanelServer(port);
  console.log(`Every state of both panels: ${server.url}/ (Ctrl+C stops it)`);
  await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
  });
  await server.close();
  return 0;
});
