import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ModelMessage, ModelReply, ToolSpec } from "../../../src/engine/port/model-provider";
import { ModelServer } from "../../fakes/servers/model-server";
import { vendors } from "../../fakes/servers/vendors";
import { Call, makeProvider, request } from "./support";

/** What a real server answered; written by `npm run test:live -- --record`, see test/live/support.ts. */
interface Recording {
  readonly server: string;
  readonly scene: string;
  readonly speaks: "ollama" | "openai";
  readonly request: { readonly model: string; readonly tools?: readonly { readonly function: ToolSpec }[] };
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly expected: Partial<Pick<ModelReply, "text" | "finishReason" | "usage" | "notices">> & {
    readonly error?: Parameters<Call["error"]>[0];
    readonly toolCalls?: readonly { readonly name: string; readonly argumentsJson: string }[];
  };
}

const folder = path.join(__dirname, "recorded");
const recordings = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Recording);

const messages: ModelMessage[] = [{ role: "user", content: "x" }];

/** How the network may cut an answer. */
const cuts: Readonly<Record<string, (bytes: Buffer) => Buffer[]>> = {
  "in one piece": (bytes) => [bytes],
  "cut at every 61st byte": (bytes) =>
    Array.from({ length: Math.ceil(bytes.length / 61) }, (_, index) =>
      bytes.subarray(index * 61, (index + 1) * 61),
    ),
};

describe("Providers with what real servers answered", () => {
  let server: ModelServer;
  before(async () => {
    server = await ModelServer.start();
  });
  after(() => server.close());

  for (const recording of recordings) {
    const vendor = vendors.find(({ name }) => name === recording.speaks);
    assert(vendor !== undefined, recording.speaks);
    const { expected, status } = recording;

    for (const [how, cut] of Object.entries(cuts)) {
      it(`${recording.server} ${recording.scene}, ${how}`, async () => {
        server.behaviour = async (exchange) => {
          if (status !== 200) return exchange.answer(status, recording.body);
          exchange.begin(recording.contentType);
          for (const piece of cut(Buffer.from(recording.body))) await exchange.send(piece);
          exchange.end();
        };
        const tools = (recording.request.tools ?? []).map((tool) => tool.function);
        const settings = { model: recording.request.model };
        const call = new Call(makeProvider(vendor, server.url), request({ messages, tools, settings }));
        if (expected.error !== undefined) {
          await call.error(expected.error);
          return;
        }
        const { text, toolCalls, finishReason, usage, notices } = await call.reply();
        assert.deepEqual(
          {
            text,
            toolCalls: toolCalls.map(({ name, argumentsJson }) => ({ name, argumentsJson })),
            finishReason,
            usage,
            ...(expected.notices === undefined ? {} : { notices }),
          },
          expected,
        );
        assert.equal(call.shown, text);
      });
    }
  }
});
