/*
 * The server side of the provider benchmarks, as a process of its own: it answers immediately, with a stream whose size the
 * address gives (`/n/20000/…`). The streams are created beforehand, so that only the reader is measured.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Tokens sent in one turn of the event loop, each in its own HTTP chunk, as fast local servers do. */
const burst = 200;

function ollamaStream(tokens: number): string {
  const line = (fields: object): string =>
    `${JSON.stringify({ model: "bench", created_at: "2026-11-22T10:15:03.123456Z", ...fields })}\n`;
  const body = line({ message: { role: "assistant", content: "word " }, done: false }).repeat(tokens);
  const counts = { prompt_eval_count: 20, eval_count: tokens, total_duration: 1, load_duration: 1 };
  return (
    body + line({ message: { role: "assistant", content: "" }, done: true, done_reason: "stop", ...counts })
  );
}

function openAiStream(tokens: number): string {
  const event = (fields: object): string =>
    `data: ${JSON.stringify({ id: "chatcmpl-123", object: "chat.completion.chunk", created: 1, model: "bench", ...fields })}\n\n`;
  const body = event({ choices: [{ index: 0, delta: { content: "word " }, finish_reason: null }] }).repeat(
    tokens,
  );
  const usage = { prompt_tokens: 20, completion_tokens: tokens, total_tokens: tokens + 20 };
  return (
    body +
    event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
    event({ choices: [], usage }) +
    "data: [DONE]\n\n"
  );
}

const made = new Map<string, Buffer[]>();

function pieces(openai: boolean, tokens: number): Buffer[] {
  const key = `${openai} ${tokens}`;
  let found = made.get(key);
  if (found === undefined) {
    const text = openai ? openAiStream(tokens) : ollamaStream(tokens);
    found = (text.match(openai ? /[^\n]*\n\n/g : /[^\n]*\n/g) ?? []).map((part) => Buffer.from(part));
    made.set(key, found);
  }
  return found;
}

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const url = request.url ?? "";
    const openai = url.endsWith("/completions");
    const tokens = Number(/\/n\/(\d+)\//.exec(url)?.[1] ?? "1");
    response.writeHead(200, { "content-type": openai ? "text/event-stream" : "application/x-ndjson" });
    const parts = pieces(openai, tokens);
    let next = 0;
    const send = (): void => {
      response.cork();
      for (const end = Math.min(next + burst, parts.length); next < end; next += 1)
        response.write(parts[next]);
      response.uncork();
      if (next < parts.length) setImmediate(send);
      else response.end();
    };
    send();
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
