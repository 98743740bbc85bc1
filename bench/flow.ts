import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent, request } from "undici";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { startSession } from "../src/app/session/open";
import type { PlanNode } from "../src/engine/model/definition";
import { defined } from "../src/engine/model/defined";
import { definitionOf, step } from "../test/fakes/engine-harness";
import type { BenchRow } from "./row";

/** Sizes of a flow's steps: bytes of the prompt besides the earlier reports, and of the reply. */
interface Load {
  readonly steps: number;
  readonly promptBytes: number;
  readonly replyBytes: number;
  /** How often each step reads a file before it replies. */
  readonly toolCalls?: number;
  /** So many steps at a time, in a parallel group. */
  readonly branches?: number;
  /** Without this both providers are measured, five times each. */
  readonly once?: boolean;
}

const modelOf = ({ replyBytes, toolCalls }: Load): string =>
  `m${replyBytes}${toolCalls === undefined ? "" : `t${toolCalls}`}`;

const notesFile = "notes.txt";
const notes = "What the team should know.\n".repeat(20);

/** Like real prompts: one half that every step repeats (the role's), one half of the step's own. */
function textsOf({ promptBytes }: Load, number: number): { system: string; own: string } {
  const half = Math.max(0, Math.floor(promptBytes / 2));
  const fill = (word: string): string =>
    `${word} `.repeat(Math.ceil(half / (word.length + 1))).slice(0, half);
  return { system: `You listen. ${fill("carefully")}`, own: fill(`step-${number}`) };
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Journal bytes per step. */
  readonly bytesAStep: number;
  /** Wall time of the last tenth of the steps, compared with the first tenth. */
  readonly growth: number;
}

/** Runs `work` in a new folder; creating and removing the folder is not measured. */
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

type FloorMessage = Readonly<Record<string, unknown>>;

/**
 * The durable floor: a plain loop, one JSONL line and one fsync per model call. Its prompts are the session's, word for word
 * where possible: the task, the last four reports, and the step with the report before it.
 */
function floor(load: Load, port: number): Promise<Cost> {
  const { steps, branches = 1 } = load;
  return measured(steps, async (folder) => {
    writeFileSync(path.join(folder, notesFile), notes);
    const file = await open(path.join(folder, "log.jsonl"), "a");
    const agent = new Agent({ keepAliveTimeout: 60_000 });
    const model = modelOf(load);
    const replies: string[] = [];
    let bytes = 0;
    const stepEndsMs: number[] = [];
    const ask = async (number: number): Promise<string> => {
      let messages = floorPrompt(load, number, replies);
      for (;;) {
        const answer = await request(`http://127.0.0.1:${port}/floor`, {
          method: "POST",
          dispatcher: agent,
          body: JSON.stringify({ model, messages }),
        });
        const { reply, call } = (await answer.body.json()) as { reply?: string; call?: unknown };
        const line = `${JSON.stringify({ step: number, at: new Date().toISOString(), messages, reply, call })}\n`;
        bytes += line.length;
        await file.write(line);
        await file.sync();
        if (reply !== undefined) return reply;
        const content = await readFile(path.join(folder, notesFile), "utf8");
        messages = [...messages, { role: "assistant", call }, { role: "tool", content }];
      }
    };
    for (let number = 0; number < steps; number += branches) {
      const group = Array.from({ length: Math.min(branches, steps - number) }, (_, index) => number + index);
      replies.push(...(await Promise.all(group.map(ask))));
      for (const _ of group) stepEndsMs.push(performance.now());
    }
    await file.close();
    await agent.close();
    return { bytes, stepEndsMs };
  });
}

function floorPrompt(load: Load, number: number, replies: readonly string[]): readonly FloorMessage[] {
  const first = Math.max(0, replies.length - 5);
  const reports = replies
    .slice(first, -1)
    .map((reply, index) => `## s${first + index} (listener)\n\n${reply}\n`);
  const { system, own } = textsOf(load, number);
  const prompt = `# Task\n\nMake it so.\n\n# What the steps before reported\n\n${reports.join("\n")}\n# Your step: s${number}\n\nDo step ${number}. ${own} ${replies.at(-1) ?? ""}`;
  return [
    { role: "system", content: system },
    { role: "user", content: prompt },
  ];
}

/** The Score's steps: one after another, or in groups of so many at a time. */
function scoreOf(load: Load): PlanNode[] {
  const { steps, branches = 1, toolCalls = 0 } = load;
  const all = Array.from({ length: steps }, (_, number) => {
    const before = Math.floor(number / branches) * branches - 1;
    return step(`s${number}`, "listener", {
      instruction: `Do step ${number}. ${textsOf(load, number).own} {{steps.s${Math.max(0, before)}.summary}}`,
      max_turns: toolCalls + 2,
      // The floor's prompts hold just these. Without it the window would be filled: at 40 kB, with three times as much.
      reads: [4, 3, 2, 1].flatMap((back) => (before < back ? [] : [`s${before - back}`])),
    });
  });
  if (branches === 1) return all;
  return Array.from({ length: Math.ceil(steps / branches) }, (_, group) => ({
    kind: "parallel",
    branches: all.slice(group * branches, (group + 1) * branches),
  }));
}

