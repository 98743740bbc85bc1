import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import type { BenchRow } from "./row";

const root = path.join(__dirname, "..");
const runs = 15;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function wallMs(args: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(status)}`);
  return performance.now() - start;
}

/** The cost of loading the engine, and of asking the command line for its version. */
export function benchStartup(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-startup-"));
  try {
    const entry = path.join(folder, "entry.ts");
    const bundle = path.join(folder, "engine.cjs");
    const engine = path.join(root, "src", "engine");
    writeFileSync(
      entry,
      [
        "orchestrator/orchestrator",
        "orchestrator/start",
        "history/replay",
        "orchestrator/transition",
        "view/session-view",
        "event/codec",
      ]
        .map((file, index) => `export * as m${index} from ${JSON.stringify(path.join(engine, file))};`)
        .join("\n"),
    );
    buildSync({
      entryPoints: [entry],
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: "node",
      format: "cjs",
      mainFields: ["module", "main"],
      nodePaths: [path.join(root, "node_modules")],
    });
    const measure = `const t=performance.now();require(${JSON.stringify(bundle)});process.stdout.write(String(performance.now()-t))`;
    const imports: number[] = [];
    const versions: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      imports.push(Number(spawnSync(process.execPath, ["-e", measure], { encoding: "utf8" }).stdout));
      bare.push(wallMs(["-e", "0"]));
      versions.push(wallMs([path.join(root, "dist", "cli.js"), "--version"]));
    }
    const bareMs = median(bare);
    return Promise.resolve([
      { name: "import of the engine", value: median(imports), unit: "ms", atMost: 60 },
      {
        name: "orket --version",
        value: median(versions) / bareMs,
        unit: "× node -e 0",
        atMost: 3,
        note: `node -e 0: ${bareMs.toFixed(0)} ms`,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
