import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createHttpFetch } from "../../src/adapters/provider/http/http-fetch";
import type { HttpFetch } from "../../src/adapters/provider/http/http-fetch";
import { OllamaProvider } from "../../src/adapters/provider/ollama/provider";
import { OpenAiProvider } from "../../src/adapters/provider/openai/provider";
import type { ProviderDeps } from "../../src/adapters/provider/provider-deps";
import type { FetchLike } from "../../src/adapters/provider/http/transport";
import { ProviderError } from "../../src/engine/error/provider-error";
import type { CallSettings } from "../../src/engine/model/definition";
import type { Timeouts } from "../../src/engine/model/venue";
import type {
  ModelMessage,
  ModelProvider,
  ModelRequest,
  ToolSpec,
} from "../../src/engine/port/model-provider";
import { Call } from "../contract/model-provider/support";
import { described, folder, missing, windowTokens } from "./servers";
import type { LiveServer, PieceName } from "./servers";

/** A loaded machine without a GPU: what is slow here is the model, not the test. */
export const patientMs = 300_000;

const patientTimeouts: Timeouts = {
  connect_seconds: 10,
  first_token_seconds: 200,
  idle_seconds: 120,
  total_seconds: 280,
};

/** Notes a measurement or a finding for the report. */
export function measure(server: string, what: string, value: string): void {
  appendFileSync(path.join(folder, "measures.ndjson"), `${JSON.stringify({ server, what, value })}\n`);
}

/** Leaves a test out, with its reason in the report. */
export function leaveOut(context: Mocha.Context, reason: string): never {
  const test = context.currentTest ?? context.test;
  if (test !== undefined) Object.assign(test, { orketReason: reason });
  return context.skip();
}

/** Every test of the suite needs these pieces; where one could not be had, each says so. */
function needs(names: readonly PieceName[]): void {
  const reason = missing(names);
  beforeEach(function () {
    if (reason !== undefined) leaveOut(this, reason);
  });
}

/** Starts the server for a suite and ends it afterwards. */
export function withServer(server: LiveServer): void {
  needs(server.needs);
  if (missing(server.needs) !== undefined) return;
  before(async function () {
    this.timeout(patientMs);
    await server.start();
  });
  after(() => server.stop());
}

interface Sent {
  readonly url: string;
  readonly body: Record<string, unknown>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Promise<string>;
}

const isRecording = process.env.ORKET_LIVE_RECORD !== undefined;

/** A provider for the server, and what it sent. */
export class Client {
  readonly sent: Sent[] = [];
  /** What the server answered last, where answers are recorded. */
  answer: Answer | undefined;
  readonly provider: ModelProvider;
  readonly #http: HttpFetch | undefined;

  constructor(
    readonly server: LiveServer,
    options: { transport?: "http" | "global"; timeouts?: Partial<Timeouts>; key?: string } = {},
  ) {
    this.#http = options.transport === "global" || isRecording ? undefined : createHttpFetch();
    const http: FetchLike = this.#http ?? ((url, init) => this.#fetch(url, init));
    const key = options.key ?? server.key;
    const deps: ProviderDeps = {
      resolveSecret: () => Promise.resolve(key ?? ""),
      fetch: (url, init) => {
        if (init.body !== undefined) {
          this.sent.push({ url, body: JSON.parse(init.body) as Record<string, unknown> });
        }
        return http(url, init);
      },
    };
    const venue = {
      endpoint: server.endpoint,
      timeouts: { ...patientTimeouts, ...options.timeouts },
      ...(key === undefined ? {} : { api_key: "env:LIVE_KEY" }),
    };
    this.provider =
      server.speaks === "ollama" ? new OllamaProvider(venue, deps) : new OpenAiProvider(venue, deps);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, init);
    if (isRecording) {
      const contentType = response.headers.get("content-type");
      const body = response.clone().text();
      // A test that cuts the answer off does not record it.
      body.catch(() => undefined);
      this.answer = { status: response.status, contentType, body };
    }
    return response;
  }

  call(asked: ModelRequest): Call {
    return new Call(this.provider, asked);
  }

  async close(): Promise<void> {
    await this.#http?.close();
  }
}

export interface Asked {
  readonly messages?: readonly ModelMessage[];
  readonly tools?: readonly ToolSpec[];
  readonly settings?: Partial<CallSettings>;
}

/** A request to the server's model: greedy, short, in the window that every server of the suite has. */
export function ask(server: LiveServer, { messages, tools = [], settings }: Asked = {}): ModelRequest {
  return {
    messages: messages ?? [
      { role: "system", content: "You are a patient narrator." },
      { role: "user", content: "Tell the story of a lighthouse." },
    ],
    tools,
    settings: {
      model: server.model,
      context_tokens: windowTokens,
      max_output_tokens: 12,
      temperature: 0,
      seed: 42,
      params: {},
      tool_calls: "auto",
      ...settings,
    },
    origin: { session: "live", stepId: "s", stepKey: "s", role: "r", answeredCalls: 0 },
  };
}

/** About as many tokens of prompt as asked for, rather fewer. No two are alike: a server that keeps prompts must read each. */
export function longPrompt(tokens: number): ModelMessage[] {
  const salt = Math.random().toString(36).slice(2);
  const words = Array.from(
    { length: Math.floor(tokens / 3) },
    (_, index) => `${salt.charAt(index % 8)} ship`,
  );
  return [{ role: "user", content: `${salt} ${words.join(" ")}` }];
}

/** Milliseconds until the call is over, from now. */
export async function millisecondsToEnd(call: Call): Promise<number> {
  const started = performance.now();
  await call.outcome;
  return performance.now() - started;
}

export async function failureOf(call: Call): Promise<ProviderError> {
  const outcome = await call.outcome;
  assert("error" in outcome, "the call was answered");
  assert(outcome.error instanceof ProviderError, String(outcome.error));
  return outcome.error;
}

const recordings = path.join(__dirname, "../contract/model-provider/recorded");

/**
 * Writes what the server answered last as a fixture of the gate, with what was made of it here. Only when the suite is
 * asked to (`npm run test:live -- --record`).
 */
export async function record(
  client: Client,
  scene: string,
  expected: Record<string, unknown>,
): Promise<void> {
  if (!isRecording) return;
  const { server, answer } = client;
  const sent = client.sent.at(-1);
  assert(sent !== undefined && answer !== undefined);
  const { messages: _, ...request } = sent.body;
  const body = await answer.body;
  const recording = {
    server: server.name,
    version: server.needs
      .filter((name) => name !== "model")
      .map((name) => `${name} ${described(name).version ?? ""}`)
      .join(", "),
    scene,
    speaks: server.speaks,
    request,
    status: answer.status,
    contentType: answer.contentType,
    body: body.replaceAll(server.origin, "http://127.0.0.1:1").replaceAll(folder, ".live"),
    expected,
  };
  mkdirSync(recordings, { recursive: true });
  const name = `${server.name} ${scene}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  writeFileSync(path.join(recordings, `${name}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}
