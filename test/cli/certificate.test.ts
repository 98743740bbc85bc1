import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { orket } from "./orket";
import { smallProject } from "./small-project";

const folder = path.resolve(__dirname, "../../test/cli/certificate");

describe("A server with a company's own certificate", function () {
  this.timeout(30_000);

  it("is refused as it is, and reached when NODE_EXTRA_CA_CERTS names the certificate", async () => {
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
    try {
      const plain = await orket(["-C", project, "venues"]);
      assert.match(plain.stdout, /certificate/);
      const trusting = await orket(["-C", project, "venues"], {
        env: { NODE_EXTRA_CA_CERTS: path.join(folder, "company.pem") },
      });
      assert.match(trusting.stdout.replace(/\s+/g, " "), /models: m/);
    } finally {
      server.close();
    }
  });
});
