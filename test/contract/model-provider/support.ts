import assert from "node:assert/strict";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import type { HttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { OllamaProvider } from "../../../src/adapters/provider/ollama/provider";
import { OpenAiProvider } from "../../../src/adapters/provider/openai/provider";
import type { ProviderDeps } from "../../../src/adapters/provider/provider-deps";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { ProviderErrorCode } from "../../../src/engine/error/provider-error";
import type { CallSettings } from "../../../src/engine/model/definition";
import type { Timeouts } from "../../../src/engine/model/venue";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type {
  ModelDelta,
  ModelMessage,
  ModelProvider,
  ModelReply,
  ModelRequest,
  ToolSpec,
} from "../../../src/engine/port/model-provider";
import { ModelServer } from "../../fakes/servers/model-server";
import type { Vendor } from "../../fakes/servers/vendors";
import { defined } from "../../../src/engine/model/defined";

export const secretKey = "sk-test-4f1c0ffee";

/** Generous, so that a slow machine fails no test that is not about time. */
export const longTimeouts: Timeouts = {
  connect_seconds: 10,
  first_token_seconds: 30,
  idle_seconds: 30,
  total_seconds: 60,
};

const settings: CallSettings = {
  model: "test-model",
  context_tokens: 4096,
  max_output_tokens: 256,
  temperature: 0,
  seed: 42,
  params: {},
  tool_calls: "auto",
};

export const readFileTool: ToolSpec = {
  name: "read_file",
  description: "Reads a file.",
  parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

export function request(
  options: {
    settings?: Partial<CallSettings>;
    messages?: readonly ModelMessage[];
    tools?: readonly ToolSpec[];
    origin?: Partial<ModelRequest["origin"]>;
  } = {},
): ModelRequest {
  return {
    messages: options.messages ?? [
      { role: "system", content: "You are the Architect." },
      { role: "user", content: "Plan the package." },
    ],
    settings: { ...settings, ...options.settings },
    tools: options.tools ?? [],
    origin: {
      session: "s",
      stepId: "plan",
      stepKey: "plan",
      role: "architect",
      answeredCalls: 0,
      ...options.origin,
    },
  };
}

/** A call under way: what it showed, and a way to cancel it. */
export class Call {
  readonly deltas: ModelDelta[] = [];
  readonly cancellation = new CancelSource();
  readonly outcome: Promise<{ reply: ModelReply } | { error: unknown }>;
  #waiting: (() => void)[] = [];
  #over = false;

  constructor(provider: ModelProvider, asked: ModelRequest = request(), cancelled = false) {
    if (cancelled) this.cancellation.cancel();
    this.outcome = provider
      .call(
        asked,
        (delta) => {
          assert(!this.#over, "a delta after the call was over");
          this.deltas.push(delta);
          for (const wake of this.#waiting.splice(0)) wake();
        },
        this.cancellation,
      )
      .then(
        (reply) => ({ reply }),
        (error: unknown) => ({ error }),
      )
      .finally(() => {
        this.#over = true;
      });
  }

  /** The text shown so far. */
  get shown(): string {
    return this.deltas.map((delta) => (delta.kind === "text" ? delta.text : "")).join("");
  }

  /** Resolves when the text shown holds `text`. */
  async showed(text: string): Promise<void> {
    while (!this.shown.includes(text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async reply(): Promise<ModelReply> {
    const outcome = await this.outcome;
    if ("error" in outcome) throw outcome.error;
    return outcome.reply;
  }

  /** The error that ended the call; a ProviderError in which the key does not stand. */
  async error(code: ProviderErrorCode): Promise<ProviderError> {
    const outcome = await this.outcome;
    assert("error" in outcome, "the call was answered");
    const { error } = outcome;
    assert(error instanceof ProviderError, `not a ProviderError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert(!everythingIn(error).includes(secretKey), "the key stands in the error");
    return error;
  }
}

/** All text that an error carries, its causes included. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [...own, everythingIn(error.cause)].join("\n");
}

/** How requests go out: Node's own fetch, as inside VS Code, and ours, as on the command line. */
export const transports: readonly { readonly name: string; open(): HttpFetch | undefined }[] = [
  { name: "global fetch", open: () => undefined },
  { name: "http-fetch", open: () => createHttpFetch() },
];

/** A server for the tests of a suite, and the transport's connections; both are closed after them. */
export function serverOver(transport: (typeof transports)[number]): {
  readonly server: ModelServer;
  readonly fetch: HttpFetch | undefined;
} {
  let server: ModelServer | undefined;
  let fetch: HttpFetch | undefined;
  before(async () => {
    server = await ModelServer.start();
    fetch = transport.open();
  });
  after(async () => {
    await fetch?.close();
    await server?.close();
  });
  return {
    get server() {
      return server ?? assert.fail("the suite has not begun");
    },
    get fetch() {
      return fetch;
    },
  };
}

export function makeProvider(
  vendor: Vendor,
  url: string,
  options: { fetch?: HttpFetch | undefined; timeouts?: Partial<Timeouts>; key?: string | undefined } = {},
): ModelProvider {
  const deps: ProviderDeps = {
    resolveSecret: () => Promise.resolve(options.key ?? ""),
    ...defined({ fetch: options.fetch }),
  };
  const venue = {
    endpoint: `${url}${vendor.base}`,
    timeouts: { ...longTimeouts, ...options.timeouts },
    ...(options.key === undefined ? {} : { api_key: "env:TEST_KEY" }),
  };
  return vendor.name === "ollama" ? new OllamaProvider(venue, deps) : new OpenAiProvider(venue, deps);
}
