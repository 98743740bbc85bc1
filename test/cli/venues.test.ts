import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { llamaCluster } from "../fakes/servers/dialects";
import { ModelServer } from "../fakes/servers/model-server";
import { orket } from "./orket";
import { smallProject } from "./small-project";

describe("orket venues", function () {
  this.timeout(30_000);
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
    server.behaviour = async (exchange) => {
      const { method, path, body } = exchange.request;
      if (method === "GET") return exchange.answer(200, llamaCluster.gets[path] ?? {});
      const words = "response_format" in body ? ['{"answer": 5}'] : [`words of seed ${String(body.seed)}`];
      exchange.begin("text/event-stream");
      await exchange.send(llamaCluster.stream(words, { input: 9, output: 1 }));
      exchange.end();
    };
  });
  after(() => server.close());

  it("says which models there are, tries them out when it is asked to, and remembers it", async () => {
    const project = smallProject({
      venue: `provider: openai\nendpoint: ${server.url}/v1\nmodel: model\nroles: { worker: { model: other } }\n`,
    });
    const venues = async (
      ...args: string[]
    ): Promise<{ stdout: string; text: string; code: number | null }> => {
      const { stdout, code } = await orket(["-C", project, "venues", ...args]);
      // Lines are broken where the terminal ends.
      return { stdout, text: stdout.replace(/\s+/g, " "), code };
    };
    const plain = await venues();
    assert.match(plain.text, /models: model \(16,384 tokens\)/);
    assert.match(plain.text, /not there: other/);
    assert.doesNotMatch(plain.text, /seed/);
    assert.equal(server.received.filter(({ method }) => method === "POST").length, 0);

    const tried = await venues("small", "--try");
    const found = /model: seed kept, tokens counted, JSON Schema kept, 2 calls at once \(tried out 20/;
    assert.match(tried.text, found);
    assert.equal(tried.code, 0);
    const calls = server.received.filter(({ method }) => method === "POST");
    assert.equal(calls.length, 4);
    assert(calls.every(({ body }) => body.model === "model"));

    assert.match((await venues()).text, found);
    const [report] = JSON.parse((await venues("--json")).stdout) as { tried: { capabilities: object }[] }[];
    assert.deepEqual(report?.tried[0]?.capabilities, {
      seed: true,
      usageInStream: true,
      jsonSchema: true,
      parallelSlots: 2,
    });
    assert.equal(server.received.filter(({ method }) => method === "POST").length, 4);
  });

  it("asks a server on this machine, once tried, before a run that nobody watches", async () => {
    const { behaviour } = server;
    server.behaviour = (exchange) =>
      exchange.request.path === "/v1/models"
        ? exchange.answer(200, { object: "list", data: [{ id: "model" }] })
        : behaviour(exchange);
    try {
      const venue = (model: string): string =>
        `provider: openai\nendpoint: ${server.url}/v1\nmodel: ${model}\n`;
      const project = smallProject({ venue: venue("model") });
      assert.equal((await orket(["-C", project, "venues", "small", "--try"])).code, 0);
      writeFileSync(join(project, "small.venue.yaml"), `version: 1\nname: small\n${venue("absent")}`);
      server.received.length = 0;
      const { code, stderr } = await orket(["-C", project, "run", "small"]);

      assert.match(stderr.replace(/\s+/g, " "), /The Venue small asks for absent, .* It has model\./);
      assert.equal(code, 4);
      assert.deepEqual(
        server.received.map(({ method }) => method),
        ["GET"],
      );
    } finally {
      server.behaviour = behaviour;
    }
  });

  it("says why a model cannot be tried out", async () => {
    const { behaviour } = server;
    server.behaviour = (exchange) =>
      exchange.request.method === "GET"
        ? behaviour(exchange)
        : exchange.answer(500, { error: "out of memory" });
    try {
      const project = smallProject({
        venue: `provider: openai\nendpoint: ${server.url}/v1\nmodel: model\n`,
      });
      const { stdout, code } = await orket(["-C", project, "venues", "--try"]);
      assert.match(stdout.replace(/\s+/g, " "), /could not be tried out with model: .* out of memory/);
      assert.equal(code, 0);
    } finally {
      server.behaviour = behaviour;
    }
  });

  it("takes a server without a list of models for one that answers, and says so", async () => {
    const { behaviour } = server;
    server.behaviour = (exchange) =>
      exchange.request.path === "/v1/models"
        ? exchange.answer(404, { detail: "Not Found" })
        : behaviour(exchange);
    try {
      const project = smallProject({
        venue: `provider: openai\nendpoint: ${server.url}/v1\nmodel: model\n`,
      });
      const { stdout, code } = await orket(["-C", project, "venues", "small", "--try"]);
      const text = stdout.replace(/\s+/g, " ");
      assert.match(
        text,
        /^! small openai, .* The server returned no list of models\. The server at .* answered 404\./,
      );
      assert.match(text, /Is this the address where the API begins\? model: seed kept/);
      assert.equal(code, 0);
    } finally {
      server.behaviour = behaviour;
    }
  });

  it("reports a mesh node by node", async () => {
    const endpoint = `${server.url}/v1`;
    const project = smallProject({
      venue: [
        "provider: mesh",
        "model: base",
        "nodes:",
        `  - { name: desk, provider: openai, endpoint: "${endpoint}", model: model }`,
        `  - { name: rack, provider: openai, endpoint: "${endpoint}", model: "gone:1b" }`,
        "",
      ].join("\n"),
    });
    const { stdout } = await orket(["-C", project, "venues", "--json"]);
    const reports = JSON.parse(stdout) as Record<string, unknown>[];
    assert.deepEqual(
      reports.map(({ latencyMs: _, models: __, ...rest }) => rest),
      [
        { name: "small/desk", missing: [] },
        { name: "small/rack", missing: ["gone:1b"] },
      ].map((node) => ({
        ...node,
        reachable: true,
        source: "small.venue.yaml",
        provider: "openai",
        endpoint,
        tried: [],
        sends: [],
      })),
    );
  });

  it("never prints what an endpoint holds of credentials, for people or for scripts", async () => {
    const endpoint = "http://user:hunter2@127.0.0.1:9/v1?key=hunter3#hunter4";
    for (const venue of [
      `provider: openai\nmodel: model\nendpoint: ${endpoint}\n`,
      `provider: mesh\nmodel: model\nnodes: [{ name: one, provider: ollama, endpoint: "${endpoint}" }]\n`,
    ]) {
      const project = smallProject({ venue });
      for (const args of [[], ["--json"]]) {
        const { stdout, stderr } = await orket(["-C", project, "venues", ...args]);
        assert.match(stdout, /127\.0\.0\.1:9/);
        assert.doesNotMatch(stdout + stderr, /hunter|user:/);
      }
    }
  });
});
