import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import type { BenchRow } from "./row";

const root = path.join(__dirname, "..");
const cli = path.join(root, "dist", "cli.js");
const runs = 15;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function wallMs(args: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(status)}`);
  return performance.now() - start;
}

function bundle(folder: string, name: string, source: string): string {
  const entry = path.join(folder, `${name}.ts`);
  const outfile = path.join(folder, `${name}.cjs`);
  writeFileSync(entry, source);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    mainFields: ["module", "main"],
    nodePaths: [path.join(root, "node_modules")],
  });
  return outfile;
}

function engineBundle(folder: string): string {
  const engine = path.join(root, "src", "engine");
  const files = [
    "orchestrator/orchestrator",
    "orchestrator/start",
    "history/replay",
    "orchestrator/transition",
    "view/session-view",
    "event/codec",
  ];
  return bundle(
    folder,
    "engine",
    files
      .map((file, index) => `export * as m${index} from ${JSON.stringify(path.join(engine, file))};`)
      .join("\n"),
  );
}

/** A project with one Flow of one step, whose Venue is a server on this machine. */
function makeProject(folder: string, port: number): string {
  const project = path.join(folder, "project");
  mkdirSync(project);
  const files: Readonly<Record<string, string>> = {
    "small.flow.yaml":
      "name: small\nband: small\nvenue: small\nscore: small\ntask: Say hello.\napproval: none\n",
    "small.band.yaml": "name: small\nroles:\n  worker:\n    prompt: Work.\n    tools: [read_file]\n",
    "small.venue.yaml": `name: small\nprovider: ollama\nendpoint: http://127.0.0.1:${port}\nmodel: bench\n`,
    "small.score.yaml": "name: small\nsteps:\n  - id: only\n    role: worker\n",
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(path.join(project, name), `version: 1\n${text}`);
  return project;
}

/** Runs a process to its end, while this one answers it. */
async function ended(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(code)}`);
}

/** Wall time from starting the process until its request for a chat arrives. The process is ended then. */
async function untilRequest(arrival: () => Promise<void>, args: readonly string[]): Promise<number> {
  const arrived = arrival();
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const early = closed.then(() => {
    throw new Error(`node ${args.join(" ")} ended without a request`);
  });
  await Promise.race([arrived, early]);
  const ms = performance.now() - start;
  early.catch(() => undefined);
  child.kill("SIGKILL");
  await closed;
  return ms;
}

/** From the start of a process to its first call of a model: `orket run`, and a script with the same HTTP client. */
async function firstRequest(folder: string): Promise<BenchRow> {
  let told: (() => void) | undefined;
  const arrival = (): Promise<void> => new Promise((resolve) => (told = resolve));
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url === "/api/chat" && told !== undefined) return told();
      if (request.url === "/api/chat") {
        const message = { role: "assistant", content: "Hello." };
        return response.end(
          `${JSON.stringify({ model: "bench", message, done: true, done_reason: "stop" })}\n`,
        );
      }
      // What a Venue is asked before the first step: its models.
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ models: [{ name: "bench", model: "bench", details: {} }], model_info: {} }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const bare = bundle(
      folder,
      "bare",
      `import { request } from "undici";
       import { readFileSync } from "node:fs";
       const prompt = readFileSync(${JSON.stringify(path.join(folder, "prompt.txt"))}, "utf8");
       void request("http://127.0.0.1:${port}/api/chat", {
         method: "POST",
         body: JSON.stringify({ model: "bench", messages: [{ role: "user", content: prompt }] }),
       });`,
    );
    writeFileSync(path.join(folder, "prompt.txt"), "Say hello.");
    const project = makeProject(folder, port);
    const times: { bareMs: number; ownMs: number }[] = [];
    // A process that is killed leaves no compiled code for the next one: this one, which ends, stands for the user's run before.
    await ended([cli, "-C", project, "run", "small"]);
    for (let run = 0; run < runs; run += 1) {
      times.push({
        bareMs: await untilRequest(arrival, [bare]),
        ownMs: await untilRequest(arrival, [cli, "-C", project, "run", "small"]),
      });
    }
    return {
      name: "orket run, until its first model call",
      value: median(times.map(({ bareMs, ownMs }) => ownMs / bareMs)),
      unit: "× a script",
      atMost: 2,
      note: `script: ${median(times.map(({ bareMs }) => bareMs)).toFixed(0)} ms`,
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The cost of loading the engine, of asking the command line for its version, and of coming to the first model call. */
export async function benchStartup(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-startup-"));
  try {
    const engine = engineBundle(folder);
    const imports: number[] = [];
    const versions: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const bareMs = wallMs(["-e", "0"]);
      imports.push(wallMs(["-e", `require(${JSON.stringify(engine)})`]) / bareMs);
      versions.push(wallMs([cli, "--version"]) / bareMs);
    }
    const unit = "× node -e 0";
    return [
      { name: "a process that imports the engine", value: median(imports), unit },
      { name: "orket --version", value: median(versions), unit, atMost: 1.5 },
      await firstRequest(folder),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
