import assert from "node:assert/strict";
import { ModelServer } from "../../fakes/servers/model-server";
import { chunk, openai, sse } from "../../fakes/servers/vendors";
import { Call, makeProvider, readFileTool, request } from "./support";
import { defined } from "../../../src/engine/model/defined";

describe("OpenAiProvider", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  /** Streams the pieces, each in a packet of its own. */
  const stream = (...pieces: readonly string[]): void => {
    server.behaviour = async (exchange) => {
      exchange.begin(openai.contentType);
      for (const piece of pieces) await exchange.send(piece);
      exchange.end();
    };
  };
  const call = (asked = request()): Call => new Call(makeProvider(openai, server.url), asked);
  const fragment = (index: number | undefined, id: string, name: string, args: string): string =>
    sse(
      chunk({
        tool_calls: [
          {
            ...defined({ index }),
            ...(id === "" ? {} : { id, type: "function" }),
            function: { ...(name === "" ? {} : { name }), arguments: args },
          },
        ],
      }),
    );

  it("sends what the Venue says", async () => {
    stream(openai.text("x"), openai.finish());
    const reply = await call(
      request({
        tools: [readFileTool],
        settings: {
          params: { top_p: 0.5, stream_options: null, max_tokens: null, max_completion_tokens: 99 },
        },
        messages: [
          { role: "system", content: "S" },
          { role: "user", content: "U" },
          {
            role: "assistant",
            content: "",
            toolCalls: [
              { id: "a", name: "read_file", argumentsJson: '{"path":"x"}' },
              { id: "b", name: "read_file", argumentsJson: "{broken" },
            ],
          },
          { role: "tool", callId: "a", toolName: "read_file", content: "text" },
          { role: "tool", callId: "b", toolName: "read_file", content: "no" },
        ],
      }),
    ).reply();
    const { path, body } = server.received.at(-1) ?? {};
    assert.equal(path, "/v1/chat/completions");
    assert.deepEqual(body, {
      model: "test-model",
      stream: true,
      temperature: 0,
      seed: 42,
      top_p: 0.5,
      max_completion_tokens: 99,
      tools: [
        {
          type: "function",
          function: { name: "read_file", description: "Reads a file.", parameters: readFileTool.parameters },
        },
      ],
      messages: [
        { role: "system", content: "S" },
        { role: "user", content: "U" },
        {
          role: "assistant",
          content: "",
          tool_calls: [
            { id: "a", type: "function", function: { name: "read_file", arguments: '{"path":"x"}' } },
            {
              id: "b",
              type: "function",
              function: { name: "read_file", arguments: '{"not_json":"{broken"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "a", content: "text" },
        { role: "tool", tool_call_id: "b", content: "no" },
      ],
    });
    assert.deepEqual(reply.sent, {
      endpoint: `${server.url}/v1`,
      model: "test-model",
      stream: true,
      temperature: 0,
      seed: 42,
      top_p: 0.5,
      max_completion_tokens: 99,
      tools: ["read_file"],
    });
  });

  const addresses = [
    ["", "/chat/completions"],
    ["/v1", "/v1/chat/completions"],
    ["/v1/", "/v1/chat/completions"],
    ["/deployments/m?api-version=2026-01-01", "/deployments/m/chat/completions?api-version=2026-01-01"],
  ] as const;
  for (const [base, path] of addresses) {
    it(`calls ${path} for an endpoint that ends with '${base}'`, async () => {
      stream(openai.text("x"), openai.finish());
      await new Call(makeProvider({ ...openai, base }, server.url), request()).reply();
      assert.equal(server.received.at(-1)?.path, path);
    });
  }

  it("asks for usage and bounds the reply unless told otherwise", async () => {
    stream(openai.text("x"), openai.finish());
    await call().reply();
    const body = server.received.at(-1)?.body ?? {};
    assert.deepEqual(body.stream_options, { include_usage: true });
    assert.equal(body.max_tokens, 256);
    assert(!("tools" in body));
  });

  it("rewrites tool names that the API does not take, and gives the right ones back", async () => {
    const tools = ["vscode:find", "vscode_find"].map((name) => ({ ...readFileTool, name }));
    stream(fragment(0, "a", "vscode_find", "{}"), fragment(1, "b", "vscode_find_2", "{}"), openai.finish());
    const reply = await call(request({ tools })).reply();
    const sent = server.received.at(-1)?.body.tools as { function: { name: string } }[];
    assert.deepEqual(
      sent.map((tool) => tool.function.name),
      ["vscode_find", "vscode_find_2"],
    );
    assert.deepEqual(
      reply.toolCalls.map(({ name }) => name),
      ["vscode:find", "vscode_find"],
    );
  });

  it("puts tool calls together from interleaved fragments", async () => {
    stream(
      fragment(0, "a", "read_file", ""),
      fragment(1, "b", "list_dir", '{"pa'),
      fragment(0, "", "", '{"path":'),
      fragment(1, "", "", 'th":"."}'),
      fragment(0, "", "", '"ä"}'),
      openai.finish({ reason: "tool_calls" }),
    );
    const reply = await call().reply();
    assert.equal(reply.finishReason, "tool_calls");
    assert.deepEqual(reply.toolCalls, [
      { id: "a", name: "read_file", argumentsJson: '{"path":"ä"}' },
      { id: "b", name: "list_dir", argumentsJson: '{"path":"."}' },
    ]);
  });

  it("understands servers that leave the index out, or give all calls the same", async () => {
    stream(fragment(undefined, "a", "one", "{}"), fragment(undefined, "b", "two", "{}"), openai.finish());
    assert.deepEqual(
      (await call().reply()).toolCalls.map(({ name }) => name),
      ["one", "two"],
    );
    stream(fragment(0, "a", "one", "{}"), fragment(0, "b", "one", '{"x":1}'), openai.finish());
    assert.deepEqual((await call().reply()).toolCalls, [
      { id: "a", name: "one", argumentsJson: "{}" },
      { id: "b", name: "one", argumentsJson: '{"x":1}' },
    ]);
  });

  it("understands servers that repeat id and name in every fragment", async () => {
    stream(fragment(0, "a", "one", '{"x"'), fragment(0, "a", "one", ":1}"), openai.finish());
    assert.deepEqual((await call().reply()).toolCalls, [{ id: "a", name: "one", argumentsJson: '{"x":1}' }]);
  });

  it("hands on arguments that are no JSON as the model wrote them", async () => {
    stream(fragment(0, "a", "one", '{"x": '), openai.finish());
    assert.equal((await call().reply()).toolCalls[0]?.argumentsJson, '{"x": ');
  });

  it("reads events with CRLF, comments, names, ids and empty choices", async () => {
    stream(
      ": keep-alive\r\n\r\n",
      "retry: 100\r\nid: 7\r\nevent: message\r\n",
      sse(chunk({ role: "assistant", content: "" }), "\r\n"),
      sse({ choices: [] }, "\r\n"),
      sse(chunk({ content: "Eins " }), "\r\n"),
      ":\n",
      `data:${JSON.stringify(chunk({ content: "zwei" }))}\n\n`,
      sse(chunk({}, "stop"), "\r\n"),
      "data: [DONE]\r\n\r\n",
    );
    const reply = await call().reply();
    assert.equal(reply.text, "Eins zwei");
    assert.equal(reply.model, "test-model");
  });

  it("joins the data lines of one event", async () => {
    const [head, tail] = JSON.stringify(chunk({ content: "Eins" })).split('"model"');
    stream(`data: ${head}\ndata: "model"${tail}\n\n`, openai.finish());
    assert.equal((await call().reply()).text, "Eins");
  });

  it("takes a last event without its line feed", async () => {
    stream(openai.text("Eins"), sse(chunk({}, "stop")), "data: [DONE]");
    assert.equal((await call().reply()).text, "Eins");
  });

  it("takes [DONE] for an end, and says that the reason is missing", async () => {
    stream(openai.text("Eins"), sse("[DONE]"));
    const reply = await call().reply();
    assert.equal(reply.finishReason, "other");
    assert.match(reply.notices?.join() ?? "", /finish_reason/);
  });

  it("takes a finish_reason for an end, though the connection breaks after it", async () => {
    server.behaviour = async (exchange) => {
      exchange.begin(openai.contentType);
      await exchange.send(openai.text("Eins") + sse(chunk({}, "stop")));
      await running.showed("Eins");
      exchange.reset();
    };
    const running = call();
    assert.equal((await running.reply()).text, "Eins");
  });

  it("counts cached tokens as a part of the input", async () => {
    const usage = { prompt_tokens: 20, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 16 } };
    stream(openai.text("x"), sse(chunk({}, "stop")), sse({ choices: [], usage }), sse("[DONE]"));
    assert.deepEqual((await call().reply()).usage, {
      input: { count: 20, source: "measured" },
      cached_input: { count: 16, source: "measured" },
      output: { count: 2, source: "measured" },
    });
  });

  it("maps errors within the stream by their type, their code or their event", async () => {
    stream(openai.error("slow down", "rate_limit_exceeded"));
    await call().error("rate_limited");
    stream(sse({ error: { message: "busy", code: 503 } }));
    await call().error("overloaded");
    stream('event: error\ndata: {"message":"crashed"}\n\n');
    assert.match((await call().error("server_error")).message, /crashed/);
    stream('{"error":{"message":"no framing","type":"invalid_request_error"}}\n');
    await call().error("bad_request");
  });

  it("reads content in parts", async () => {
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm. " }] };
    stream(sse(chunk({ content: [thinking, { type: "text", text: "Eins" }] })), openai.finish());
    const reply = await call().reply();
    assert.equal(reply.reasoning, "Hm. ");
    assert.equal(reply.text, "Eins");
  });
});
