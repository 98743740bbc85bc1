import { fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { definitionOf, step } from "../test/fakes/engine-harness";
import { model, ownText, system } from "./fresh-texts";
import type { BenchRow } from "./row";

const root = path.join(__dirname, "..");
const runs = 9;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function bundle(folder: string, name: string): string {
  const outfile = path.join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [path.join(root, "bench", `${name}.ts`)],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    mainFields: ["module", "main"],
  });
  return outfile;
}

/** Built as users have it: in parts. */
function inParts(folder: string, name: string): string {
  const entries = { [name]: `bench/${name}.ts` };
  const from = pathToFileURL(path.join(root, "esbuild.mjs")).href;
  const script = `import { buildPrograms } from ${JSON.stringify(from)};
    await buildPrograms(${JSON.stringify(entries)}, ${JSON.stringify(folder)});`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return path.join(folder, `${name}.js`);
}

/** Wall time of a process, from its start to its end. Both sides keep their compiled code, as the command line does. */
async function wallMs(cache: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(code)}`);
  return performance.now() - start;
}

/** A project's folder with the definition of so many ordered steps. */
function projectOf(folder: string, steps: number, port: number): string {
  const definition = definitionOf(
    Array.from({ length: steps }, (_, number) => {
      const before = `s${Math.max(0, number - 1)}`;
      return step(`s${number}`, "listener", {
        instruction: `${ownText(number)} {{steps.${before}.summary}}`,
        reads: [before],
      });
    }),
  );
  const { listener } = definition.band.roles;
  if (listener !== undefined) listener.prompt = system;
  const endpoint = `http://127.0.0.1:${port}`;
  Object.assign(definition.venue, { provider: "ollama", endpoint, model, context_tokens: 8192 });
  const project = mkdtempSync(path.join(folder, "run-"));
  writeFileSync(path.join(project, "definition.json"), JSON.stringify(definition));
  return project;
}

/** Short flows with the process that performs them, compared with a plain durable loop's, in turn. */
export async function benchFresh(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-fresh-"));
  const [loop, session] = [bundle(folder, "fresh-loop"), inParts(folder, "fresh-session")];
  const cache = path.join(folder, "code");
  mkdirSync(cache);
  const hook = path.join(root, "scripts", "transpile-hook.cjs");
  const server = fork(path.join(root, "bench", "loopback-server.ts"), { execArgv: ["-r", hook] });
  const [port] = (await once(server, "message")) as [number];
  const rows: BenchRow[] = [];
  try {
    for (const [steps, atMost] of [
      [10, 2.2],
      [100, 1.5],
    ] as const) {
      const times: { loopMs: number; sessionMs: number }[] = [];
      // The first of each only leaves its compiled code.
      for (let run = 0; run <= runs; run += 1) {
        const place = mkdtempSync(path.join(folder, "run-"));
        const project = projectOf(folder, steps, port);
        const loopMs = await wallMs(cache, [loop, place, String(steps), String(port)]);
        const sessionMs = await wallMs(cache, [session, project]);
        if (run > 0) times.push({ loopMs, sessionMs });
      }
      rows.push({
        name: `${steps} steps, 4 kB prompts, the whole process: wall time`,
        value: median(times.map(({ loopMs, sessionMs }) => sessionMs / loopMs)),
        unit: "× floor",
        atMost,
        note: `floor ${median(times.map(({ loopMs }) => loopMs)).toFixed(0)} ms`,
      });
    }
  } finally {
    server.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}
