/*
 * The cost of a model call compared with a bare reader: streaming of many one-token chunks, and calls that are answered
 * immediately. `node -r ./scripts/transpile-hook.cjs bench/stream.ts` prints it on its own.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Agent } from "undici";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { OllamaProvider } from "../src/adapters/provider/ollama/provider";
import { OpenAiProvider } from "../src/adapters/provider/openai/provider";
import type { ModelDelta, ModelProvider, ModelRequest } from "../src/engine/port/model-provider";
import type { BenchRow } from "./row";

const tokens = 20_000;
const calls = 500;

const request: ModelRequest = {
  messages: [
    { role: "system", content: "You are the Architect." },
    { role: "user", content: "Plan the package. ".repeat(50) },
  ],
  settings: {
    model: "bench",
    context_tokens: 8192,
    max_output_tokens: 2048,
    temperature: 0,
    seed: 42,
    params: {},
    tool_calls: "auto",
  },
  tools: [],
  origin: { session: "s", stepId: "plan", stepKey: "plan", role: "architect", answeredCalls: 0 },
};
const never = new AbortController().signal;
const timeouts = { connect_seconds: 10, first_token_seconds: 120, idle_seconds: 60, total_seconds: 600 };
const resolveSecret = (): Promise<string> => Promise.resolve("sk-bench-7f3a91c4e2b8d6050c6e5d4b3a291807");

interface Parsed {
  readonly message?: { readonly content?: string };
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
}

const post = {
  method: "POST" as const,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "bench", messages: request.messages, stream: true }),
};

/** Splits lines and parses each: the obvious implementation. */
class BareReader {
  text = "";
  #rest = "";
  readonly #decoder = new TextDecoder();

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const json = line.startsWith("data: ") ? line.slice(6) : line;
      if (json === "" || json === "[DONE]") continue;
      const chunk = JSON.parse(json) as Parsed;
      this.text += chunk.message?.content ?? chunk.choices?.[0]?.delta?.content ?? "";
    }
  }
}

async function bareFetch(url: string): Promise<string> {
  const reader = new BareReader();
  const response = await fetch(url, post);
  const body = response.body?.getReader();
  for (let read = await body?.read(); read?.value !== undefined; read = await body?.read())
    reader.push(read.value);
  return reader.text;
}

async function bareUndici(agent: Agent, url: string): Promise<string> {
  const reader = new BareReader();
  const { origin, pathname } = new URL(url);
  const { body } = await agent.request({ ...post, origin, path: pathname });
  for await (const bytes of body as AsyncIterable<Uint8Array>) reader.push(bytes);
  return reader.text;
}

async function through(provider: ModelProvider): Promise<string> {
  let shown = "";
  const show = (delta: ModelDelta): void => {
    if (delta.kind === "text") shown += delta.text;
  };
  const reply = await provider.call(request, show, never);
  if (reply.text !== shown) throw new Error("the deltas are not the reply");
  return shown;
}

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function measure(times: number, run: () => Promise<string>, expect: number): Promise<Sample> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let n = 0; n < times; n += 1) {
    const { length } = await run();
    if (length !== expect) throw new Error(`a reply of ${length} characters instead of ${expect}`);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Runs all candidates in turn, several times, so that a slow moment of the machine affects each of them. */
async function interleaved(
  candidates: Readonly<Record<string, () => Promise<string>>>,
  times: number,
  expect: number,
  rounds: number,
): Promise<Record<string, Sample>> {
  const names = Object.keys(candidates);
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    // Each round begins with another one: a candidate after an allocation-heavy one pays for its garbage.
    for (const [place] of names.entries()) {
      const name = names[(place + Math.max(round, 0)) % names.length] ?? "";
      const run = candidates[name];
      if (run === undefined) continue;
      const sample = await measure(times, run, expect);
      // The first round is a warm-up.
      if (round >= 0) samples.get(name)?.push(sample);
    }
  }
  return Object.fromEntries(
    [...samples].map(([name, list]) => [
      name,
      { wallMs: median(list.map(({ wallMs }) => wallMs)), cpuMs: median(list.map(({ cpuMs }) => cpuMs)) },
    ]),
  );
}

/** The figures of both providers over both transports. */
export async function benchStream(rounds = 9): Promise<BenchRow[]> {
  const hook = path.join(__dirname, "..", "scripts", "transpile-hook.cjs");
  const server = fork(path.join(__dirname, "model-server.ts"), { execArgv: ["-r", hook] });
  const [port] = (await once(server, "message")) as [number];
  const agent = new Agent();
  const lean = createHttpFetch();
  const entries: BenchRow[] = [];
  try {
    for (const vendor of ["ollama", "openai"] as const) {
      const base = (count: number): string =>
        `http://127.0.0.1:${port}/n/${count}${vendor === "openai" ? "/v1" : ""}`;
      const route = vendor === "openai" ? "/chat/completions" : "/api/chat";
      const make = (count: number, own: boolean, keyed = false): ModelProvider => {
        const venue = { endpoint: base(count), timeouts, ...(keyed ? { api_key: "secret:bench" } : {}) };
        const deps = own ? { resolveSecret, fetch: lean } : { resolveSecret };
        return vendor === "openai" ? new OpenAiProvider(venue, deps) : new OllamaProvider(venue, deps);
      };
      const candidates = (count: number): Record<string, () => Promise<string>> => {
        const ours = make(count, true);
        const keyed = make(count, true, true);
        const global = make(count, false);
        return {
          "bare fetch": () => bareFetch(base(count) + route),
          "bare undici": () => bareUndici(agent, base(count) + route),
          "http-fetch": () => through(ours),
          "http-fetch, a key to hide": () => through(keyed),
          "global fetch": () => through(global),
        };
      };
      const streamed = await interleaved(candidates(tokens), 3, tokens * 5, rounds);
      const called = await interleaved(candidates(1), calls, 5, rounds);
      entries.push(...streamEntries(vendor, streamed), ...callEntries(vendor, called));
    }
  } finally {
    await lean.close();
    await agent.close();
    server.disconnect();
  }
  return entries;
}

function streamEntries(vendor: string, samples: Record<string, Sample>): BenchRow[] {
  const base = samples["bare fetch"];
  if (base === undefined) return [];
  return Object.entries(samples).map(([name, { wallMs, cpuMs }]) => ({
    name: `stream ${vendor}, ${name}`,
    value: base.wallMs / wallMs,
    unit: "× bare fetch",
    ...(name.startsWith("bare") ? {} : { atLeast: 0.8 }),
    note: `${Math.round((tokens * 3) / wallMs)}k tokens/s, ${((cpuMs * 1000) / (tokens * 3)).toFixed(2)} µs CPU a token`,
  }));
}

function callEntries(vendor: string, samples: Record<string, Sample>): BenchRow[] {
  const base = samples["bare fetch"];
  if (base === undefined) return [];
  return Object.entries(samples).map(([name, { wallMs, cpuMs }]) => ({
    name: `call ${vendor}, ${name}`,
    value: base.wallMs / wallMs,
    unit: "× bare fetch",
    note: `${((wallMs * 1000) / calls).toFixed(0)} µs wall, ${((cpuMs * 1000) / calls).toFixed(0)} µs CPU a call`,
  }));
}
