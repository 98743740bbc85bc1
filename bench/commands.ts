import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { NodeCommandRunner } from "../src/adapters/command/runner";
import type { RunnerOptions } from "../src/adapters/command/runner";
import { CancelSource } from "../src/engine/port/cancellation";
import type { BenchRow } from "./row";

const runs = 9;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Files of 1 kB, a hundred per folder. */
function writeFiles(folder: string, count: number): void {
  const text = `${"x".repeat(1023)}\n`;
  for (let number = 0; number < count; number += 1) {
    const into = path.join(folder, `src/part-${Math.floor(number / 100)}`);
    if (number % 100 === 0) mkdirSync(into, { recursive: true });
    writeFileSync(path.join(into, `file-${number}.txt`), text);
  }
}

/** A `node_modules` of this many bytes, in files of half a megabyte. */
function writeModules(folder: string, bytes: number): void {
  const piece = Buffer.alloc(512 * 1024, "m");
  for (let number = 0; number * piece.length < bytes; number += 1) {
    const into = path.join(folder, "node_modules", `package-${Math.floor(number / 20)}`);
    if (number % 20 === 0) mkdirSync(into, { recursive: true });
    writeFileSync(path.join(into, `part-${number}.js`), piece);
  }
}

interface Place {
  readonly folder: string;
  readonly project: string;
}

async function inProject<T>(files: number, work: (place: Place) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "orket-bench-commands-")));
  const project = path.join(folder, "project");
  mkdirSync(project);
  try {
    writeFiles(project, files);
    return await work({ folder, project });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The duration of a command from the call to its result, in milliseconds, and what isolated it. */
async function timed(
  { folder, project }: Place,
  source: string,
  options: Partial<RunnerOptions> = {},
): Promise<{ readonly ms: number; readonly by: string }> {
  const runner = new NodeCommandRunner({
    workDomain: project,
    policy: { read_scope: ["workspace", "domain"], write_scope: ["workspace"], allow: [] },
    secret: () => Promise.reject(new Error("no secrets")),
    agreed: () => Promise.resolve(undefined),
    cache: path.join(folder, "cache"),
    ...options,
  });
  const start = performance.now();
  const { end, isolatedBy = "nothing" } = await runner.run(
    {
      run: "bench",
      name: "bench",
      spec: {
        argv: [process.execPath, "-e", source],
        timeout_seconds: 300,
        env: {},
        network: "none",
        writes: [],
        output: "text",
        isolation: "view",
        effects: "none",
      },
      argv: [process.execPath, "-e", source],
      env: {},
      overlay: [],
      read: () => Promise.resolve(new Uint8Array()),
    },
    () => undefined,
    new CancelSource(),
  );
  const ms = performance.now() - start;
  if (end.kind !== "exited" || end.code !== 0) throw new Error(JSON.stringify(end));
  return { ms, by: isolatedBy };
}

function bareMs(source: string, cwd: string): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ["-e", source], { cwd });
  if (status !== 0) throw new Error(`node -e ${source} ended with ${String(status)}`);
  return performance.now() - start;
}

/** The cost of a command compared with the bare one, in a project of 1,000 files. */
async function overhead(): Promise<BenchRow[]> {
  return inProject(1000, async (place) => {
    const rows: BenchRow[] = [];
    // The first command finds out what isolates commands here, and creates what later views are copied from.
    const only: Partial<RunnerOptions>[] = [{}, { sandbox: "missing" }];
    for (const options of only) await timed(place, "0", options);
    for (const options of only) {
      for (const [name, source, atMost, times] of [
        ["command of nothing, view of 1,000 files", "0", 6, runs],
        ["command of 1 s, view of 1,000 files", "setTimeout(()=>0,1000)", 1.2, 3],
      ] as const) {
        const bare: number[] = [];
        const own: number[] = [];
        let by = "";
        for (let run = 0; run < times; run += 1) {
          bare.push(bareMs(source, place.project));
          const one = await timed(place, source, options);
          own.push(one.ms);
          ({ by } = one);
        }
        rows.push({
          name,
          value: median(own) / median(bare),
          unit: "× bare",
          atMost,
          note: `${by}; bare ${median(bare).toFixed(0)} ms`,
        });
      }
    }
    return rows;
  });
}

/** Views of a large project compared with `cp -r` of it, which has the same files to write. */
async function largeViews(): Promise<BenchRow[]> {
  return inProject(50_000, async (place) => {
    writeModules(place.project, 2 ** 30);
    const times = { cp: [] as number[], first: [] as number[], later: [] as number[], best: [] as number[] };
    let name = "";
    // Alternating, so that what else the machine does falls on all. Nothing is removed before the end: ext4 passes over
    // the inodes that were removed within the last 35 seconds one by one, so that the next copy takes several times as long.
    for (let round = 0; round < 2; round += 1) {
      const copy = path.join(place.folder, `copy-${round}`);
      const start = performance.now();
      if (spawnSync("cp", ["-r", place.project, copy]).status !== 0) throw new Error("cp failed");
      times.cp.push(performance.now() - start);
      const cache = path.join(place.folder, `cache-${round}`);
      const view = async (options: Partial<RunnerOptions>): Promise<number> => {
        const { ms, by } = await timed(place, "0", { ...options, cache });
        name = by;
        return ms;
      };
      times.first.push(await view({ sandbox: "missing" }));
      for (let run = 0; run < 3; run += 1) times.later.push(await view({ sandbox: "missing" }));
      // The first one finds out what isolates commands there.
      for (let run = 0; run < 3; run += 1) times.best.push(await view({}));
    }
    // The fastest of each: nothing but load makes one slower.
    const copyMs = Math.min(...times.cp);
    const note = `50,000 files, 1 GB of packages; cp -r ${copyMs.toFixed(0)} ms`;
    const row = (title: string, ms: readonly number[], atMost: number, by: string): BenchRow => ({
      ...{ name: title, value: Math.min(...ms) / copyMs, unit: "× cp -r", atMost },
      note: `${by}; ${note}`,
    });
    return [
      row("first view of a large project by copy", times.first, 1.1, "a copy"),
      row("later view of a large project by copy", times.later, 0.1, "a copy"),
      row("view at the level that there is", times.best, 0.1, name),
    ];
  });
}

/** Commands: their cost compared with bare ones, and how fast their views are created. */
export async function benchCommands(): Promise<BenchRow[]> {
  if (process.platform === "win32") return [];
  return [...(await overhead()), ...(await largeViews())];
}
