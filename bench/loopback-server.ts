import { createServer } from "node:http";

/** A model server that answers immediately, in a process of its own so that its work is not counted. */
const sentence =
  "The step is done: three files were looked at, nothing stands in the way, the next step can begin. ";

const modelForm = /"model":"m(\d+)(?:t(\d+))?"/;

/** What the request selects by its model's name: `m2000` for a reply of 2,000 bytes; else one sentence. */
function replyTo(body: string): string {
  const bytes = Number(modelForm.exec(body)?.[1] ?? sentence.length);
  return sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes);
}

/** `m2000t5` reads a file five times before it replies. */
function callsTool(body: string): boolean {
  const wanted = Number(modelForm.exec(body)?.[2] ?? 0);
  return wanted > 0 && body.split('"role":"tool"').length - 1 < wanted;
}

const toolCall = { function: { name: "read_file", arguments: { path: "notes.txt" } } };

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    const input = Math.ceil(body.length / 4);
    const reply = replyTo(body);
    const calls = callsTool(body);
    if (request.url === "/floor") {
      response.end(
        JSON.stringify(calls ? { call: toolCall, input, output: 24 } : { reply, input, output: 24 }),
      );
    } else if (request.url === "/api/chat" && calls) {
      const message = { role: "assistant", content: "", tool_calls: [toolCall] };
      const done = { done: true, done_reason: "stop", prompt_eval_count: input, eval_count: 24 };
      response.setHeader("content-type", "application/x-ndjson");
      response.end(`${JSON.stringify({ model: "m", message, ...done })}\n`);
    } else if (request.url === "/api/chat") {
      const done = { done: true, done_reason: "stop", prompt_eval_count: input, eval_count: 24 };
      response.setHeader("content-type", "application/x-ndjson");
      response.end(
        `${JSON.stringify({ model: "m", message: { role: "assistant", content: reply }, done: false })}\n` +
          `${JSON.stringify({ model: "m", message: { role: "assistant", content: "" }, ...done })}\n`,
      );
    } else {
      const chunk = (choices: unknown[], more: object = {}) =>
        `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", model: "m", choices, ...more })}\n\n`;
      response.setHeader("content-type", "text/event-stream");
      response.end(
        chunk([{ index: 0, delta: { role: "assistant", content: reply } }]) +
          chunk([{ index: 0, delta: {}, finish_reason: "stop" }]) +
          chunk([], { usage: { prompt_tokens: input, completion_tokens: 24 } }) +
          "data: [DONE]\n\n",
      );
    }
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});
process.on("disconnect", () => process.exit(0));
