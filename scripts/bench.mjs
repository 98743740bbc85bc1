/*
 * `npm run bench`: builds as for a release, since that is what people wait for, then runs bench/index.ts with
 * whatever arguments were given.
 */
import path from "node:path";
import { build } from "../esbuild.mjs";
import { root, run } from "./bootstrap.mjs";

await build({ release: true });
const hook = path.join(root, "scripts", "transpile-hook.cjs");
process.exitCode = await run(process.execPath, ["-r", hook, "bench/index.ts", ...process.argv.slice(2)]);
