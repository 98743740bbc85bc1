import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent, request } from "undici";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { startSession } from "../src/app/session/open";
import { definitionOf, step } from "../test/fakes/engine-harness";
import type { BenchRow } from "./row";

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Journal bytes a step. */
  readonly bytesAStep: number;
  /** Wall time of the last tenth of the steps, against the first tenth. */
  readonly growth: number;
}

/** Runs `work` in a new folder; making and removing the folder is not measured. */
async function measured(
  steps: number,
  work: (folder: string) => Promise<{ bytes: number; stepEndsMs: readonly number[] }>,
): Promise<Cost> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-bench-"));
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { bytes, stepEndsMs } = await work(folder);
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  rmSync(folder, { recursive: true });
  const tenth = Math.max(1, Math.floor(steps / 10));
  const span = (from: number, to: number) => (stepEndsMs[to] ?? 0) - (stepEndsMs[from] ?? 0);
  const growth = span(steps - 1 - tenth, steps - 1) / Math.max(0.001, span(tenth - 1, 2 * tenth - 1));
  return { wallMs, cpuMs: (user + system) / 1000, bytesAStep: bytes / steps, growth };
}

/**
 * The durable floor: a plain loop, one JSONL line and one fsync a step. Its prompts are the session's, word for word as
 * far as that goes: the task, the last four reports, and the step with the report before it.
 */
function floor(steps: number, port: number): Promise<Cost> {
  return measured(steps, async (folder) => {
    const file = await open(path.join(folder, "log.jsonl"), "a");
    const agent = new Agent({ keepAliveTimeout: 60_000 });
    const replies: string[] = [];
    let bytes = 0;
    const stepEndsMs: number[] = [];
    for (let number = 0; number < steps; number += 1) {
      const first = Math.max(0, replies.length - 5);
      const reports = replies
        .slice(first, -1)
        .map((reply, index) => `## s${first + index} (listener)\n\n${reply}\n`);
      const prompt = `# Task\n\nMake it so.\n\n# What the steps before reported\n\n${reports.join("\n")}\n# Your step: s${number}\n\nDo step ${number}. ${replies.at(-1) ?? ""}`;
      const messages = [
        { role: "system", content: "You listen." },
        { role: "user", content: prompt },
      ];
      const answer = await request(`http://127.0.0.1:${port}/floor`, {
        method: "POST",
        dispatcher: agent,
        body: JSON.stringify({ messages }),
      });
      const { reply } = (await answer.body.json()) as { reply: string };
      replies.push(reply);
      const line = `${JSON.stringify({ step: number, at: new Date().toISOString(), messages, reply })}\n`;
      bytes += line.length;
      await file.write(line);
      await file.sync();
      stepEndsMs.push(performance.now());
    }
    await file.close();
    await agent.close();
    return { bytes, stepEndsMs };
  });
}

/** The same flow as an Orket session, every layer included but the screen. */
function session(steps: number, port: number, provider: "ollama" | "openai"): Promise<Cost> {
  return measured(steps, async (folder) => {
    const definition = definitionOf(
      Array.from({ length: steps }, (_, number) =>
        step(`s${number}`, "listener", {
          instruction: `Do step ${number}. {{steps.s${Math.max(0, number - 1)}.summary}}`,
        }),
      ),
    );
    Object.assign(definition.venue, {
      provider,
      endpoint: `http://127.0.0.1:${port}${provider === "openai" ? "/v1" : ""}`,
      model: "m",
      context_tokens: 2300,
    });
    const live = await startSession(definition, {
      workDomain: folder,
      startDirectory: folder,
      engineVersion: "bench",
      startedBy: "library",
      resolveSecret: () => Promise.resolve(""),
      fetch: createHttpFetch(),
    });
    const stepEndsMs: number[] = [];
    live.orchestrator.listen({
      onEvents: (events) => {
        for (const event of events) if (event.type === "step_end") stepEndsMs.push(performance.now());
      },
    });
    const state = await live.orchestrator.run();
    if (state.outcome !== "completed") throw new Error(state.pause?.message ?? "the flow did not complete");
    const bytes = statSync(path.join(live.directory, "journal.jsonl")).size;
    await live.close();
    return { bytes, stepEndsMs };
  });
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Runs of both before any is measured: what is compared is the work, not the compiling of it. */
const warmUps = 4;

/** Flows of 10, 100 and 1,000 steps beside the durable floor, in turn. */
export async function benchFlow(runs = 5): Promise<BenchRow[]> {
  const server = fork(path.join(__dirname, "loopback-server.ts"), { execArgv: process.execArgv });
  const port = await new Promise<number>((resolve) =>
    server.once("message", (message) => resolve(message as number)),
  );
  const rows: BenchRow[] = [];
  try {
    for (const steps of [10, 100, 1000]) {
      for (const provider of ["ollama", "openai"] as const) {
        const pairs: { base: Cost; own: Cost }[] = [];
        for (let run = 0; run < warmUps; run += 1) {
          await floor(steps, port);
          await session(steps, port, provider);
        }
        for (let run = 0; run < runs; run += 1) {
          pairs.push({ base: await floor(steps, port), own: await session(steps, port, provider) });
        }
        const limit = steps === 1000;
        const name = `${steps} steps, ${provider}`;
        const ratio = (pick: (cost: Cost) => number) =>
          median(pairs.map(({ base, own }) => pick(own) / pick(base)));
        const own = (pick: (cost: Cost) => number) => median(pairs.map((pair) => pick(pair.own)));
        const floorMs = median(pairs.map(({ base }) => base.wallMs));
        rows.push({
          name: `${name}: wall time`,
          value: ratio((cost) => cost.wallMs),
          unit: "× floor",
          ...(limit ? { atMost: 1.5 } : {}),
          note: `floor ${floorMs.toFixed(0)} ms`,
        });
        rows.push({
          name: `${name}: CPU`,
          value: ratio((cost) => cost.cpuMs),
          unit: "× floor",
          ...(limit ? { atMost: 2 } : {}),
        });
        if (!limit) continue;
        rows.push({
          name: `${name}: journal`,
          value: own((cost) => cost.bytesAStep),
          unit: "bytes a step",
          atMost: 3000,
        });
        rows.push({
          name: `${name}: last tenth against second`,
          value: own((cost) => cost.growth),
          unit: "×",
          atMost: 1.5,
        });
      }
    }
  } finally {
    server.disconnect();
  }
  return rows;
}
