import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent, request } from "undici";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { Consent } from "../src/app/command/consent";
import { digestOf } from "../src/app/command/session-commands";
import { startSession } from "../src/app/session/open";
import type { Definition } from "../src/engine/model/definition";
import { definitionOf, step } from "../test/fakes/engine-harness";
import type { BenchRow } from "./row";

const rounds = 20;
const runs = 5;
const model = "m2000";
const text = "Make it so, and run the check. ".repeat(130);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** A plain loop: a call and a command a round, with a JSON line and an fsync for each. */
async function loop(folder: string, port: number): Promise<void> {
  const file = await open(path.join(folder, "log.jsonl"), "a");
  const dispatcher = new Agent();
  const record = async (line: unknown): Promise<void> => {
    await file.write(`${JSON.stringify(line)}\n`);
    await file.sync();
  };
  for (let round = 0; round < rounds; round += 1) {
    const messages = [{ role: "user", content: text }];
    const body = JSON.stringify({ model, messages });
    const answer = await request(`http://127.0.0.1:${port}/floor`, { method: "POST", dispatcher, body });
    await record({ round, messages, ...((await answer.body.json()) as object) });
    const child = spawn(process.execPath, ["-e", "0"], { cwd: folder });
    const [code] = (await once(child, "exit")) as [number | null];
    await record({ round, code });
  }
  await file.close();
  await dispatcher.close();
}

function definitionAt(port: number): Definition {
  const check = step("check", "command check", { does: { kind: "run", command: "check" }, instruction: "" });
  const definition = definitionOf([
    // Never so: every round runs.
    {
      kind: "loop",
      max: rounds,
      until: { step: "check", verdict: "fail" },
      on_exhausted: "continue",
      body: [step("build", "writer", { instruction: text, reads: [] }), check],
    },
  ]);
  definition.flow.commands = {
    check: {
      argv: [process.execPath, "-e", "0"],
      timeout_seconds: 60,
      env: {},
      network: "none",
      writes: [],
      output: "text",
      isolation: "view",
      effects: "none",
    },
  };
  const endpoint = `http://127.0.0.1:${port}`;
  Object.assign(definition.venue, { provider: "ollama", endpoint, model, context_tokens: 16_384 });
  return definition;
}

/** The same as a session, whose commands run isolated. Returns what isolated them. */
async function session(folder: string, port: number): Promise<string> {
  const definition = definitionAt(port);
  const project = path.join(folder, "project");
  const stateFolder = path.join(folder, "state");
  mkdirSync(project, { recursive: true });
  await new Consent(project, stateFolder).agree(digestOf(definition) ?? "", definition.flow.name);
  const fetch = createHttpFetch();
  const live = await startSession(definition, {
    workDomain: project,
    startDirectory: project,
    engineVersion: "bench",
    startedBy: "library",
    resolveSecret: () => Promise.resolve(""),
    fetch,
    commands: {
      isTrusted: () => true,
      secret: () => Promise.reject(new Error("no secrets")),
      stateFolder,
      runner: { cache: path.join(folder, "cache") },
    },
  });
  let by = "nothing";
  live.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) if (event.type === "command_end") by = event.data.isolated_by ?? "nothing";
    },
  });
  const state = await live.orchestrator.run();
  if (state.outcome !== "completed") throw new Error(state.pause?.message ?? "the flow did not complete");
  await live.close();
  await fetch.close();
  return by;
}

/** A loop of a step and a command, compared with a plain loop whose commands nothing isolates, in turn. */
export async function benchRounds(): Promise<BenchRow[]> {
  if (process.platform === "win32") return [];
  const folder = mkdtempSync(path.join(tmpdir(), "orket-rounds-"));
  const hook = path.join(__dirname, "..", "scripts", "transpile-hook.cjs");
  const server = fork(path.join(__dirname, "loopback-server.ts"), { execArgv: ["-r", hook] });
  const [port] = (await once(server, "message")) as [number];
  try {
    const ratios: number[] = [];
    let by = "";
    // The first finds out what isolates commands here.
    for (let run = 0; run <= runs; run += 1) {
      const place = mkdtempSync(path.join(folder, "run-"));
      const start = performance.now();
      await loop(place, port);
      const between = performance.now();
      by = await session(place, port);
      if (run > 0) ratios.push((performance.now() - between) / (between - start));
    }
    return [
      {
        name: `a loop of ${rounds} rounds, a step and a command each: wall time`,
        value: median(ratios),
        unit: "× floor",
        note: `${by}; the floor's commands are not isolated`,
      },
    ];
  } finally {
    server.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}
