import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describeCapabilities, probeCapabilities } from "../../../src/adapters/provider/capabilities";
import { CapabilityMemory, endpointsOf } from "../../../src/app/venue/capability-memory";
import { nodeEnvironment } from "../../../src/adapters/journal/environment";
import { venueFileSchema } from "../../../src/engine/model/venue";
import type { Capabilities } from "../../../src/adapters/provider/health-types";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { ModelServer } from "../../fakes/servers/model-server";
import type { Exchange } from "../../fakes/servers/model-server";
import { vendors } from "../../fakes/servers/vendors";
import type { Vendor } from "../../fakes/servers/vendors";
import { makeProvider } from "../model-provider/support";

interface Server {
  readonly honoursSeed?: boolean;
  readonly counts?: boolean;
  readonly schema?: "follows" | "ignores" | "refuses";
  readonly slots?: number;
}

describe("Capabilities of an endpoint", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  const probe = (vendor: Vendor, does: Server): Promise<Capabilities> => {
    let calls = 0;
    server.behaviour = async (exchange: Exchange) => {
      const { path: asked, body } = exchange.request;
      if (asked === "/props")
        return does.slots === undefined
          ? exchange.answer(404, {})
          : exchange.answer(200, { total_slots: does.slots });
      calls += 1;
      const asksSchema = "format" in body || "response_format" in body;
      if (asksSchema && does.schema === "refuses") return exchange.answer(400, vendor.errorBody("no schema"));
      const options = (body.options ?? body) as { seed?: number };
      const words = does.honoursSeed === true ? `words ${options.seed}` : `words ${calls}`;
      const text = asksSchema && does.schema === "follows" ? '{"answer": 5}' : words;
      exchange.begin(vendor.contentType);
      const usage = does.counts === true ? { usage: { input: 5, output: 5 } } : {};
      await exchange.send(vendor.text(text) + vendor.finish(usage));
      exchange.end();
    };
    const at = { provider: vendor.name, endpoint: `${server.url}${vendor.base}`, model: "m" };
    const deps = { resolveSecret: () => Promise.resolve("") };
    return probeCapabilities(at, makeProvider(vendor, server.url), deps, new CancelSource());
  };

  for (const vendor of vendors) {
    it(`are found out with ${vendor.name}`, async () => {
      const able = await probe(vendor, { honoursSeed: true, counts: true, schema: "follows", slots: 4 });
      const slots = vendor.name === "openai" ? { parallelSlots: 4 } : {};
      assert.deepEqual(able, { seed: true, usageInStream: true, jsonSchema: true, ...slots });
      const plain = await probe(vendor, { schema: "ignores" });
      assert.deepEqual(plain, { seed: false, usageInStream: false, jsonSchema: false });
      assert.equal((await probe(vendor, { schema: "refuses" })).jsonSchema, false);
    });
  }

  it("are remembered in the project, each model at each address for itself", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "orket-capabilities-"));
    try {
      const at = { provider: "openai", endpoint: "http://rack:8000/v1/", model: "m" } as const;
      const memory = new CapabilityMemory(nodeEnvironment, folder);
      assert.equal(await memory.find(at), undefined);
      await Promise.all([
        memory.keep(at, { seed: true, parallelSlots: 4 }),
        memory.keep({ ...at, model: "n" }, { seed: false }),
        memory.keep(at, { seed: false, usageInStream: true }),
      ]);
      const later = new CapabilityMemory(nodeEnvironment, folder);
      const found = await later.find({ ...at, endpoint: "http://rack:8000/v1" });
      assert.deepEqual(found?.capabilities, { seed: false, usageInStream: true });
      assert(!Number.isNaN(Date.parse(found.triedAt)));
      assert.deepEqual((await later.find({ ...at, model: "n" }))?.capabilities, { seed: false });
      assert.equal(await later.find({ ...at, provider: "ollama" }), undefined);
      await writeFile(path.join(folder, ".orket", "capabilities.json"), "{");
      assert.equal(await later.find(at), undefined);
      await later.keep(at, { seed: true });
      assert.deepEqual((await later.find(at))?.capabilities, { seed: true });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are asked of every model that a Venue names, at each of its addresses", () => {
    const venue = (text: object): ReturnType<typeof endpointsOf> =>
      endpointsOf(venueFileSchema.parse({ version: 1, name: "v", ...text }));
    const roles = { reviewer: { model: "small" }, coder: { temperature: 0 }, judge: { model: "m" } };
    assert.deepEqual(
      venue({ provider: "ollama", model: "m", roles }).map(({ endpoint, model }) => [endpoint, model]),
      [
        ["http://127.0.0.1:11434", "m"],
        ["http://127.0.0.1:11434", "small"],
      ],
    );
    const nodes = [
      { name: "desk", provider: "ollama", endpoint: "http://desk:1" },
      { name: "rack", provider: "openai", endpoint: "http://rack:2/v1", model: "M", api_key: "env:RACK" },
    ];
    assert.deepEqual(
      venue({ provider: "mesh", model: "m", roles, nodes }).map(({ node, model, api_key }) => [
        node,
        model,
        api_key,
      ]),
      [
        ["desk", "m", undefined],
        ["desk", "small", undefined],
        ["rack", "M", "env:RACK"],
        ["rack", "small", "env:RACK"],
      ],
    );
    assert.deepEqual(venue({ provider: "scripted", replies: "r.yaml" }), []);
    assert.deepEqual(venue({ provider: "openai" }), []);
  });

  it("are said in words, and what could not be told too", () => {
    assert.equal(
      describeCapabilities({ seed: true, usageInStream: false, parallelSlots: 4 }),
      "seed kept, tokens not counted, JSON Schema unknown, 4 calls at once",
    );
  });
});
