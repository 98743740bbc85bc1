import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

/*
 * A server with OpenAI's chat completions that returns the key wherever a server can put text, and the search for keys in
 * the results.
 */

/** The same texts in other possible spellings. */
function spellings(keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const bytes = Buffer.from(key);
    return [
      key,
      encodeURIComponent(key),
      bytes.toString("base64").replace(/=+$/, ""),
      bytes.toString("hex"),
      [...key].reverse().join(""),
    ];
  });
}

/** The spellings of the keys that occur in the text. */
export function keysIn(text: string, keys: readonly string[]): string[] {
  return spellings(keys).filter((spelling) => text.includes(spelling));
}

/** Every file below a folder, with its bytes as text. */
export function filesBelow(folder: string): { readonly place: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ place: path.relative(folder, file), text: readFileSync(file, "latin1") }));
}

/** `afterTool`: the request holds the result of a tool call. */
export type Speak = (key: string, response: http.ServerResponse, afterTool: boolean) => void;

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

/** Every way in which a server can return what it was sent. */
export const ways: Readonly<Record<string, Speak>> = {
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

/** A good answer that returns the key wherever an answer can hold text, in one piece and in many. */
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

/** A tool call, followed by a text. */
export const goodAnswers: Speak = (key, response, afterTool) =>
  (afterTool ? answer : toolCall)(key, response, afterTool);

interface Seen {
  readonly key: string;
  /** Everything except the header that must hold the key. */
  readonly all: string;
}

export class KeyEchoServer {
  /** Its answer; to a GET only while `listsModels` is false. */
  speak: Speak = () => undefined;
  listsModels = false;
  readonly seen: Seen[] = [];
  readonly #server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => this.#answer(request, Buffer.concat(parts).toString(), response));
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  close(): void {
    this.#server.close();
  }

  /** As a Venue writes it. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  #answer({ url, method, headers }: http.IncomingMessage, body: string, response: http.ServerResponse): void {
    const key = headers.authorization ?? "";
    this.seen.push({ key, all: `${url ?? ""} ${JSON.stringify({ ...headers, authorization: "" })} ${body}` });
    if (method === "GET" && this.listsModels)
      json(response, 200, { data: [{ id: "m" }, { id: key, owned_by: key }] });
    else this.speak(key, response, body.includes('"role":"tool"'));
  }
}
