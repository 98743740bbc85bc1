import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import type { BenchRow } from "./row";

const root = path.join(__dirname, "..");
const runs = 5;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

interface Cost {
  readonly ms: number;
  readonly peakMb: number;
}

/** Runs one mode of `memory-child.ts` in a new process. */
function measured(child: string, ...args: readonly string[]): Cost {
  const { stdout, stderr, status } = spawnSync(process.execPath, [child, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Cost;
}

/** Memory of a session compared with a plain loop's, and how fast its session is loaded by a new process. */
export async function benchMemory(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-memory-"));
  const child = path.join(folder, "child.cjs");
  buildSync({
    entryPoints: [path.join(root, "bench", "memory-child.ts")],
    outfile: child,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    mainFields: ["module", "main"],
    define: { ORKET_VERSION: '"bench"' },
  });
  const hook = path.join(root, "scripts", "transpile-hook.cjs");
  const server = fork(path.join(root, "bench", "loopback-server.ts"), { execArgv: ["-r", hook] });
  const [port] = (await once(server, "message")) as [number];
  const rows: BenchRow[] = [];
  const directories: string[] = [];
  try {
    for (const [steps, atMost] of [
      [1000, 1.2],
      [10_000, 1.5],
    ] as const) {
      const place = mkdtempSync(path.join(folder, "run-"));
      const loop = measured(child, "loop", place, String(steps), String(port));
      const session = measured(child, "session", place, String(steps), String(port));
      const name = `${steps.toLocaleString("en")} steps`;
      rows.push({
        name: `${name}: peak memory`,
        value: session.peakMb / loop.peakMb,
        unit: "× a loop",
        atMost,
        note: `${session.peakMb.toFixed(0)} MB; loop ${loop.peakMb.toFixed(0)} MB`,
      });
      const directory = readFileSync(path.join(place, "session.txt"), "utf8");
      const times = Array.from({ length: runs }, () => ({
        parseMs: measured(child, "parse", directory).ms,
        loadMs: measured(child, "load", directory).ms,
      }));
      measured(child, "keep", directory);
      directories.push(directory);
      rows.push({
        name: `${name}: loaded by a new process`,
        value: median(times.map(({ loadMs, parseMs }) => loadMs / parseMs)),
        unit: "× read+parse",
        ...(steps === 1000 ? { atMost: 2 } : {}),
        note: `read+parse ${median(times.map(({ parseMs }) => parseMs)).toFixed(0)} ms`,
      });
    }
    const [short = "", long = ""] = directories;
    const screens = Array.from({ length: 3 * runs }, () => ({
      shortMs: measured(child, "show", short).ms,
      longMs: measured(child, "show", long).ms,
    }));
    rows.push({
      name: "first screen of 10,000 steps in a new process",
      value: median(screens.map(({ shortMs, longMs }) => longMs / shortMs)),
      unit: "× of 1,000",
      atMost: 1.5,
      note: `shown before; ${median(screens.map(({ longMs }) => longMs)).toFixed(1)} ms`,
    });
    const views = Array.from({ length: runs }, () => ({
      shortMs: measured(child, "view", short).ms,
      longMs: measured(child, "view", long).ms,
    }));
    rows.push({
      name: "all of it, opened meanwhile",
      value: median(views.map(({ shortMs, longMs }) => longMs / shortMs)),
      unit: "× of 1,000",
      note: `${median(views.map(({ longMs }) => longMs)).toFixed(0)} ms; ${median(views.map(({ shortMs }) => shortMs)).toFixed(0)} ms`,
    });
  } finally {
    server.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}
