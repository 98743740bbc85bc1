import assert from "node:assert/strict";
import { CapabilityMemory, probeCapabilities } from "../../../src/adapters/provider/capabilities";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { Capabilities } from "../../../src/engine/port/model-provider";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { ModelServer, type Exchange } from "../../fakes/servers/model-server";
import { vendors, type Vendor } from "../../fakes/servers/vendors";
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
      const { path, body } = exchange.request;
      if (path === "/props")
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

  it("are tried out once, and again after a failure", async () => {
    const memory = new CapabilityMemory();
    const at = { provider: "openai", endpoint: "http://rack/v1/", model: "m" } as const;
    let asked = 0;
    const failing = (): Promise<Capabilities> => {
      asked += 1;
      return Promise.reject(new ProviderError("unreachable", "gone"));
    };
    await assert.rejects(memory.of(at, failing));
    assert.equal(memory.known(at), undefined);
    const found = (): Promise<Capabilities> => {
      asked += 1;
      return Promise.resolve({ seed: true });
    };
    await Promise.all([memory.of(at, found), memory.of({ ...at, endpoint: "http://rack/v1" }, found)]);
    assert.equal(asked, 2);
    assert.deepEqual(memory.known(at), { seed: true });
  });
});
