import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { orket, type Finished } from "./orket";
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

/** The same text as somebody else may write it. */
const spellings = Object.values(planted).flatMap((key) => {
  const bytes = Buffer.from(key);
  return [
    key,
    encodeURIComponent(key),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("hex"),
    [...key].reverse().join(""),
  ];
});

/** `afterTool`: the request holds the result of a tool call. */
type Speak = (key: string, response: http.ServerResponse, afterTool: boolean) => void;

const json = (response: http.ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};
const sse = (response: http.ServerResponse, ...pieces: readonly unknown[]): void => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const piece of pieces)
    response.write(`data: ${typeof piece === "string" ? piece : JSON.stringify(piece)}\n\n`);
  response.end();
};
const delta = (fields: unknown, finish: string | null = null, more: object = {}): unknown => ({
  id: "c",
  object: "chat.completion.chunk",
  model: "m",
  choices: [{ index: 0, delta: fields, finish_reason: finish }],
  ...more,
});
const chunk = (content: string, finish: string | null): unknown => delta({ content }, finish);

/** Every way in which a server gives back what it was sent. */
const ways: Readonly<Record<string, Speak>> = {
  "a refusal with the header in it": (key, response) =>
    json(response, 401, { error: { message: `Incorrect API key provided: ${key}`, code: key } }),
  "a refusal in plain text": (key, response) => {
    response.writeHead(403, { "content-type": "text/plain", "x-key": key });
    response.end(`forbidden for ${key}`);
  },
  "a bad request": (key, response) =>
    json(response, 400, { error: { message: `headers: ${key}`, param: key } }),
  "a missing model": (key, response) => json(response, 404, { error: { message: `no model for ${key}` } }),
  "a limit": (key, response) => {
    response.setHeader("retry-after", "0");
    json(response, 429, { error: { message: `${key} is used up` } });
  },
  "a failure": (key, response) => json(response, 500, { detail: [`trace: ${key}`] }),
  "a move elsewhere": (key, response) => {
    response.writeHead(302, { location: `/elsewhere?${key}` });
    response.end();
  },
  "an error within the stream": (key, response) =>
    sse(response, chunk("Hel", null), { error: { message: `stopped for ${key}`, code: 500 } }),
  "a stream that is no JSON": (key, response) => sse(response, chunk("Hel", null), `{"broken": "${key}`),
  "a page": (key, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<h1>${key}</h1>`);
  },
};

/** A good answer that gives back the key wherever an answer can hold text, in one piece and in many. */
const answer: Speak = (header, response) => {
  const key = header.replace("Bearer ", "");
  sse(
    response,
    delta({ reasoning_content: `They sent ${header}. ` }, null, {
      model: `m-${key}`,
      system_fingerprint: key,
    }),
    ...[...`And ${key}.`].map((letter) => delta({ reasoning_content: letter })),
    chunk(`The key is ${header}, for a page ?key=${encodeURIComponent(key)}, `, null),
    chunk(
      `for Basic ${Buffer.from(`user:${key}`).toString("base64")}, within JSON ${JSON.stringify({ key })}, `,
      null,
    ),
    ...[...`and letter by letter ${key}.`].map((letter) => chunk(letter, null)),
    chunk("", "stop"),
    "[DONE]",
  );
};

/** A tool call that writes the key into a file, its arguments in small pieces. */
const toolCall: Speak = (header, response) => {
  const args = JSON.stringify({ path: "out.md", content: `key = ${header}` });
  const call = (fragment: object): unknown => delta({ tool_calls: [{ index: 0, ...fragment }] });
  sse(
    response,
    call({ id: header, function: { name: "write_file", arguments: "" } }),
    ...(args.match(/.{1,5}/g) ?? []).map((piece) => call({ function: { arguments: piece } })),
    delta({}, "tool_calls"),
    "[DONE]",
  );
};

const goodAnswers: Speak = (key, response, afterTool) =>
  (afterTool ? answer : toolCall)(key, response, afterTool);

function found(text: string): string[] {
  return spellings.filter((spelling) => text.includes(spelling));
}

function filesBelow(folder: string): { readonly place: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ place: path.relative(folder, file), text: readFileSync(file, "latin1") }));
}

describe("keys", function () {
  this.timeout(120_000);

  let server: http.Server;
  let endpoint: string;
  let speak: Speak = () => undefined;
  let listsModels = false;
  const seen: { key: string; all: string }[] = [];

  before(async () => {
    server = http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const key = request.headers.authorization ?? "";
        const body = Buffer.concat(parts).toString();
        seen.push({
          key,
          all: `${request.url ?? ""} ${JSON.stringify({ ...request.headers, authorization: "" })} ${body}`,
        });
        // A mesh asks nobody for a reply who does not say which models there are.
        if (request.method === "GET" && listsModels)
          json(response, 200, { data: [{ id: "m" }, { id: key, owned_by: key }] });
        else speak(key, response, body.includes('"role":"tool"'));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });

  after(() => server.close());

  const venues = (): Readonly<Record<string, string>> => ({
    "a stored secret": `provider: openai\nendpoint: ${endpoint}\nmodel: m\napi_key: secret:lab\nretry: { attempts: 2, backoff_seconds: 0 }\n`,
    "the environment": `provider: openai\nendpoint: ${endpoint}\nmodel: m\napi_key: env:LAB_KEY\nretry: { attempts: 1 }\n`,
    "a node of a mesh": `provider: mesh\nmodel: m\nretry: { attempts: 1 }\nnodes:\n  - { name: one, provider: openai, endpoint: "${endpoint}", api_key: "secret:lab" }\n  - { name: two, provider: openai, endpoint: "${endpoint}/two", api_key: "env:LAB_KEY" }\n`,
    "Ollama behind a key": `provider: ollama\nendpoint: ${endpoint}\nmodel: m\napi_key: secret:lab\nretry: { attempts: 1 }\n`,
  });

  type Called = Finished & { readonly args: readonly string[] };

  /** Runs, asks and exports, and gives everything that was printed. */
  async function everything(project: string): Promise<{ run: Called; others: Called[] }> {
    const call = async (...args: string[]): Promise<Called> => ({
      ...(await orket(["-C", project, ...args], { env: { ...planted, ORKET_DEBUG: "1" } })),
      args,
    });
    const run = await call("run", "small", "--json");
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
    outputs.push(await call("run", "small"));
    return { run, others: outputs };
  }

  /** Everything that was printed, written and sent holds no key. */
  async function search(project: string): Promise<{ run: Called; others: Called[] }> {
    seen.length = 0;
    const outputs = await everything(project);
    const { run, others } = outputs;
    assert.ok(
      seen.some(({ key, all }) => key !== "" && (all.includes("messages") || !listsModels)),
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
        speak = ways[way] ?? speak;
        listsModels = way === "an error within the stream";
        await search(smallProject({ venue: venues()[from] ?? "" }));
      });
    }
  }

  it("stay out of everything when the server gives them back in good replies, and the replay is the same", async () => {
    speak = goodAnswers;
    listsModels = true;
    const project = smallProject({ venue: venues()["the environment"] ?? "" });
    const { run, others } = await search(project);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /gave back the key of the Venue/);
    const replay = others.find(({ args }) => args.includes("replay"));
    assert.equal(replay?.code, 0, replay?.stdout);
    const written = filesBelow(project).filter(({ place }) => place.endsWith("out.md"));
    assert.deepEqual([...new Set(written.map(({ text }) => text))], ["key = Bearer [key]"]);
  });

  it("are found by this search where they are written", () => {
    assert.deepEqual(found(`x ${planted.LAB_KEY} y`), [planted.LAB_KEY]);
    assert.equal(found(Buffer.from(planted.OPENAI_API_KEY).toString("base64")).length, 1);
  });
});
