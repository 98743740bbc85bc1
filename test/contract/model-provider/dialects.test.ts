import assert from "node:assert/strict";
import { probeCapabilities } from "../../../src/adapters/provider/capabilities";
import { checkHealth } from "../../../src/adapters/provider/health";
import type { ProviderErrorCode } from "../../../src/engine/error/provider-error";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { dialects } from "../../fakes/servers/dialects";
import type { Dialect } from "../../fakes/servers/dialects";
import { ModelServer } from "../../fakes/servers/model-server";
import type { Exchange } from "../../fakes/servers/model-server";
import { openai } from "../../fakes/servers/vendors";
import { Call, makeProvider, readFileTool, request, secretKey } from "./support";
import { defined } from "../../../src/engine/model/defined";

const codes: Readonly<Record<keyof Dialect["refusals"], ProviderErrorCode>> = {
  context: "context_overflow",
  model: "not_found",
  key: "unauthorized",
  tools: "tools_unsupported",
  busy: "overloaded",
};
const refusalNames = Object.keys(codes) as (keyof typeof codes)[];

for (const dialect of dialects) {
  describe(`The dialect of ${dialect.name}`, () => {
    let server: ModelServer;
    before(async () => {
      server = await ModelServer.start();
    });
    after(() => server.close());

    const deps = { resolveSecret: () => Promise.resolve(secretKey) };
    const venue = (): { provider: "openai"; endpoint: string; api_key: string } => ({
      provider: "openai",
      endpoint: `${server.url}/v1`,
      api_key: "env:KEY",
    });
    const isKeyed = ({ request: { headers } }: Exchange): boolean =>
      headers.authorization === `Bearer ${secretKey}`;

    /** Answers as the engine would, to those who have the key. `say`: the words of a call. */
    const speak = (say: (body: Readonly<Record<string, unknown>>) => readonly string[]): void => {
      server.behaviour = async (exchange) => {
        const { method, path, body } = exchange.request;
        if (!isKeyed(exchange)) return exchange.answer(401, { error: "no key" });
        if (method === "GET") {
          const got = dialect.gets[path];
          return got === undefined
            ? exchange.answer(404, { detail: "Not Found" })
            : exchange.answer(200, got);
        }
        const words = say(body);
        exchange.begin("text/event-stream; charset=utf-8");
        await exchange.send(dialect.stream(words, { input: 21, output: words.length }));
        exchange.end();
      };
    };

    it("is read in a health check: models, window, what runs them", async () => {
      speak(() => []);
      const { latencyMs, ...health } = await checkHealth(venue(), deps, 5000);
      assert(latencyMs !== undefined);
      assert.deepEqual(health, {
        reachable: true,
        models: [
          {
            name: dialect.model,
            ...defined({ runtime: dialect.runtime, contextTokens: dialect.window }),
          },
        ],
      });
    });

    it("is read in a reply, with its counts", async () => {
      speak(() => ["One", " two", " three."]);
      const call = new Call(makeProvider(openai, server.url, { key: secretKey }));
      const reply = await call.reply();
      assert.equal(reply.text, "One two three.");
      assert.equal(call.shown, reply.text);
      assert.equal(reply.finishReason, "stop");
      assert.deepEqual(reply.usage, {
        input: { count: 21, source: "measured" },
        output: { count: 3, source: "measured" },
      });
    });

    it("is tried out: seed, counts, schema and parallel calls", async () => {
      speak((body) =>
        "response_format" in body ? ['{"answer"', ": 5}"] : [`words of seed ${String(body.seed)}`],
      );
      const provider = makeProvider(openai, server.url, { key: secretKey });
      const at = { ...venue(), model: dialect.model };
      const found = await probeCapabilities(at, provider, deps, new CancelSource());
      assert.deepEqual(found, {
        seed: true,
        usageInStream: true,
        jsonSchema: true,
        ...defined({ parallelSlots: dialect.parallelSlots }),
      });
    });

    for (const name of refusalNames) {
      const refusal = dialect.refusals[name];
      if (refusal === undefined) continue;
      it(`is understood when it refuses a call: ${name}`, async () => {
        const { status, body, contentType } = refusal;
        server.behaviour = (exchange) =>
          exchange.answer(status, body, contentType === undefined ? {} : { "content-type": contentType });
        const call = new Call(
          makeProvider(openai, server.url, { key: secretKey }),
          request({ tools: [readFileTool] }),
        );
        const error = await call.error(codes[name]);
        assert.equal(error.status, status);
        assert.equal(error.retryable, name === "busy");
      });
    }
  });
}
