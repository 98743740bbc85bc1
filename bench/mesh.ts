import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import type { HttpFetch } from "../src/adapters/provider/http/http-fetch";
import { MeshPool } from "../src/adapters/provider/mesh/mesh-pool";
import { createProvider } from "../src/adapters/provider/provider-factory";
import { startSession } from "../src/app/session/open";
import type { MeshNode } from "../src/engine/model/venue";
import { CancelSource } from "../src/engine/port/cancellation";
import type { ModelDelta, ModelProvider, ModelRequest } from "../src/engine/port/model-provider";
import { FakeNode } from "../test/contract/mesh/mesh-node";
import { definitionOf, step } from "../test/fakes/engine-harness";
import type { BenchRow } from "./row";

const timeouts = { connect_seconds: 10, first_token_seconds: 30, idle_seconds: 30, total_seconds: 60 };
const resolveSecret = (): Promise<string> => Promise.resolve("");
const calls = 300;
const steps = 8;
/** The duration of a call on a node of the speed-up, in milliseconds. */
const callMs = 200;

const request: ModelRequest = {
  messages: [{ role: "user", content: "Plan the package. ".repeat(50) }],
  settings: {
    model: "m",
    context_tokens: 8192,
    max_output_tokens: 2048,
    params: {},
    tool_calls: "auto",
  },
  tools: [],
  origin: { session: "s", stepId: "plan", stepKey: "plan", role: "architect", answeredCalls: 0 },
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const nodesAt = (ports: readonly number[], delayMs: number): MeshNode[] =>
  ports.map((port, index) => ({
    name: `n${index}`,
    provider: "ollama",
    endpoint: `http://127.0.0.1:${port}/d/${delayMs}`,
    slots: 1,
  }));

interface Cost {
  readonly wholeMs: number;
  readonly firstMs: number;
}

/** Calls one after the other: the median time of a call and to its first delta. */
async function timed(provider: ModelProvider): Promise<Cost> {
  const whole: number[] = [];
  const first: number[] = [];
  const never = new CancelSource();
  for (let call = 0; call < calls; call += 1) {
    const start = performance.now();
    let firstMs: number | undefined;
    await provider.call(request, () => (firstMs ??= performance.now() - start), never);
    whole.push(performance.now() - start);
    first.push(firstMs ?? NaN);
  }
  return { wholeMs: median(whole), firstMs: median(first) };
}

/** A call through a mesh of four nodes compared with the same call to one of them, in turn. */
async function overhead(ports: readonly number[], fetch: HttpFetch, runs: number): Promise<BenchRow[]> {
  const pool = new MeshPool();
  const deps = { resolveSecret, fetch, mesh: pool };
  const nodes = nodesAt(ports, 0);
  const mesh = await createProvider({ provider: "mesh", model: "m", nodes, timeouts }, deps);
  const bare = await createProvider({ provider: "ollama", endpoint: nodes[0]?.endpoint, timeouts }, deps);
  const pairs: { bare: Cost; mesh: Cost }[] = [];
  await timed(bare);
  await timed(mesh);
  for (let run = 0; run < runs; run += 1) {
    pairs.push({ bare: await timed(bare), mesh: await timed(mesh) });
  }
  pool.close();
  const ratio = (pick: (cost: Cost) => number): number =>
    median(pairs.map((pair) => pick(pair.mesh) / pick(pair.bare)));
  const addedMs = median(pairs.map((pair) => pair.mesh.wholeMs - pair.bare.wholeMs));
  return [
    {
      name: "mesh: a call, answered at once",
      value: ratio(({ wholeMs }) => wholeMs),
      unit: "× bare call",
      atMost: 1.5,
      note: `adds ${addedMs.toFixed(2)} ms`,
    },
    {
      name: "mesh: time to first token",
      value: ratio(({ firstMs }) => firstMs),
      unit: "× bare call",
      atMost: 1.5,
    },
  ];
}

/** A session with a parallel group of independent steps, on a mesh that starts cold. */
async function flowMs(nodes: readonly MeshNode[], fetch: HttpFetch): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-bench-"));
  const branches = Array.from({ length: steps }, (_, number) => step(`s${number}`, "listener"));
  const definition = definitionOf([{ kind: "parallel", branches }]);
  Object.assign(definition.venue, { provider: "mesh", model: "m", nodes, timeouts });
  const mesh = new MeshPool();
  const live = await startSession(definition, {
    workDomain: folder,
    startDirectory: folder,
    engineVersion: "bench",
    startedBy: "library",
    resolveSecret,
    fetch,
    mesh,
  });
  const start = performance.now();
  const state = await live.orchestrator.run();
  const tookMs = performance.now() - start;
  if (state.outcome !== "completed") throw new Error(state.pause?.message ?? "the flow did not complete");
  await live.close();
  mesh.close();
  rmSync(folder, { recursive: true });
  return tookMs;
}

