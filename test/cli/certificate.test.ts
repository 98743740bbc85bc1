import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import net from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { orket } from "./orket";
import { smallProject } from "./small-project";

const folder = path.resolve(__dirname, "../../test/cli/certificate");

describe("A server with a company's own certificate", function () {
  this.timeout(30_000);

  it("is refused as it is, and reached when NODE_EXTRA_CA_CERTS names the certificate, also through a proxy", async () => {
    const server = createServer(
      {
        cert: readFileSync(path.join(folder, "company.pem")),
        key: readFileSync(path.join(folder, "key.pem")),
      },
      (_, response) =>
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify({ object: "list", data: [{ id: "m", object: "model" }] })),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const project = smallProject({
      venue: `provider: openai\nendpoint: https://localhost:${port}/v1\nmodel: m\n`,
    });
    const proxy = createProxy();
    const tunnels: string[] = [];
    proxy.on("connect", (request, client: net.Socket) => {
      tunnels.push(request.url ?? "");
      const upstream = net.connect(port, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    try {
      const plain = await orket(["-C", project, "venues"]);
      assert.match(plain.stdout, /certificate/);
      const trusting = await orket(["-C", project, "venues"], {
        env: { NODE_EXTRA_CA_CERTS: path.join(folder, "company.pem") },
      });
      assert.match(trusting.stdout.replace(/\s+/g, " "), /models: m/);

      // With the dot, the host is not taken for this machine, which needs no proxy; the certificate fits all the same.
      const elsewhere = smallProject({
        venue: `provider: openai\nendpoint: https://localhost.:${port}/v1\nmodel: m\n`,
      });
      const tunnelled = await orket(["-C", elsewhere, "venues"], {
        env: {
          NODE_EXTRA_CA_CERTS: path.join(folder, "company.pem"),
          HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        },
      });
      assert.match(tunnelled.stdout.replace(/\s+/g, " "), /models: m/);
      assert.deepEqual(tunnels, [`localhost.:${port}`]);
    } finally {
      proxy.close();
      server.close();
    }
  });
});
