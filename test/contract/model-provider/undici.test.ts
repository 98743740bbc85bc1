import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as undici from "undici";
import Agent from "undici/lib/dispatcher/agent.js";
import connect from "undici/lib/api/api-connect.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";
import { KeptConnections } from "../../../src/adapters/provider/http/kept-connections";
import type { Sender } from "../../../src/adapters/provider/http/kept-connections";

/**
 * The version whose inner modules and diagnostics channels Orket was checked with. After an upgrade: run this suite, read
 * undici's changes of lib/dispatcher/agent.js, lib/dispatcher/proxy-agent.js, lib/core/request.js and
 * lib/dispatcher/client-h1.js, then write the new version here.
 */
const checkedWith = "8.12.4";

describe("undici below its index", () => {
  it("is the version that was checked", () => {
    const file = path.join(process.cwd(), "node_modules", "undici", "package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    assert.equal(version, checkedWith, "undici was upgraded: see the comment above `checkedWith`");
  });

  it("has the classes that its index exports", () => {
    assert.equal(Agent, undici.Agent);
    assert.equal(ProxyAgent, undici.ProxyAgent);
    assert.equal(Dispatcher, undici.Dispatcher);
    assert.equal(connect, Object.getOwnPropertyDescriptor(undici.Dispatcher.prototype, "connect")?.value);
  });

  it("publishes each request with its socket, so that a kept connection is known", async () => {
    const server = createServer((_request, response) => response.end("x"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const agent = new Agent({
      connections: 1,
      connect: { timeout: 5000 },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const kept = new KeptConnections();
    try {
      const onKept: boolean[] = [];
      for (let call = 0; call < 3; call++) {
        const sender: Sender = { onKept: false };
        let reply: Promise<undici.Dispatcher.ResponseData> | undefined;
        kept.dispatching(sender, () => {
          reply = agent.request({ origin, path: "/", method: "GET" });
        });
        await (await reply)?.body.text();
        onKept.push(sender.onKept);
      }
      assert.deepEqual(onKept, [false, true, true]);
      // The same, told at the start of the request.
      const sender: Sender = { onKept: false };
      await new Promise<void>((resolve, reject) => {
        agent.dispatch(
          { origin, path: "/", method: "GET" },
          {
            onRequestStart: () => kept.starting(sender),
            onResponseStart: () => undefined,
            onResponseData: () => undefined,
            onResponseEnd: () => resolve(),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      });
      assert.equal(sender.onKept, true);
    } finally {
      kept.close();
      await agent.close();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    }
  });
});
