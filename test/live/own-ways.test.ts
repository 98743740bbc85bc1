import assert from "node:assert/strict";
import { LiteLlmProxy, LlamaServer, OllamaServer } from "./servers";
import { ask, Client, failureOf, measure, patientMs, record, withServer } from "./support";
import type { ToolSpec } from "../../src/engine/port/model-provider";
import { pace, until } from "../until";

const tool: ToolSpec = {
  name: "list_dir",
  description: "Lists a folder.",
  parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

/** The window with which Ollama has its model in memory, in tokens. */
async function loadedWindow(server: OllamaServer): Promise<unknown> {
  const { models } = (await server.ask("/api/ps")) as { models: { name: string; context_length?: number }[] };
  return models.find(({ name }) => name.startsWith(server.model))?.context_length;
}

/** What only one of the servers does. */
describe("Ollama alone", function () {
  this.timeout(patientMs);
  const server = new OllamaServer();
  withServer(server);
  let client: Client;
  const open: Client[] = [];
  beforeEach(() => {
    client = new Client(server);
    open.push(client);
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  it("loads the model with the window that the Venue says, and again with another", async () => {
    for (const context_tokens of [512, 1024]) {
      await client.call(ask(server, { settings: { context_tokens, max_output_tokens: 1 } })).reply();
      assert.equal(await loadedWindow(server), context_tokens);
    }
  });

  it("says that a model whose template knows no tools takes none", async () => {
    const call = client.call(ask(server, { tools: [tool], settings: { model: server.plainModel } }));
    const error = await call.error("tools_unsupported");
    measure(server.name, "a template without tools", error.message.replaceAll(server.origin, "…"));
    await record(client, "takes no tools", { error: error.code });
  });

  it("would cut a long prompt if it were not told otherwise", async () => {
    const messages = Array.from({ length: 40 }, (_, index) => ({
      role: "user" as const,
      content: `${index} `.repeat(20),
    }));
    const settings = { context_tokens: 256, max_output_tokens: 1 };
    const cut = await client
      .call(ask(server, { messages, settings: { ...settings, params: { truncate: null } } }))
      .reply();
    measure(
      server.name,
      "a prompt far beyond 256 tokens, without `truncate: false`",
      `answered, ${cut.usage.input?.count ?? "?"} tokens read`,
    );
    const refused = await failureOf(client.call(ask(server, { messages, settings })));
    assert.equal(refused.code, "context_overflow", refused.message);
  });

  it("ends a reply at the end of the window instead of pushing the prompt out", async () => {
    const reply = await client
      .call(
        ask(server, {
          messages: [{ role: "user", content: "A ship, a ship, a ship. ".repeat(25) }],
          settings: { context_tokens: 256, max_output_tokens: 200 },
        }),
      )
      .reply();
    assert.equal(reply.finishReason, "length");
    assert((reply.usage.output?.count ?? 0) < 200, JSON.stringify(reply.usage));
  });
});

describe("llama.cpp alone", function () {
  this.timeout(patientMs);

  describe("while it loads its model", () => {
    const server = new LlamaServer();
    withServer(server);

    it("is overloaded for a while, which a retry gets over", async () => {
      const client = new Client(server);
      try {
        await server.kill();
        await server.begin();
        // The port opens a moment after the process begins.
        let error = await failureOf(client.call(ask(server)));
        while (error.code === "unreachable") error = await failureOf(client.call(ask(server)));
        assert.equal(error.code, "overloaded", error.message);
        assert(error.retryable);
        await record(client, "is loading", { error: error.code });
        await server.ready();
        assert.notEqual((await client.call(ask(server)).reply()).text, "");
      } finally {
        await client.close();
      }
    });
  });

  describe("with a template that knows no tools", () => {
    const server = new LlamaServer(null);
    withServer(server);

    it("takes tools without a word and shows the model none of them", async () => {
      const client = new Client(server);
      try {
        const bare = await client.call(ask(server, { settings: { max_output_tokens: 1 } })).reply();
        const asked = ask(server, { tools: [tool], settings: { max_output_tokens: 1 } });
        const offered = await client.call(asked).reply();
        assert.equal(offered.usage.input?.count, bare.usage.input?.count);
        measure(
          server.name,
          "a template without tools",
          "the tools are dropped without a word: the prompt is the same",
        );
      } finally {
        await client.close();
      }
    });
  });
});

describe("LiteLLM alone", function () {
  this.timeout(patientMs);
  const server = new LiteLlmProxy(new LlamaServer());
  withServer(server);

  it("refuses a wrong key", async () => {
    const client = new Client(server, { key: "sk-another" });
    try {
      const error = await failureOf(client.call(ask(server)));
      assert.equal(error.code, "unauthorized", error.message);
      assert(!error.message.includes("sk-another"));
      await record(client, "refuses a key", { error: error.code });
      measure(server.name, "a wrong key", error.message.replaceAll(server.origin, "…").slice(0, 300));
    } finally {
      await client.close();
    }
  });

  it("passes on that the server behind it was killed in mid-stream", async () => {
    const client = new Client(server);
    try {
      const call = client.call(ask(server, { settings: { max_output_tokens: 400 } }));
      await until("three pieces of the reply", () => call.deltas.length >= 3, patientMs);
      await server.behind.kill();
      const error = await failureOf(call);
      assert(error.retryable, `${error.code}: ${error.message}`);
      assert.equal(error.partialText, call.shown);
      measure(
        server.name,
        "the server behind it killed in mid-stream",
        `${error.code}: ${error.message.replaceAll(server.origin, "…").slice(0, 300)}`,
      );
      const down = await failureOf(client.call(ask(server)));
      assert(down.retryable, `${down.code}: ${down.message}`);
      measure(
        server.name,
        "the server behind it is down",
        `${down.code}: ${down.message.replaceAll(server.origin, "…").slice(0, 300)}`,
      );
      await record(client, "has no server behind it", { error: down.code });
      await server.behind.start();
      let again = await client.call(ask(server)).outcome;
      // LiteLLM rests a backend that failed for a few seconds.
      for (let tries = 0; tries < 30 && "error" in again; tries += 1) {
        await pace(1000);
        again = await client.call(ask(server)).outcome;
      }
      assert("reply" in again, String("error" in again ? again.error : ""));
    } finally {
      await client.close();
    }
  });
});

describe("LiteLLM before Ollama alone", function () {
  this.timeout(patientMs);
  const ollama = new OllamaServer();
  const server = new LiteLlmProxy(ollama);
  withServer(server);

  it("passes `num_ctx` on, without which Ollama takes a window of its own", async () => {
    const client = new Client(server);
    try {
      const asked = (params: Readonly<Record<string, unknown>>): ReturnType<typeof ask> =>
        ask(server, { settings: { context_tokens: 1536, max_output_tokens: 1, params } });
      await client.call(asked({})).reply();
      const own = await loadedWindow(ollama);
      assert.notEqual(own, 1536);
      await client.call(asked({ num_ctx: 1536 })).reply();
      assert.equal(await loadedWindow(ollama), 1536);
      measure(
        server.name,
        "Ollama's window behind it",
        `${String(own)} tokens whatever \`context_tokens\` says; 1536 with \`params: { num_ctx: 1536 }\``,
      );
    } finally {
      await client.close();
    }
  });
});
