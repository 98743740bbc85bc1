import assert from "node:assert/strict";
import { checkHealth } from "../../../src/adapters/provider/health";
import { createProvider } from "../../../src/adapters/provider/provider-factory";
import type { FetchLike } from "../../../src/adapters/provider/http/transport";
import { readReply } from "../../../src/engine/agent/reader/read-reply";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type { ModelReply, ModelRequest } from "../../../src/engine/port/model-provider";
import { venueFileSchema } from "../../../src/engine/model/venue";

const maxOutputTokens = 100;
const request = {
  messages: [{ role: "user", content: "Go on." }],
  tools: [],
  settings: {
    model: "m",
    context_tokens: 4096,
    max_output_tokens: maxOutputTokens,
    params: {},
    tool_calls: "auto",
  },
} as unknown as ModelRequest;

/** A server that never stops, and how much of what it would say was taken. */
class Flood {
  taken = 0;
  stopped = false;
  onPiece: () => void = () => undefined;
  readonly #piece: Buffer;

  constructor(piece: string) {
    this.#piece = Buffer.from(piece.repeat(Math.max(1, Math.floor(16_384 / piece.length))));
  }

  readonly fetch: FetchLike = () =>
    Promise.resolve({
      status: 200,
      headers: { get: () => null },
      text: () => Promise.reject(new Error("a body without an end was asked for as a whole")),
      body: {
        getReader: () => ({
          read: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            this.taken += this.#piece.length;
            this.onPiece();
            return { done: this.stopped, value: this.#piece };
          },
          cancel: () => {
            this.stopped = true;
            return Promise.resolve();
          },
        }),
      },
    });
}

const openAi = (delta: unknown): string => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`;
const ollama = (message: unknown): string => `${JSON.stringify({ message, done: false })}\n`;
const floods: readonly [string, "openai" | "ollama", string][] = [
  ["text", "openai", openAi({ content: "more and more " })],
  ["reasoning", "openai", openAi({ reasoning_content: "I think and think " })],
  [
    "the arguments of a call",
    "openai",
    openAi({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "xxxxxxxx" } }] }),
  ],
  ["empty pieces", "openai", openAi({})],
  ["comments", "openai", ": keep-alive\n\n"],
  ["a line without an end", "openai", "data: {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["text", "ollama", ollama({ role: "assistant", content: "more and more " })],
  ["thinking", "ollama", ollama({ role: "assistant", content: "", thinking: "I think and think " })],
  [
    "calls",
    "ollama",
    ollama({
      role: "assistant",
      content: "",
      tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }],
    }),
  ],
];

describe("A server without an end", () => {
  const make = (provider: "openai" | "ollama", flood: Flood) =>
    createProvider(
      {
        ...venueFileSchema.parse({
          version: 1,
          name: "v",
          provider,
          endpoint: "http://127.0.0.1:9/v1",
          model: "m",
        }),
        replies: undefined,
      },
      { fetch: flood.fetch, resolveSecret: () => Promise.resolve("") },
    );

  for (const [what, provider, piece] of floods) {
    it(`of ${provider} that sends ${what} is cut off where max_output_tokens and a margin end`, async () => {
      const flood = new Flood(piece);
      const given = await make(provider, flood);
      const shown: string[] = [];
      const outcome: ModelReply | { code: string } = await given
        .call(request, (delta) => "text" in delta && shown.push(delta.text), new CancelSource())
        .catch((error: unknown) => error as { code: string });
      if ("text" in outcome) {
        assert.equal(outcome.finishReason, "length");
        const args = outcome.toolCalls.reduce((sum, call) => sum + call.argumentsJson.length, 0);
        assert.ok(outcome.text.length + (outcome.reasoning ?? "").length + args < 200_000);
      } else assert.equal(outcome.code, "malformed_reply");
      assert.ok(shown.join("").length < 200_000);
      assert.ok(flood.taken < 8 << 20, `${flood.taken} bytes`);
      assert.ok(flood.stopped);
    });
  }

  it("is cancelled in the middle of it", async () => {
    const flood = new Flood(openAi({ content: "x" }));
    const cancellation = new CancelSource();
    let pieces = 0;
    flood.onPiece = () => {
      if ((pieces += 1) === 3) cancellation.cancel();
    };
    const provider = await make("openai", flood);
    await assert.rejects(
      provider.call(request, () => undefined, cancellation),
      { code: "cancelled" },
    );
    assert.ok(flood.stopped);
    assert.ok(flood.taken < 1 << 20);
  });

  it("fills no memory with its list of models", async () => {
    const flood = new Flood('{"data": [');
    const health = await checkHealth(
      {
        provider: "openai",
        endpoint: "http://127.0.0.1:9/v1",
      },
      { fetch: flood.fetch, resolveSecret: () => Promise.resolve("") },
      60_000,
    );
    assert.match(health.problem ?? "", /sent more than \d+ bytes/);
    assert.ok(flood.stopped);
  });
});

describe("A reply that opens what it never closes", () => {
  for (const piece of [
    '{"tool":',
    '{"args":{"tool":',
    '{"tool":"',
    '{"tool":"\n',
    '["\n',
    "TOOL: x\n",
    "TOOL: x\nA:\n",
    '{"tool":{}}',
    "a<think>",
    "</think>a`",
    "``` `",
    "a`\n\n",
    "<tool_call>",
    "<x>\n<a>",
    "<function=x><parameter=a></parameter>\n",
    "Action: x\nAction Input: {\n",
    "<|channel|>analysis",
  ]) {
    it(`is read in one go, however often it says ${JSON.stringify(piece)}`, () => {
      const text = piece.repeat(Math.ceil(312_000 / piece.length));
      readReply(text, { tools: [{ name: "x", parameters: ["a"] }], search: "all", askAboutQuotes: true });
    }).timeout(4000);
  }
});
