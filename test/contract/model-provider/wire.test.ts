import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import net from "node:net";
import type { AddressInfo } from "node:net";
import zlib from "node:zlib";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { OpenAiProvider } from "../../../src/adapters/provider/openai/provider";
import { ModelServer } from "../../fakes/servers/model-server";
import type { Exchange } from "../../fakes/servers/model-server";
import { openai } from "../../fakes/servers/vendors";
import { Call, longTimeouts, makeProvider, request, serverOver, transports } from "./support";

/*
 * What lies between Orket and a model, over real sockets: compression that nobody asked for, connections that are kept
 * and die, proxies, headers that a gateway wants, and a prompt that is too long, in the words of each vendor.
 */

const reply = `${openai.text("Hello ")}${openai.text("world.")}${openai.finish()}`;

const zstd = (zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }).zstdCompressSync;
const encodings: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  "x-gzip": (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  "gzip, br": (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
  ...(zstd === undefined ? {} : { zstd }),
};

for (const transport of transports) {
  describe(`A body in one piece over ${transport.name}`, () => {
    const at = serverOver(transport);

    for (const indent of [undefined, 2])
      it(`takes one JSON document in place of a stream${indent === undefined ? "" : ", also with indentation"}`, async () => {
        const called = { name: "read_file", arguments: '{"path":"a.txt"}' };
        const message = {
          role: "assistant",
          content: "Hello world.",
          tool_calls: [{ id: "call00001", type: "function", function: called }],
        };
        const document = {
          object: "chat.completion",
          choices: [{ index: 0, message, finish_reason: "tool_calls" }],
          usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
        };
        at.server.behaviour = ({ response }) =>
          response
            .writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify(document, null, indent)) && undefined;
        const taken = await new Call(makeProvider(openai, at.server.url, at)).reply();
        assert.equal(taken.text, "Hello world.");
        assert.deepEqual(
          taken.toolCalls.map(({ name, argumentsJson }) => [name, argumentsJson]),
          [["read_file", called.arguments]],
        );
        assert.deepEqual(taken.usage.output, { count: 3, source: "measured" });
      });
  });

  describe(`Compressed bodies over ${transport.name}`, () => {
    const at = serverOver(transport);
    afterEach(() => assert.deepEqual(at.server.failures, []));
    const call = (): Call => new Call(makeProvider(openai, at.server.url, at));

    for (const [name, compress] of Object.entries(encodings)) {
      it(`reads a reply and an error that came as ${name}`, async () => {
        const headers = { "content-type": openai.contentType, "content-encoding": name };
        at.server.behaviour = ({ response }) =>
          response.writeHead(200, headers).end(compress(Buffer.from(reply))) && undefined;
        assert.equal((await call().reply()).text, "Hello world.");
        at.server.behaviour = ({ response }) =>
          response
            .writeHead(400, { "content-type": "application/json", "content-encoding": name })
            .end(compress(Buffer.from(JSON.stringify(openai.errorBody("no such field"))))) && undefined;
        assert.match((await call().error("bad_request")).message, /no such field/);
      });
    }

    it("shows a compressed stream while it comes", async () => {
      at.server.behaviour = async ({ response, gone }) => {
        response.writeHead(200, { "content-type": openai.contentType, "content-encoding": "gzip" });
        const gzip = zlib.createGzip();
        gzip.pipe(response);
        gzip.write(openai.text("Hello "));
        await new Promise<void>((resolve) => gzip.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
        await gone;
        gzip.destroy();
      };
      const streamed = call();
      await streamed.showed("Hello ");
      streamed.cancellation.cancel();
      await streamed.error("cancelled");
    });

    it("takes a compressed body that is damaged for a lost connection, and keeps no half of it as a reply", async () => {
      const damaged = zlib.gzipSync(Buffer.from(reply));
      damaged.fill(0xff, damaged.length - 20, damaged.length - 8);
      at.server.behaviour = ({ response }) =>
        response
          .writeHead(200, { "content-type": openai.contentType, "content-encoding": "gzip" })
          .end(damaged) && undefined;
      const outcome = await call().outcome;
      assert.ok("error" in outcome);
    });
  });
}

describe("A proxy that the environment names", () => {
  let model: ModelServer;
  let proxy: ReturnType<typeof createServer>;
  let proxyUrl: string;
  let tunnels: string[];
  let sockets: Set<net.Socket>;

  beforeEach(async () => {
    model = await ModelServer.start();
    model.behaviour = ({ response }: Exchange) =>
      response.writeHead(200, { "content-type": openai.contentType }).end(reply) && undefined;
    tunnels = [];
    sockets = new Set();
    // A request without a tunnel names the whole address.
    proxy = createServer((received, response) => {
      tunnels.push(`${received.url ?? ""} ${received.headers["proxy-authorization"] ?? ""}`.trim());
      received.resume();
      response.writeHead(200, { "content-type": openai.contentType }).end(reply);
    });
    proxy.on("connect", (received, client: net.Socket) => {
      tunnels.push(`${received.url ?? ""} ${received.headers["proxy-authorization"] ?? ""}`.trim());
      const upstream = net.connect(Number(new URL(model.url).port), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    proxyUrl = `http://user:word@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await model.close();
  });

  async function callBy(environment: Record<string, string>, url: string) {
    const fetch = createHttpFetch(environment);
    try {
      return await new Call(makeProvider(openai, url, { fetch, timeouts: { connect_seconds: 5 } })).outcome;
    } finally {
      await fetch.close();
    }
  }

  for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) {
    it(`is used for a server elsewhere (${name})`, async () => {
      const outcome = await callBy({ [name]: proxyUrl }, "http://models.invalid");
      assert.ok("reply" in outcome, "error" in outcome ? String(outcome.error) : "");
      assert.equal(outcome.reply.text, "Hello world.");
      assert.match(tunnels[0] ?? "", /models\.invalid.* Basic /);
    });
  }

  it("is not used for this machine, nor for what NO_PROXY excepts", async () => {
    const straight = await callBy({ HTTP_PROXY: proxyUrl }, model.url);
    assert.ok("reply" in straight);
    for (const except of [
      "models.invalid",
      ".invalid",
      "models.invalid:80",
      "*",
      "other.example, models.invalid",
    ]) {
      const outcome = await callBy({ HTTP_PROXY: proxyUrl, NO_PROXY: except }, "http://models.invalid");
      assert.ok("error" in outcome, `${except}: a name that nobody knows was reached`);
    }
    assert.deepEqual(tunnels, []);
  });

  it("that does not answer is named, without its user and password", async () => {
    const closed = net.createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const outcome = await callBy(
      { HTTP_PROXY: `http://user:word@127.0.0.1:${port}` },
      "http://models.invalid",
    );
    assert.ok("error" in outcome && outcome.error instanceof Error);
    assert.match(outcome.error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.doesNotMatch(outcome.error.message, /user|word/);
  });
});

describe("Headers of a Venue", () => {
  it("go out with each call, a stored secret by its value, and that value stands in no error", async () => {
    const server = await ModelServer.start();
    try {
      const provider = new OpenAiProvider(
        {
          endpoint: `${server.url}/v1`,
          timeouts: longTimeouts,
          headers: { "api-key": "secret:gateway", "x-team": "blue" },
        },
        {
          resolveSecret: (reference) =>
            Promise.resolve(reference === "secret:gateway" ? "gateway-value-1" : ""),
        },
      );
      server.behaviour = ({ response }) =>
        response.writeHead(200, { "content-type": openai.contentType }).end(reply) && undefined;
      assert.equal((await new Call(provider).reply()).text, "Hello world.");
      const headers: Record<string, unknown> = { ...server.received[0]?.headers };
      assert.deepEqual([headers["api-key"], headers["x-team"]], ["gateway-value-1", "blue"]);
      server.behaviour = (exchange) => exchange.answer(400, openai.errorBody("not gateway-value-1 again"));
      const error = await new Call(provider).error("bad_request");
      assert.doesNotMatch(error.message, /gateway-value-1/);
    } finally {
      await server.close();
    }
  });
});

describe("A prompt that is too long", () => {
  const wrapped = (message: string, more: Record<string, unknown> = {}) => ({ error: { message, ...more } });
  const words: readonly (readonly [vendor: string, status: number, body: unknown])[] = [
    [
      "OpenAI",
      400,
      wrapped(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072.",
        {
          type: "invalid_request_error",
          code: "context_length_exceeded",
        },
      ),
    ],
    [
      "Anthropic",
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "prompt is too long: 215000 tokens > 200000 maximum",
        },
      },
    ],
    [
      "Gemini",
      400,
      [
        wrapped("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", {
          code: 400,
          status: "INVALID_ARGUMENT",
        }),
      ],
    ],
    [
      "Mistral",
      400,
      {
        object: "error",
        message: "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        type: "invalid_request_error",
      },
    ],
    [
      "DeepSeek",
      400,
      wrapped("This model's maximum context length is 65536 tokens. You requested 70000 tokens."),
    ],
    [
      "Kimi",
      400,
      wrapped("Invalid request: Your request exceeded model token limit: 8192", {
        type: "invalid_request_error",
      }),
    ],
    [
      "OpenRouter",
      400,
      wrapped("Provider returned error", {
        code: 400,
        metadata: { raw: JSON.stringify(wrapped("prompt is too long: 215000 tokens > 200000 maximum")) },
      }),
    ],
    [
      "vLLM",
      400,
      {
        object: "error",
        message: "This model's maximum context length is 4096 tokens.",
        type: "BadRequestError",
      },
    ],
    [
      "llama.cpp",
      400,
      wrapped("the request exceeds the available context size, try increasing it", {
        code: 400,
        type: "exceed_context_size_error",
        n_prompt_tokens: 9000,
        n_ctx: 4096,
      }),
    ],
    [
      "LM Studio",
      400,
      {
        error:
          "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens.",
      },
    ],
    ["Ollama", 400, { error: "input length exceeds the context length" }],
    [
      "LiteLLM",
      400,
      wrapped("litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - too long", {
        type: null,
        code: "400",
      }),
    ],
    [
      "Groq",
      413,
      wrapped("Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000"),
    ],
  ];
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  for (const [vendor, status, body] of words) {
    it(`is known in the words of ${vendor}, as a status and within a stream`, async () => {
      server.behaviour = (exchange) => exchange.answer(status, body);
      await new Call(makeProvider(openai, server.url), request()).error("context_overflow");
      server.behaviour = (exchange) => exchange.answer(200, body);
      await new Call(makeProvider(openai, server.url), request()).error("context_overflow");
    });
  }
});
