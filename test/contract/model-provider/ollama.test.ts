import assert from "node:assert/strict";
import { ModelServer } from "../../fakes/servers/model-server";
import { ollama } from "../../fakes/servers/vendors";
import { Call, makeProvider, readFileTool, request } from "./support";

describe("OllamaProvider", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  const stream = (...pieces: readonly string[]): void => {
    server.behaviour = async (exchange) => {
      exchange.begin(ollama.contentType);
      for (const piece of pieces) await exchange.send(piece);
      exchange.end();
    };
  };
  const call = (asked = request()): Call => new Call(makeProvider(ollama, server.url), asked);

  it("always says the context window, and puts params where they belong", async () => {
    stream(ollama.text("x"), ollama.finish());
    const params = {
      keep_alive: "10m",
      think: false,
      format: "json",
      top_k: 3,
      seed: null,
      options: { min_p: 0.1 },
    };
    const reply = await call(request({ settings: { params }, tools: [readFileTool] })).reply();
    const body = server.received.at(-1)?.body ?? {};
    const expected = {
      model: "test-model",
      stream: true,
      keep_alive: "10m",
      think: false,
      format: "json",
      truncate: false,
      shift: false,
      options: { num_ctx: 4096, num_predict: 256, temperature: 0, top_k: 3, min_p: 0.1 },
    };
    const { messages, tools, ...rest } = body;
    assert.deepEqual(rest, expected);
    assert.deepEqual(messages, [
      { role: "system", content: "You are the Architect." },
      { role: "user", content: "Plan the package." },
    ]);
    assert.deepEqual(tools, [
      {
        type: "function",
        function: { name: "read_file", description: "Reads a file.", parameters: readFileTool.parameters },
      },
    ]);
    assert.deepEqual(reply.sent, { endpoint: server.url, ...expected, tools: ["read_file"] });
  });

  it("sends the conversation about tools in Ollama's form", async () => {
    stream(ollama.text("x"), ollama.finish());
    await call(
      request({
        messages: [
          {
            role: "assistant",
            content: "",
            toolCalls: [{ id: "1", name: "read_file", argumentsJson: '{"path":"x"}' }],
          },
          { role: "tool", callId: "1", toolName: "read_file", content: "text" },
        ],
      }),
    ).reply();
    assert.deepEqual(server.received.at(-1)?.body.messages, [
      {
        role: "assistant",
        content: "",
        tool_calls: [{ function: { name: "read_file", arguments: { path: "x" } } }],
      },
      { role: "tool", content: "text", tool_name: "read_file" },
    ]);
  });

  it("says how to fetch a model that is not there", async () => {
    server.behaviour = (exchange) => exchange.answer(404, { error: "model 'test-model' not found" });
    assert.match((await call().error("not_found")).message, /ollama pull test-model/);
  });

  it("collects tool calls from several lines", async () => {
    stream(
      ollama.toolCall("read_file", { path: "a" }),
      ollama.toolCall("read_file", { path: "b" }),
      ollama.finish(),
    );
    const reply = await call().reply();
    assert.equal(reply.finishReason, "tool_calls");
    assert.deepEqual(
      reply.toolCalls.map(({ argumentsJson }) => argumentsJson),
      ['{"path":"a"}', '{"path":"b"}'],
    );
  });

  it("reads lines that end in CRLF, blank lines and a last line without an end", async () => {
    stream(ollama.text("Eins").replace("\n", "\r\n"), "\n\r\n", ollama.finish().trimEnd());
    assert.equal((await call().reply()).text, "Eins");
  });

  it("works below a path, as behind a proxy", async () => {
    stream(ollama.text("x"), ollama.finish());
    await new Call(makeProvider({ ...ollama, base: "/ai/" }, server.url)).reply();
    assert.equal(server.received.at(-1)?.path, "/ai/api/chat");
  });
});
