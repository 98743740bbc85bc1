import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { troubleOf } from "../../../src/app/venue/venue-check";
import type { VenueTrouble } from "../../../src/app/venue/venue-check";
import { withModelFor } from "../../../src/app/venue/venue-now";
import { callSettings } from "../../../src/engine/model/definition";
import type { Definition } from "../../../src/engine/model/definition";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { definitionOf, step } from "../../fakes/engine-harness";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (status: number, value: unknown): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };

describe("A Venue that is asked before the first step", () => {
  let server: Server;
  let base: string;
  let answer: Answer;
  const requests: IncomingMessage[] = [];

  before(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => requests.splice(0));

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function on(venue: Partial<Definition["venue"]>): Definition {
    const definition = definitionOf([step("work", "writer"), step("check", "reviewer")]);
    return {
      ...definition,
      venue: { ...definition.venue, provider: "openai", model: "m", name: "far", ...venue },
    };
  }

  /** Asks with a transport that finds `http://models.test` on the server of this test. */
  function ask(
    definition: Definition,
    cancellation = new CancelSource(),
    listsHere = true,
  ): Promise<VenueTrouble | undefined> {
    return troubleOf(
      definition,
      {
        resolveSecret: () => Promise.resolve("sk-1"),
        fetch: (url, init) => fetch(url.replace("http://models.test", base), init),
      },
      cancellation,
      { listsHere: () => listsHere },
    );
  }

  const far = { endpoint: "http://models.test/v1" };
  const list = (...ids: string[]): Answer => json(200, { object: "list", data: ids.map((id) => ({ id })) });

  it("has nothing said against it when its list has the model, also under another form of its name", async () => {
    answer = list("models/m", "other");
    assert.equal(await ask(on(far)), undefined);
    answer = list("m-20260101");
    assert.equal(await ask(on({ ...far, model: "m-latest" })), undefined);
  });

  it("is said to lack the models that steps ask for, with those that are there", async () => {
    answer = list("small", "large");
    const trouble = await ask(on({ ...far, roles: { reviewer: { model: "large" } } }));

    assert.match(trouble?.message ?? "", /The Venue far asks for m, which the server at .* does not have\./);
    assert.match(
      trouble?.hint ?? "",
      /It has small, large\. Write one of them as `model` in test\.venue\.yaml/,
    );
    assert.deepEqual([trouble?.missing, trouble?.models], [["m"], ["small", "large"]]);
    assert.deepEqual(trouble?.roles, ["writer"]);
  });

  it("is told of a role that another Venue answers, and the role gets a model that is there", async () => {
    answer = list("small", "m");
    const own = on(far);
    const spare = { ...own.venue, name: "spare", model: "absent" };
    const routed = on({ ...far, roles: { reviewer: { venue: "spare" } }, venues: { spare } });
    const trouble = await ask(routed);

    assert.match(trouble?.message ?? "", /The Venue spare asks for absent/);
    assert.deepEqual(trouble?.roles, ["reviewer"]);
    const mended = { ...routed, venue: withModelFor(routed.venue, "reviewer", "small") };
    assert.equal(await ask(mended), undefined);
    const modelOf = (role: string): string => callSettings(mended, role).model;
    assert.deepEqual(["writer", "reviewer"].map(modelOf), ["m", "small"]);
  });

  it("is not asked for models of roles that no step has", async () => {
    answer = list("m");
    assert.equal(await ask(on({ ...far, roles: { listener: { model: "elsewhere" } } })), undefined);
  });

  it("is said to refuse the key, but not where only the list is refused", async () => {
    answer = json(401, { error: { message: "Incorrect API key provided." } });
    assert.match((await ask(on({ ...far, api_key: "secret:k" })))?.message ?? "", /Incorrect API key/);
    answer = json(403, { error: { message: "Missing scopes: api.model.read" } });
    assert.equal(await ask(on({ ...far, api_key: "secret:k" })), undefined);
  });

  for (const [what, given] of [
    ["no list", json(404, { detail: "Not Found" })],
    ["an error", json(500, { error: "boom" })],
    ["another document", json(200, { choices: [] })],
    ["an empty list", json(200, { data: [] })],
    ["no JSON", ((_, response) => response.end("<html>")) as Answer],
    ["a connection that breaks", ((request) => request.socket.destroy()) as Answer],
  ] as const) {
    it(`begins all the same with a server that gives ${what}`, async () => {
      answer = given;
      assert.equal(await ask(on(far)), undefined);
    });
  }

  it("gets the headers that the Venue sends with its calls", async () => {
    answer = list("m");
    await ask(on({ ...far, headers: { "x-gateway": "secret:gate" } }));
    assert.equal(requests[0]?.headers["x-gateway"], "sk-1");
  });

  it("on this machine is said to lack a model, too, with those that are there", async () => {
    answer = list("small", "large");
    const trouble = await ask(on({ endpoint: `${base}/v1` }));
    assert.match(trouble?.message ?? "", /The Venue far asks for m, which the server at .* does not have\./);
    assert.match(trouble?.hint ?? "", /It has small, large\./);
    assert.deepEqual(
      requests.map(({ method, url }) => `${method} ${url}`),
      ["GET /v1/models"],
    );
    answer = list("m", "other");
    assert.equal(await ask(on({ endpoint: `${base}/v1` })), undefined);
  });

  for (const owner of ["llamacpp", "me", "koboldcpp", "organization_owner"])
    it(`on this machine is believed to take any name when its list is owned by ${owner}`, async () => {
      answer = json(200, { data: [{ id: "other", owned_by: owner }] });
      assert.equal(await ask(on({ endpoint: `${base}/v1` })), undefined);
      assert.equal(requests.length, 1);
      // Elsewhere nothing is known about what stands before it.
      assert.notEqual(await ask(on(far)), undefined);
    });

  for (const [what, given] of [
    ["no list", json(404, { detail: "Not Found" })],
    ["a refusal of the list", json(401, { error: { message: "No." } })],
    ["an error", json(500, { error: "boom" })],
    ["an empty list", json(200, { data: [] })],
    ["a connection that breaks", ((request) => request.socket.destroy()) as Answer],
    ["no answer at all", (() => undefined) as Answer],
  ] as const)
    it(`on this machine begins all the same when it gives ${what}`, async () => {
      answer = given;
      assert.equal(await ask(on({ endpoint: `${base}/v1` })), undefined);
    });

  it("on this machine gets no request before the first call where nobody watches the run", async () => {
    answer = list("other");
    assert.equal(await ask(on({ endpoint: `${base}/v1` }), new CancelSource(), false), undefined);
    assert.equal(requests.length, 0);
    assert.notEqual(await ask(on(far), new CancelSource(), false), undefined);
  });

  it("on this machine gets its list asked for on a connection of its own", async () => {
    answer = list("m");
    const transport = createHttpFetch({});
    const deps = { resolveSecret: () => Promise.resolve("sk-1"), fetch: transport };
    for (let turn = 0; turn < 2; turn += 1)
      assert.equal(
        await troubleOf(on({ endpoint: `${base}/v1` }), deps, new CancelSource(), { listsHere: () => true }),
        undefined,
      );
    await transport.close();
    assert.equal(new Set(requests.map(({ socket }) => socket)).size, 2);
  });

  it("on this machine is said to take no connections", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const trouble = await ask(on({ endpoint: `http://127.0.0.1:${port}/v1` }));
    assert.match(trouble?.message ?? "", /Cannot reach the server at .*: connection refused\./);
    assert.match(trouble?.hint ?? "", /check the endpoint in test\.venue\.yaml/);
  });

  it("asks Ollama for its models wherever it runs", async () => {
    answer = (request, response) =>
      json(200, request.url === "/api/tags" ? { models: [{ name: "small:latest" }] } : { version: "1" })(
        request,
        response,
      );
    const ollama = { provider: "ollama", endpoint: base } as const;
    assert.equal(await ask(on({ ...ollama, model: "small" })), undefined);
    assert.match((await ask(on(ollama)))?.hint ?? "", /It has small:latest\. .*`ollama pull m`/);
  });

  it("works as a mesh while one of its nodes does", async () => {
    answer = list("m");
    const node = (name: string, endpoint: string) =>
      ({ name, provider: "openai", endpoint, slots: 1 }) as const;
    const mesh = { provider: "mesh", endpoint: undefined } as const;
    const dead = node("dead", "http://127.0.0.1:1/v1");
    assert.equal(await ask(on({ ...mesh, nodes: [dead, node("live", "http://models.test/v1")] })), undefined);
    assert.match((await ask(on({ ...mesh, nodes: [dead] })))?.message ?? "", /connection refused/);
  });

  it("is not waited for when a person turns back", async () => {
    const cancellation = new CancelSource();
    answer = () => cancellation.cancel();
    assert.equal(await ask(on(far), cancellation), undefined);
  });

  it("is not asked when its replies are scripted, or its models are the editor's", async () => {
    for (const provider of ["scripted", "vscode-lm"] as const)
      assert.equal(await ask(on({ ...far, provider })), undefined);
    assert.equal(requests.length, 0);
  });
});