async function speedUp(ports: readonly number[], fetch: HttpFetch, runs: number): Promise<BenchRow[]> {
  const nodes = nodesAt(ports, callMs);
  const times = new Map<number, number[]>([1, 2, 4].map((count) => [count, []]));
  await flowMs(nodes, fetch);
  for (let run = 0; run < runs; run += 1) {
    for (const [count, list] of times) list.push(await flowMs(nodes.slice(0, count), fetch));
  }
  const one = times.get(1) ?? [];
  return [
    { count: 2, atLeast: 1.8 },
    { count: 4, atLeast: 3.4 },
  ].map(({ count, atLeast }) => {
    // The fastest of each: other load on the machine only adds.
    const fastest = Math.min(...(times.get(count) ?? []));
    return {
      name: `mesh: ${steps} independent steps on ${count} nodes`,
      value: Math.min(...one) / fastest,
      unit: "× as fast",
      atLeast,
      note: `one node ${Math.min(...one).toFixed(0)} ms, ${count} nodes ${fastest.toFixed(0)} ms`,
    };
  });
}

/** The time from a node's failure in mid-stream to the first text from another node. */
async function recovery(fetch: HttpFetch, runs: number): Promise<BenchRow> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const dying = await new FakeNode("dying").start();
    const other = await new FakeNode("other").start();
    const pool = new MeshPool();
    const nodes = [dying.spec(), other.spec()];
    const deps = { resolveSecret, fetch, mesh: pool };
    const mesh = await createProvider({ provider: "mesh", model: "m", nodes, timeouts }, deps);
    dying.fate = () => "stall";
    let killedMs: number | undefined;
    let backMs: number | undefined;
    const show = (): void => {
      if (killedMs !== undefined) backMs ??= performance.now();
      killedMs ??= performance.now();
      void dying.kill();
    };
    const count = (delta: ModelDelta): void => {
      if (delta.kind === "text") show();
    };
    const reply = await mesh.call(request, count, new CancelSource());
    if (reply.failovers?.length !== 1) throw new Error("the call did not move");
    times.push((backMs ?? NaN) - (killedMs ?? NaN));
    pool.close();
    await other.kill();
  }
  return {
    name: "mesh: text again after a node's death",
    value: Math.max(...times) / 2000,
    unit: "× 2 s",
    atMost: 1,
    note: `at most ${Math.max(...times).toFixed(0)} ms`,
  };
}

/** The cost of the mesh per call, and the gain of a flow from more nodes. */
export async function benchMesh(runs = 5): Promise<BenchRow[]> {
  const server = fork(path.join(__dirname, "mesh-nodes.ts"), { execArgv: process.execArgv });
  const ports = await new Promise<number[]>((resolve) =>
    server.once("message", (message) => resolve(message as number[])),
  );
  const fetch = createHttpFetch();
  try {
    return [
      ...(await overhead(ports, fetch, runs)),
      ...(await speedUp(ports, fetch, runs)),
      await recovery(fetch, runs),
    ];
  } finally {
    await fetch.close();
    server.disconnect();
  }
}