/** The same flow as an Orket session, with every layer except the screen. */
function session(load: Load, port: number, provider: "ollama" | "openai"): Promise<Cost> {
  return measured(load.steps, async (folder) => {
    writeFileSync(path.join(folder, notesFile), notes);
    const definition = definitionOf(scoreOf(load));
    const { listener } = definition.band.roles;
    if (listener !== undefined) {
      listener.prompt = textsOf(load, 0).system;
      if (load.toolCalls !== undefined) listener.tools = ["read_file"];
    }
    Object.assign(definition.venue, {
      provider,
      endpoint: `http://127.0.0.1:${port}${provider === "openai" ? "/v1" : ""}`,
      model: modelOf(load),
      context_tokens: 8000 + load.promptBytes + (load.toolCalls ?? 0) * 4000,
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
    await live.close();
    const size = (name: string): number => statSync(path.join(live.directory, name)).size;
    const bytes = size("journal.jsonl") + size("contents");
    return { bytes, stepEndsMs };
  });
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Runs of both before any is measured: the work is compared, not the compilation, which goes on for several thousand steps. */
const warmUps = 8;

const loads: readonly Load[] = [
  { steps: 10, promptBytes: 4096, replyBytes: 100 },
  { steps: 100, promptBytes: 4096, replyBytes: 100 },
  { steps: 1000, promptBytes: 0, replyBytes: 100 },
  { steps: 1000, promptBytes: 4096, replyBytes: 2000 },
  { steps: 1000, promptBytes: 40_960, replyBytes: 2000 },
  { steps: 200, promptBytes: 4096, replyBytes: 2000, toolCalls: 5, once: true },
  { steps: 1000, promptBytes: 4096, replyBytes: 2000, branches: 8, once: true },
  { steps: 10_000, promptBytes: 4096, replyBytes: 2000, once: true },
];

function nameOf({ steps, promptBytes, toolCalls, branches }: Load): string {
  const more = toolCalls === undefined ? "" : `, ${toolCalls} tool calls each`;
  const groups = branches === undefined ? "" : `, ${branches} at a time`;
  return `${steps} steps, ${Math.round(promptBytes / 1024)} kB prompts${more}${groups}`;
}

interface Limits {
  readonly wall: number;
  readonly cpu: number;
}

/** Of a thousand steps in order; other sizes are measured only. */
function limitsOf({ steps, promptBytes, branches }: Load): Limits | undefined {
  if (steps !== 1000 || branches !== undefined) return undefined;
  return promptBytes === 4096 ? { wall: 1.25, cpu: 1.4 } : { wall: 1.5, cpu: 2 };
}

function rowsOf(name: string, load: Load, pairs: readonly { base: Cost; own: Cost }[]): BenchRow[] {
  const limits = limitsOf(load);
  const ratio = (pick: (cost: Cost) => number) =>
    median(pairs.map(({ base, own }) => pick(own) / pick(base)));
  const own = (pick: (cost: Cost) => number) => median(pairs.map((pair) => pick(pair.own)));
  const floorOf = (pick: (cost: Cost) => number) => median(pairs.map(({ base }) => pick(base)));
  return [
    {
      name: `${name}: wall time`,
      value: ratio((cost) => cost.wallMs),
      unit: "× floor",
      ...defined({ atMost: limits?.wall }),
      note: `floor ${floorOf((cost) => cost.wallMs).toFixed(0)} ms`,
    },
    {
      name: `${name}: CPU`,
      value: ratio((cost) => cost.cpuMs),
      unit: "× floor",
      ...defined({ atMost: limits?.cpu }),
    },
    {
      name: `${name}: written beyond what the floor writes`,
      value: own((cost) => cost.bytesAStep) - floorOf((cost) => cost.bytesAStep),
      unit: "bytes a step",
      ...defined({ atMost: limits && 3000 }),
    },
    {
      name: `${name}: last tenth against second`,
      value: own((cost) => cost.growth),
      unit: "×",
      ...defined({ atMost: limits && 1.1 }),
    },
  ];
}

/** Each of the two works after the other as often: what one leaves behind costs the next one, in its caches and its memory. */
async function pairOf(
  load: Load,
  port: number,
  provider: "ollama" | "openai",
  sessionFirst: boolean,
): Promise<{ base: Cost; own: Cost }> {
  if (!sessionFirst) return { base: await floor(load, port), own: await session(load, port, provider) };
  const own = await session(load, port, provider);
  return { base: await floor(load, port), own };
}

/** Flows of 10 to 10,000 steps with realistic prompts, with tool calls, and in parallel, compared with the durable floor, in turn. */
export async function benchFlow(runs = 6): Promise<BenchRow[]> {
  const server = fork(path.join(__dirname, "loopback-server.ts"), { execArgv: process.execArgv });
  const port = await new Promise<number>((resolve) =>
    server.once("message", (message) => resolve(message as number)),
  );
  const rows: BenchRow[] = [];
  try {
    for (const load of loads) {
      for (const provider of load.once === true ? (["ollama"] as const) : (["ollama", "openai"] as const)) {
        const pairs: { base: Cost; own: Cost }[] = [];
        for (let run = 0; run < (load.steps > 1000 ? 0 : warmUps); run += 1) {
          await floor(load, port);
          await session(load, port, provider);
        }
        for (let run = 0; run < (load.once === true ? 1 : runs); run += 1) {
          pairs.push(await pairOf(load, port, provider, run % 2 === 1));
        }
        rows.push(...rowsOf(`${nameOf(load)}, ${provider}`, load, pairs));
      }
    }
  } finally {
    server.disconnect();
  }
  return rows;
}
