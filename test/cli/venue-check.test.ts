import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { orket } from "./orket";

describe("orket run, before the first step", () => {
  let folder: string;
  let server: Server;
  const openRequests: string[] = [];
  const ask = (...args: string[]) => orket(["run", "main", "--approve", "all", ...args], { cwd: folder });

  before(async () => {
    server = createServer((request, response) => {
      if (request.url?.startsWith("/v1/") === true) openRequests.push(`${request.method} ${request.url}`);
      if (request.method === "POST") {
        let text = "";
        request.on("data", (bytes: Buffer) => (text += bytes.toString()));
        request.on("end", () => {
          const { model } = JSON.parse(text) as { model: string };
          const isThere = model !== "absent";
          response.writeHead(isThere ? 200 : 404, { "content-type": "application/json" });
          const message = { role: "assistant", content: "Done." };
          response.end(
            JSON.stringify(
              isThere
                ? { choices: [{ index: 0, finish_reason: "stop", message }] }
                : { error: { message: `The model \`${model}\` does not exist.`, code: "model_not_found" } },
            ),
          );
        });
        return;
      }
      const names = ["small", "large"];
      const body =
        request.url === "/api/tags"
          ? { models: names.map((name) => ({ name })) }
          : request.url === "/v1/models"
            ? { object: "list", data: names.map((id) => ({ id, object: "model" })) }
            : {};
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
      "open.venue.yaml": `version: 1\nname: open\nprovider: openai\nendpoint: http://127.0.0.1:${(server.address() as AddressInfo).port}/v1\nmodel: absent\n`,
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
    assert.match(stderr, /Other Venues \(--venue\): dead, open\. --no-check begins without asking/);
    assert.equal(existsSync(path.join(folder, ".orket", "sessions")), false);
  });

  it("sends nothing to an OpenAI-compatible server on this machine without a terminal: the call says it", async () => {
    const { code, stdout, stderr } = await ask("--venue", "open");

    assert.equal(code, 4);
    assert.match(stderr, /The server has small, large\. Write one of them as `model` in open\.venue\.yaml/);
    assert.deepEqual(openRequests, ["POST /v1/chat/completions", "GET /v1/models"]);
    const advice = /orket resume (\S+) --venue open {2,}go on with the changed Venue/.exec(stdout + stderr);
    assert.ok(advice, stderr);

    // The advice works.
    const file = path.join(folder, "open.venue.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("model: absent", "model: small"));
    const resumed = await orket(["resume", advice[1] ?? "", "--venue", "open", "--approve", "all"], {
      cwd: folder,
    });
    assert.equal(resumed.code, 0, resumed.stderr);
    rmSync(path.join(folder, ".orket"), { recursive: true });
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
