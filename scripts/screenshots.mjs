/*
 * `npm run screenshots`: the person suite takes pictures of what it sees on its way; this runs it for their sake and
 * says where they are. Pictures of an earlier run are cleared away first, so that none outlives what it shows.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run } from "./bootstrap.mjs";

const folder = path.join(root, "test-output", "screenshots");
rmSync(folder, { recursive: true, force: true });
process.exitCode = await run(process.execPath, [path.join(root, "scripts", "test.mjs"), "person"]);
if (existsSync(folder)) for (const name of readdirSync(folder).sort()) console.log(path.join(folder, name));
