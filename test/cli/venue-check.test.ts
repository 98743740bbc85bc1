import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { orket } from "./orket";

describe("orket run, before the first step", () => {
  let folder: string;
  let server: Server;
  const ask = (...args: string[]) => orket(["run", "main", "--approve", "all", ...args], { cwd: folder });

  before(async () => {
    server = createServer((request, response) => {
      const body = request.url === "/api/tags" ? { models: [{ name: "small" }, { name: "large" }] } : {};
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    folder = mkdtempSync(path.join(tmpdir(), "orket-ready-"));
    const venue = (name: string, port: number): string =>
      `version: 1\nname: ${name}\nprovider: ollama\nendpoint: http://127.0.0.1:${port}\nmodel: absent\nretry: { attempts: 1 }\n`;
    const files = {
      "main.flow.yaml": "version: 1\nname: main\nband: crew\nvenue: live\nscore: steps\ntask: Do it.\n",
      "crew.band.yaml": "version: 1\nname: crew\nroles:\n  worker: { prompt: You work. }\n",
      "steps.score.yaml": "version: 1\nname: steps\nsteps: [{ id: work, role: worker }]\n",
      "live.venue.yaml": venue("live", (server.address() as AddressInfo).port),
      "dead.venue.yaml": venue("dead", 1),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("says that a model is missing, which are there, and the other Venues, and begins nothing", async () => {
    const { code, stdout, stderr } = await ask("--json");

    assert.deepEqual([code, stdout], [4, ""]);
    assert.match(stderr, /The Venue live asks for absent, which the server at \S+ does not have/);
    assert.match(stderr, /It has small, large\./);
    assert.match(stderr, /Other Venues \(--venue\): dead\. --no-check begins without asking/);
    assert.equal(existsSync(path.join(folder, ".orket", "sessions")), false);
  });

  it("says that nobody takes connections", async () => {
    const { code, stderr } = await ask("--venue", "dead");

    assert.equal(code, 4);
    assert.match(stderr, /Cannot reach Ollama at http:\/\/127\.0\.0\.1:1: connection refused/);
  });

  it("begins with --no-check, and then the step says it", async () => {
    const { code, stdout } = await ask("--venue", "dead", "--no-check", "--json");

    assert.equal(code, 4);
    assert.match(stdout, /"type":"model_call_failed"/);
  });
});
