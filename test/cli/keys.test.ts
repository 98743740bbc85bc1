import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { filesBelow, goodAnswers, KeyEchoServer, keysIn, ways } from "../fakes/servers/key-echo";
import { emptyFolder, orket } from "./orket";
import type { Finished } from "./orket";
import { smallProject } from "./small-project";

/*
 * Keys are planted wherever one can come from, and a server gives them back wherever a server can speak. Then everything
 * that was written or printed is searched.
 */

const planted = {
  ORKET_SECRET_LAB: "sk-secret-7f3a91c4e2b8d605",
  LAB_KEY: "sk-environment/0c6e+5d4b3a291807==",
  OPENAI_API_KEY: "sk-standing-5a4b3c2d1e0f9687",
  OLLAMA_API_KEY: "ollama-standing-91827364554637",
} as const;
const found = (text: string): string[] => keysIn(text, Object.values(planted));

describe("keys", function () {
  this.timeout(120_000);

  const server = new KeyEchoServer();
  let endpoint: string;
  before(async () => {
    await server.start();
    ({ endpoint } = server);
  });
  after(() => server.close());

  const venues = (): Readonly<Record<string, string>> => ({
    "a stored secret": `provider: openai\nendpoint: ${endpoint}\nmodel: m\napi_key: secret:lab\nretry: { attempts: 2, backoff_seconds: 0 }\n`,
    "the environment": `provider: openai\nendpoint: ${endpoint}\nmodel: m\napi_key: env:LAB_KEY\nretry: { attempts: 1 }\n`,
    "a node of a mesh": `provider: mesh\nmodel: m\nretry: { attempts: 1 }\nnodes:\n  - { name: one, provider: openai, endpoint: "${endpoint}", api_key: "secret:lab" }\n  - { name: two, provider: openai, endpoint: "${endpoint}/two", api_key: "env:LAB_KEY" }\n`,
    "Ollama behind a key": `provider: ollama\nendpoint: ${endpoint}\nmodel: m\napi_key: secret:lab\nretry: { attempts: 1 }\n`,
  });

  const allowed = (): string[] =>
    ["secret:lab", "env:LAB_KEY"].flatMap((key) => ["--allow-key", `${key}@${new URL(endpoint).origin}`]);

  type Called = Finished & { readonly args: readonly string[] };

  /** Runs, asks and exports, and gives everything that was printed. */
  async function everything(project: string): Promise<{ run: Called; others: Called[] }> {
    const call = async (...args: string[]): Promise<Called> => ({
      ...(await orket(["-C", project, ...args, ...allowed()], { env: { ...planted, ORKET_DEBUG: "1" } })),
      args,
    });
    const run = await call("run", "small", "--no-check", "--json");
    const outputs: Called[] = [];
    const others = [
      ["venues"],
      ["show", "last"],
      ["replay", "last"],
      ["sessions", "--search", "sk-"],
      ...["ndjson", "otlp", "html"].map((format) => [
        ...["export", "last", "--format", format, "-o", `session.${format}`],
        ...(format === "html" ? [] : ["--contents"]),
      ]),
    ];
    for (let at = 0; at < others.length; at += 2) {
      outputs.push(...(await Promise.all(others.slice(at, at + 2).map((args) => call(...args)))));
    }
    outputs.push(await call("run", "small", "--no-check"));
    return { run, others: outputs };
  }

  /** Everything that was printed, written and sent holds no key. */
  async function search(project: string): Promise<{ run: Called; others: Called[] }> {
    const { seen } = server;
    seen.length = 0;
    const outputs = await everything(project);
    const { run, others } = outputs;
    assert.ok(
      seen.some(({ key, all }) => key !== "" && (all.includes("messages") || !server.listsModels)),
      `the key was never sent: ${run.stderr}`,
    );
    for (const { stdout, stderr } of [run, ...others])
      assert.deepEqual(found(stdout + stderr), [], stdout + stderr);
    const files = filesBelow(project);
    assert.ok(files.some(({ place }) => place.endsWith("journal.jsonl")));
    assert.ok(files.some(({ place }) => place === "session.html"));
    for (const { place, text } of files) assert.deepEqual(found(text), [], place);
    // A key goes where its Venue sends it, as a header, and no key that no Venue names goes anywhere.
    for (const { key, all } of seen) {
      assert.deepEqual(found(all), []);
      assert.ok(["", `Bearer ${planted.ORKET_SECRET_LAB}`, `Bearer ${planted.LAB_KEY}`].includes(key), key);
    }
    return outputs;
  }

  for (const [from, make] of Object.entries({
    "a stored secret": Object.keys(ways),
    "the environment": ["a refusal with the header in it"],
    "a node of a mesh": ["a refusal with the header in it", "an error within the stream"],
    "Ollama behind a key": ["a refusal with the header in it", "a page"],
  })) {
    for (const way of make) {
      it(`from ${from} stay out of everything when the server answers with ${way}`, async () => {
        server.speak = ways[way] ?? server.speak;
        // A mesh asks nobody for a reply who does not say which models there are.
        server.listsModels = way === "an error within the stream";
        await search(smallProject({ venue: venues()[from] ?? "" }));
      });
    }
  }

  it("stay out of everything when the server gives them back in good replies, and the replay is the same", async () => {
    server.speak = goodAnswers;
    server.listsModels = true;
    const project = smallProject({ venue: venues()["the environment"] ?? "" });
    const { run, others } = await search(project);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /gave back the key of the Venue/);
    const replay = others.find(({ args }) => args.includes("replay"));
    assert.equal(replay?.code, 0, replay?.stdout);
    const written = filesBelow(project).filter(({ place }) => place.endsWith("out.md"));
    assert.deepEqual([...new Set(written.map(({ text }) => text))], ["key = Bearer [key]"]);
  });

  describe("go to a server", () => {
    const env = { ...planted, ORKET_STATE_HOME: emptyFolder() };
    const venue = (): string => venues()["the environment"] ?? "";
    const sent = (): string[] => server.seen.map(({ key }) => key).filter((key) => key !== "");
    before(() => {
      server.speak = goodAnswers;
      server.listsModels = true;
    });
    beforeEach(() => {
      server.seen.length = 0;
    });

    it("that a person allowed, and to no other: run and venues send nothing, and say how to allow it", async () => {
      const project = smallProject({ venue: venue() });
      const run = await orket(["-C", project, "run", "small", "--approve", "all"], { env });
      const elsewhere = [
        "--allow-key",
        "env:LAB_KEY@https://127.0.0.1:1",
        "--allow-key",
        "env:OTHER@http://127.0.0.1:1",
      ];
      const wrong = await orket(["-C", project, "run", "small", ...elsewhere], { env });
      const listed = await orket(["-C", project, "venues"], { env });
      assert.equal(run.code, 7, run.stderr);
      assert.equal(wrong.code, 7, wrong.stderr);
      assert.match(
        run.stderr,
        /env:LAB_KEY has not been allowed for http:\/\/127\.0\.0\.1:\d+.*--allow-key/s,
      );
      assert.match(listed.stdout + listed.stderr, /has\s+not\s+been\s+allowed/);
      assert.deepEqual(server.seen, []);
    });

    it("that the user's own file names, outside every project", async () => {
      const project = smallProject({ venue: venue() });
      const { origin } = new URL(endpoint);
      const text = JSON.stringify({ format: 1, allowed: { "env:LAB_KEY": [origin] } });
      writeFileSync(path.join(env.ORKET_STATE_HOME, "keys.json"), text);
      const run = await orket(["-C", project, "run", "small", "--approve", "all"], { env });
      rmSync(path.join(env.ORKET_STATE_HOME, "keys.json"));
      assert.equal(run.code, 0, run.stderr);
      assert.ok(sent().every((key) => key === `Bearer ${planted.LAB_KEY}`) && sent().length > 0);
    });

    it("never because a variable is well known: OPENAI_API_KEY goes to OpenAI alone", async () => {
      const project = smallProject({ venue: venue().replace("LAB_KEY", "OPENAI_API_KEY") });
      const run = await orket(["-C", project, "run", "small"], { env });
      assert.equal(run.code, 7, run.stderr);
      assert.deepEqual(server.seen, []);
    });
  });

  it("are found by this search where they are written", () => {
    assert.deepEqual(found(`x ${planted.LAB_KEY} y`), [planted.LAB_KEY]);
    assert.equal(found(Buffer.from(planted.OPENAI_API_KEY).toString("base64")).length, 1);
  });
});
