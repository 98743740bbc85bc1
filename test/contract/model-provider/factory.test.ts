import assert from "node:assert/strict";
import { checkHealth } from "../../../src/adapters/provider/health";
import { createProvider } from "../../../src/adapters/provider/provider-factory";
import type { CallableVenue } from "../../../src/adapters/provider/provider-factory";
import type { ProviderDeps } from "../../../src/adapters/provider/provider-deps";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { ModelProvider } from "../../../src/engine/port/model-provider";
import { ModelServer } from "../../fakes/servers/model-server";
import { vendors } from "../../fakes/servers/vendors";
import { Call, longTimeouts, secretKey } from "./support";

const deps: ProviderDeps = { resolveSecret: () => Promise.resolve(secretKey) };
const venue = (fields: Partial<CallableVenue>): CallableVenue => ({
  provider: "ollama",
  timeouts: longTimeouts,
  ...fields,
});
const invalid = (error: unknown): boolean => OrketError.is(error, "definition_invalid");

describe("createProvider", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  for (const vendor of vendors) {
    it(`makes the provider ${vendor.name}`, async () => {
      server.behaviour = async (exchange) => {
        exchange.begin(vendor.contentType);
        await exchange.send(vendor.text("Eins") + vendor.finish());
        exchange.end();
      };
      const endpoint = `${server.url}${vendor.base}`;
      const provider = await createProvider(
        venue({ provider: vendor.name, endpoint, api_key: "secret:x" }),
        deps,
      );
      assert.equal((await new Call(provider).reply()).text, "Eins");
      assert.equal(server.received.at(-1)?.path, vendor.path);
      assert.equal(server.received.at(-1)?.headers.authorization, `Bearer ${secretKey}`);
    });
  }

  it("fails early when a key is missing, with the resolver's own error", async () => {
    const missing = new OrketError("secret_missing", "There is no secret 'x'.");
    const resolveSecret = (): Promise<string> => Promise.reject(missing);
    await assert.rejects(createProvider(venue({ api_key: "secret:x" }), { resolveSecret }), missing);
  });

  it("refuses an endpoint that holds a key or is no web address", async () => {
    await assert.rejects(createProvider(venue({ endpoint: "http://me:pw@host" }), deps), invalid);
    await assert.rejects(createProvider(venue({ endpoint: "ftp://host" }), deps), invalid);
  });

  it("takes vscode-lm from the host, and says that mesh is not there yet", async () => {
    const fromHost: ModelProvider = { call: () => Promise.reject(new Error("unused")) };
    assert.equal(
      await createProvider(venue({ provider: "vscode-lm" }), { ...deps, vscodeLm: () => fromHost }),
      fromHost,
    );
    await assert.rejects(createProvider(venue({ provider: "vscode-lm" }), deps), invalid);
    await assert.rejects(createProvider(venue({ provider: "mesh" }), deps), invalid);
    await assert.rejects(createProvider(venue({ provider: "scripted" }), deps), invalid);
  });
});

describe("checkHealth", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  it("lists Ollama's models, their digests and what is loaded", async () => {
    const answers: Record<string, unknown> = {
      "/api/version": { version: "0.13.0" },
      "/api/tags": { models: [{ name: "a:latest", digest: "abc" }, { name: "b:latest" }, { broken: true }] },
      "/api/ps": { models: [{ name: "a:latest", context_length: 8192 }] },
    };
    server.behaviour = (exchange) => exchange.answer(200, answers[exchange.request.path]);
    const { latencyMs, ...health } = await checkHealth(
      { provider: "ollama", endpoint: server.url },
      deps,
      5000,
    );
    assert(latencyMs !== undefined && latencyMs > 0);
    assert.deepEqual(health, {
      reachable: true,
      version: "0.13.0",
      models: [
        { name: "a:latest", digest: "abc", loaded: true, contextTokens: 8192 },
        { name: "b:latest", loaded: false },
      ],
    });
  });

  it("asks Ollama once where only its models are wanted", async () => {
    const asked: string[] = [];
    server.behaviour = (exchange) => {
      asked.push(exchange.request.path);
      exchange.answer(200, { models: [{ name: "a:latest", digest: "abc" }, { broken: true }] });
    };
    const ollama = { provider: "ollama", endpoint: server.url } as const;
    const health = await checkHealth(ollama, deps, 5000, "models");

    assert.deepEqual(health, { reachable: true, models: [{ name: "a:latest" }] });
    assert.deepEqual(asked, ["/api/tags"]);
  });

  it("lists the models of a compatible server", async () => {
    server.behaviour = (exchange) =>
      exchange.answer(200, {
        data: [
          { id: "m", max_model_len: 32768 },
          { id: "n" },
          { id: `p-${secretKey}`, owned_by: `Bearer ${secretKey}` },
          { id: "o", meta: { n_ctx: 4096, n_ctx_train: 32768 } },
        ],
      });
    const endpoint = `${server.url}/v1`;
    const health = await checkHealth({ provider: "openai", endpoint, api_key: "env:X" }, deps, 5000);
    assert.deepEqual(health.models, [
      { name: "m", contextTokens: 32768 },
      { name: "n" },
      { name: "p-[key]", runtime: "Bearer [key]" },
      { name: "o", contextTokens: 4096 },
    ]);
    assert.equal(server.received.at(-1)?.path, "/v1/models");
    assert.equal(server.received.at(-1)?.headers.authorization, `Bearer ${secretKey}`);
  });

  it("says what is wrong instead of throwing", async () => {
    const ask = (endpoint: string, timeoutMs = 5000): ReturnType<typeof checkHealth> =>
      checkHealth({ provider: "openai", endpoint, api_key: "env:X" }, deps, timeoutMs);
    server.behaviour = (exchange) => exchange.answer(401, { error: `no ${secretKey}` });
    const refused = await ask(server.url);
    assert.equal(refused.reachable, false);
    assert.match(refused.problem ?? "", /401.*no \[key\]/);
    server.behaviour = (exchange) => exchange.answer(200, "<html>");
    assert.match((await ask(server.url)).problem ?? "", /no JSON/);
    server.behaviour = () => undefined;
    assert.match((await ask(server.url, 100)).problem ?? "", /within 0\.1 s/);
    assert.equal((await checkHealth({ provider: "scripted" }, deps, 100)).reachable, true);
  });

  it("takes a compatible server without a list of models for one that answers, and says so", async () => {
    const ask = (status: number, headers = {}): ReturnType<typeof checkHealth> => {
      server.behaviour = (exchange) => exchange.answer(status, { error: `no ${secretKey}` }, headers);
      return checkHealth({ provider: "openai", endpoint: server.url, api_key: "env:X" }, deps, 5000);
    };
    for (const status of [404, 400]) {
      const { reachable, models, problem = "", problemCode } = await ask(status);
      assert.deepEqual([reachable, models, problemCode], [true, [], undefined]);
      assert.match(
        problem,
        new RegExp(`^The server returned no list of models\\. The server .* ${status}\\..*no \\[key\\]`),
      );
    }
    assert.match((await ask(404)).problem ?? "", /Is this the address where the API begins\?$/);
    const elsewhere = await ask(302, { location: "http://elsewhere/" });
    assert.equal(elsewhere.reachable, false);
    assert.match(elsewhere.problem ?? "", /^The server .* redirects to http:\/\/elsewhere\//);
    server.behaviour = (exchange) => exchange.answer(404, {});
    const ollama = await checkHealth({ provider: "ollama", endpoint: server.url }, deps, 5000);
    assert.deepEqual([ollama.reachable, ollama.problemCode], [false, "not_found"]);
  });
});
