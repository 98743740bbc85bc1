import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import path from "node:path";
import tls from "node:tls";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import type { HttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { createProvider } from "../../../src/adapters/provider/provider-factory";
import type { ModelProvider } from "../../../src/engine/port/model-provider";
import { openai } from "../../fakes/servers/vendors";
import { Call, longTimeouts, makeProvider } from "./support";

/** A reply in one piece, whose end leaves the connection open for the next request. */
const whole = JSON.stringify({
  choices: [{ index: 0, message: { role: "assistant", content: "Hello world." }, finish_reason: "stop" }],
});

const certificates = path.resolve(__dirname, "../../../test/cli/certificate");
const pem = (name: string): string => readFileSync(path.join(certificates, name), "utf8");

const answerOf = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

interface KeptServer {
  readonly port: number;
  /** `CONNECTION.REQUEST` of each call that arrived. */
  readonly seen: string[];
  readonly close: () => void;
}

/** Answers each connection's requests until `dies` says that the next one gets a dead connection. */
async function keptServer(
  dies: (connection: number, callOnIt: number, call: number) => boolean,
  secure = false,
): Promise<KeptServer> {
  const seen: string[] = [];
  let connections = 0;
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    let connection = 0;
    let requests = 0;
    sockets.add(socket);
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      const isList = text.startsWith("GET ");
      text = text.slice(head + 4 + length);
      if (isList) {
        // A mesh asks its nodes for their models.
        socket.write(answerOf('{"data":[{"id":"test-model"}]}'));
        return;
      }
      if (connection === 0) connection = connections += 1;
      requests += 1;
      seen.push(`${connection}.${requests}`);
      if (dies(connection, requests, seen.length)) {
        socket.destroy();
        return;
      }
      socket.write(answerOf(whole));
    });
  };
  const server = secure
    ? tls.createServer({ cert: pem("company.pem"), key: pem("key.pem") }, serve)
    : net.createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, seen, close };
}

/** A proxy before a server: tunnels, and requests that name the whole address. */
async function proxyBefore(port: number): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const proxy = net.createServer((client) => {
    client.once("data", (first) => {
      const upstream = net.connect(port, "127.0.0.1");
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
      }
      if (first.toString("latin1").startsWith("CONNECT "))
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      else upstream.write(first);
      upstream.pipe(client).pipe(upstream);
      upstream.once("close", () => client.destroy());
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  };
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close };
}

interface Way {
  readonly provider: ModelProvider;
  readonly close: () => Promise<void> | void;
}

const over = (fetch: HttpFetch, url: string, more: () => void = () => undefined): Way => ({
  provider: makeProvider(openai, url, { fetch }),
  close: async () => {
    await fetch.close();
    more();
  },
});

/** Every way in which a request reaches a server. */
const ways: readonly {
  readonly name: string;
  readonly secure?: true;
  /** A lost node is waited for. */
  readonly waitsForNodes?: true;
  readonly open: (server: KeptServer) => Promise<Way> | Way;
}[] = [
  {
    name: "the command line's transport",
    open: ({ port }) => over(createHttpFetch({}), `http://127.0.0.1:${port}`),
  },
  {
    name: "the command line's transport, with a company's certificate",
    secure: true,
    open: ({ port }) => over(createHttpFetch({}), `https://localhost:${port}`),
  },
  {
    name: "a proxy",
    open: async ({ port }) => {
      const proxy = await proxyBefore(port);
      return over(createHttpFetch({ HTTP_PROXY: proxy.url }), "http://models.invalid", proxy.close);
    },
  },
  {
    name: "the tunnel of a proxy, with a company's certificate",
    secure: true,
    open: async ({ port }) => {
      const proxy = await proxyBefore(port);
      // With the dot, it is not taken for this machine, which needs no proxy; the certificate fits all the same.
      return over(createHttpFetch({ HTTPS_PROXY: proxy.url }), "https://localhost.", proxy.close);
    },
  },
  {
    name: "the global fetch, as in the editor",
    open: ({ port }) => ({
      provider: makeProvider(openai, `http://127.0.0.1:${port}`),
      close: () => undefined,
    }),
  },
  {
    name: "a node of a mesh",
    waitsForNodes: true,
    open: async ({ port }) => {
      const fetch = createHttpFetch({});
      const node = {
        name: "one",
        provider: "openai",
        endpoint: `http://127.0.0.1:${port}/v1`,
        slots: 1,
      } as const;
      const provider = await createProvider(
        { provider: "mesh", model: "test-model", nodes: [node], timeouts: longTimeouts },
        { resolveSecret: () => Promise.resolve(""), fetch },
      );
      return { provider, close: () => fetch.close() };
    },
  },
];

/** The end of a reply frees its connection a moment after the reply is there. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("A request that dies on a kept connection before its first byte", () => {
  const trusted = tls.getCACertificates?.("default") ?? [];
  before(() => tls.setDefaultCACertificates?.([...trusted, pem("company.pem")]));
  after(() => tls.setDefaultCACertificates?.([...trusted]));

  for (const { name, secure = false, waitsForNodes = false, open } of ways) {
    const calls = async (
      dies: (connection: number, callOnIt: number, call: number) => boolean,
      work: (next: () => Call, server: KeptServer) => Promise<void>,
    ): Promise<void> => {
      const server = await keptServer(dies, secure);
      const way = await open(server);
      try {
        await work(() => new Call(way.provider), server);
      } finally {
        await way.close();
        server.close();
      }
    };

    describe(`over ${name}`, () => {
      before(function () {
        if (secure && tls.setDefaultCACertificates === undefined) this.skip();
      });

      it("goes out again, once, on a fresh one, and the reply says so", () =>
        calls(
          (_, _number, call) => call === 2,
          async (next, { seen }) => {
            const first = await next().reply();
            await turn();
            const second = await next().reply();
            assert.deepEqual([first.resent, second.resent, second.text], [undefined, 1, "Hello world."]);
            // A mesh has used connections before.
            if (waitsForNodes) assert.equal(seen.length, 3);
            else assert.deepEqual(seen, ["1.1", "1.2", "2.1"]);
          },
        ));

      if (waitsForNodes) return;

      it("and again on a fresh one, is told: never more than once", () =>
        calls(
          (connection, number) => connection > 1 || number === 2,
          async (next, { seen }) => {
            await next().reply();
            await turn();
            await next().error("connection_lost");
            assert.deepEqual(seen, ["1.1", "1.2", "2.1"]);
          },
        ));

      it("is not meant where the connection was fresh: a server that takes no request is told at once", () =>
        calls(
          () => true,
          async (next, { seen }) => {
            await next().error("connection_lost");
            assert.deepEqual(seen, ["1.1"]);
          },
        ));
    });
  }

  it("is not sent on the next old connection of the global fetch's pool", async () => {
    const waiting: Promise<unknown>[] = [];
    const server = await keptServer((connection, number) => connection <= 3 && number === 2);
    const provider = makeProvider(openai, `http://127.0.0.1:${server.port}`);
    try {
      for (let count = 0; count < 3; count += 1) waiting.push(new Call(provider).reply());
      await Promise.all(waiting);
      await turn();
      const reply = await new Call(provider).reply();
      assert.equal(reply.resent, 1);
      assert.deepEqual(server.seen.slice(0, 3).sort(), ["1.1", "2.1", "3.1"]);
      assert.equal(server.seen.at(-1), "4.1");
    } finally {
      server.close();
    }
  });
});
