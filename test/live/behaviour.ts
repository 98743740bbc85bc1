import assert from "node:assert/strict";
import { checkHealth } from "../../src/adapters/provider/health";
import type { ProviderErrorCode } from "../../src/engine/error/provider-error";
import type { ModelMessage, ModelReply, ToolSpec } from "../../src/engine/port/model-provider";
import type { SessionTraits } from "./sessions";
import { windowTokens } from "./servers";
import type { LiveServer } from "./servers";
import {
  ask,
  Client,
  failureOf,
  leaveOut,
  longPrompt,
  measure,
  millisecondsToEnd,
  patientMs,
  record,
  withServer,
} from "./support";
import type { Asked } from "./support";
import { pace, until } from "../until";

/** What differs between servers, as it was found. */
export interface Traits extends SessionTraits {
  /** Params that make the model's next words a call of `list_dir`, whatever the model; or what makes it likely. */
  readonly callTool: Readonly<Record<string, unknown>>;
  /**
   * What a model that is not there leads to; "answers" where the server answers with the one it has and says so, "echoes"
   * where it says that the one that was asked for had answered.
   */
  readonly unknownModel: ProviderErrorCode | "answers" | "echoes";
  /** The server counts tokens only in replies that are not streamed. */
  readonly countsNoStream?: boolean;
  /** What a prompt beyond the window leads to; "cut" where the server cuts it and nothing that is sent prevents it. */
  readonly overflow: ProviderErrorCode | "cut";
  /** Makes the next call load the model; undefined where the model loads with the server. */
  readonly unload?: () => Promise<void>;
}

const listDir: ToolSpec = {
  name: "list_dir",
  description: "Lists a folder.",
  parameters: {
    type: "object",
    properties: { path: { type: "string", maxLength: 12 } },
    required: ["path"],
  },
};

/** A talk in which every request was answered with a call: even a model that was never taught goes on like that. */
const toolTalk: ModelMessage[] = [
  { role: "system", content: "You list folders." },
  ...["docs", "test", "lib"].flatMap((path, index): ModelMessage[] => [
    { role: "user", content: `List the folder ${path}.` },
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: `call_${index}`, name: "list_dir", argumentsJson: JSON.stringify({ path }) }],
    },
    { role: "tool", callId: `call_${index}`, toolName: "list_dir", content: "a.md" },
  ]),
  { role: "user", content: "List the folder src." },
];

/** Within a schema, blanks are free, and an untaught model pads without end; after examples it does not. */
const jsonTalk: ModelMessage[] = [
  ...["Ida", "Ada", "Eva"].flatMap((ship): ModelMessage[] => [
    { role: "user", content: `Describe the ship ${ship}.` },
    { role: "assistant", content: JSON.stringify({ ship, masts: 2 }) },
  ]),
  { role: "user", content: "Describe the ship Uma." },
];

const essence = ({ text, toolCalls, finishReason, usage }: ModelReply): Record<string, unknown> => ({
  text,
  toolCalls: toolCalls.map(({ name, argumentsJson }) => ({ name, argumentsJson })),
  finishReason,
  usage,
});

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** What every provider does with every server. */
export function realServer(server: LiveServer, traits: Traits): void {
  describe(server.name, function () {
    this.timeout(patientMs);
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
    const note = (what: string, value: string): void => measure(server.name, what, value);
    const reply = (asked?: Asked): Promise<ModelReply> => client.call(ask(server, asked)).reply();

    it("answers the health check with its model", async () => {
      const deps = { resolveSecret: () => Promise.resolve(server.key ?? "") };
      const venue = {
        provider: server.speaks,
        endpoint: server.endpoint,
        ...(server.key === undefined ? {} : { api_key: "env:LIVE_KEY" }),
      };
      const health = await checkHealth(venue, deps, 20_000);
      assert.equal(health.problem, undefined);
      const found = health.models.find(({ name }) => name.replace(/:latest$/, "") === server.model);
      assert(found !== undefined, JSON.stringify(health.models));
      if (health.version !== undefined) note("version", health.version);
      if (found.digest !== undefined) note("model digest", found.digest);
      note("context window in the health check", found.contextTokens?.toString() ?? "not said");
    });

    for (const transport of ["http", "global"] as const) {
      it(`streams a reply in pieces (${transport === "http" ? "Node's http" : "global fetch"})`, async () => {
        const own = new Client(server, { transport });
        try {
          const call = own.call(ask(server, { settings: { max_output_tokens: 20 } }));
          const answer = await call.reply();
          const { text, firstTokenMs, totalMs, usage, finishReason } = answer;
          assert.equal(call.shown, text);
          assert(call.deltas.length >= 5, `${call.deltas.length} deltas`);
          assert(firstTokenMs !== undefined && firstTokenMs < totalMs);
          assert(finishReason === "length" || finishReason === "stop", finishReason);
          if (transport === "global") return;
          const output = usage.output?.count;
          if (output !== undefined) {
            note(
              "tokens a second while streaming",
              (((output - 1) * 1000) / (totalMs - firstTokenMs)).toFixed(1),
            );
          }
          note("time to the first token, model loaded", seconds(firstTokenMs));
          await record(own, "streams", essence(answer));
        } finally {
          await own.close();
        }
      });
    }

    it("gives the token counts of the server", async () => {
      const { usage } = await reply();
      const { url, body } = client.sent[0] ?? { url: "", body: {} };
      const { stream_options: _, ...rest } = body;
      const whole = await server.ask(new URL(url).pathname, { ...rest, stream: false });
      const counts = (whole.usage ?? whole) as Record<string, unknown>;
      const said =
        server.speaks === "ollama"
          ? [counts.prompt_eval_count, counts.eval_count]
          : [counts.prompt_tokens, counts.completion_tokens];
      if (traits.countsNoStream === true) {
        assert.deepEqual(usage, {});
        note("prompt and reply tokens of one call", `${said.join(" and ")} whole, not said in a stream`);
        return;
      }
      assert.deepEqual([usage.input?.count, usage.output?.count], said);
      assert.equal(usage.input?.source, "measured");
      note("prompt and reply tokens of one call, streamed and whole", said.join(" and "));
    });

    it("keeps the length asked for", async () => {
      const { usage, finishReason } = await reply({ settings: { max_output_tokens: 7 } });
      assert.equal(finishReason, "length");
      if (traits.countsNoStream !== true) assert.equal(usage.output?.count, 7);
    });

    it("is cancelled within a second while the model loads", async function () {
      if (traits.unload === undefined) leaveOut(this, "This server loads its model when it starts.");
      await traits.unload();
      const call = client.call(ask(server));
      await pace(60);
      assert.equal(call.shown, "", "the model was loaded too quickly to be cancelled");
      call.cancellation.cancel();
      const took = await millisecondsToEnd(call);
      await call.error("cancelled");
      assert(took < 1000, seconds(took));
      note("cancelled while the model loads, over after", seconds(took));
      const started = performance.now();
      await reply({ settings: { max_output_tokens: 1 } });
      note("the next call's answer after that cancellation", seconds(performance.now() - started));
    });

    it("is cancelled within a second while the server reads the prompt", async () => {
      const call = client.call(
        ask(server, { messages: longPrompt(1500), settings: { max_output_tokens: 200 } }),
      );
      await pace(400);
      assert.equal(call.shown, "");
      call.cancellation.cancel();
      const took = await millisecondsToEnd(call);
      await call.error("cancelled");
      assert(took < 1000, seconds(took));
      note("cancelled while the prompt is read, over after", seconds(took));
      const started = performance.now();
      await reply({ settings: { max_output_tokens: 1 } });
      note(
        "the next call's answer after that cancellation of a prompt",
        seconds(performance.now() - started),
      );
    });

    it("is cancelled within a second in mid-stream, and keeps what had come", async () => {
      const call = client.call(ask(server, { settings: { max_output_tokens: 400 } }));
      await call.showed("");
      await until("three pieces of the reply", () => call.deltas.length >= 3, patientMs);
      call.cancellation.cancel();
      const took = await millisecondsToEnd(call);
      const error = await call.error("cancelled");
      assert(took < 1000, seconds(took));
      assert.equal(error.partialText, call.shown);
      note("cancelled in mid-stream, over after", seconds(took));
      const started = performance.now();
      await reply({ settings: { max_output_tokens: 1 } });
      note("the next call's answer after a cancellation in mid-stream", seconds(performance.now() - started));
    });

    const overflowing = traits.overflow === "cut" ? "cuts" : "refuses";
    it(`${overflowing} a prompt that is longer than the window`, async () => {
      const call = client.call(ask(server, { messages: longPrompt(windowTokens * 2) }));
      if (traits.overflow === "cut") {
        const { usage } = await call.reply();
        const read = usage.input?.count ?? 0;
        assert(read > 0 && read <= windowTokens, `${read} tokens`);
        note("a prompt beyond the window", `answered after ${read} tokens, the rest is cut without a word`);
        return;
      }
      const error = await failureOf(call);
      assert.equal(error.code, traits.overflow, error.message);
      note("a prompt beyond the window", `${error.code}: ${error.message.replaceAll(server.origin, "…")}`);
      await record(client, "overflows", { error: error.code });
    });

    it("repeats itself with the same seed: measured", async () => {
      const runs = 5;
      const texts: string[] = [];
      for (let run = 0; run < runs; run += 1) {
        const { text } = await reply({ settings: { temperature: 1, seed: 7, max_output_tokens: 12 } });
        texts.push(text);
      }
      const same = texts.filter((text) => text === texts[0]).length;
      const other = (await reply({ settings: { temperature: 1, seed: 8, max_output_tokens: 12 } })).text;
      note("equal replies with one seed at temperature 1", `${same} of ${runs}`);
      note("another seed", other === texts[0] ? "the same reply: the seed does nothing" : "another reply");
    });

    it("repeats itself at temperature 0: measured", async () => {
      const runs = 5;
      const texts: string[] = [];
      for (let run = 0; run < runs; run += 1)
        texts.push((await reply({ settings: { max_output_tokens: 12 } })).text);
      const same = texts.filter((text) => text === texts[0]).length;
      note("equal replies at temperature 0", `${same} of ${runs}`);
    });

    it("calls a tool in its own format", async () => {
      const answer = await reply({
        messages: toolTalk,
        tools: [listDir],
        settings: { params: traits.callTool, max_output_tokens: 60 },
      });
      const [call] = answer.toolCalls;
      assert(call !== undefined, `no call but: ${answer.text}`);
      assert.equal(call.name, "list_dir");
      assert.deepEqual(Object.keys(JSON.parse(call.argumentsJson) as object), ["path"]);
      note("a native tool call", `${call.name} ${call.argumentsJson}, ended with ${answer.finishReason}`);
      await record(client, "calls a tool", essence(answer));
    });

    it("binds the reply to a schema", async () => {
      const schema = {
        type: "object",
        properties: { ship: { type: "string", maxLength: 8 }, masts: { type: "integer", enum: [1, 2, 3] } },
        required: ["ship", "masts"],
        additionalProperties: false,
      };
      const settings = { params: traits.structured(schema), max_output_tokens: 200 };
      const answer = await reply({ messages: jsonTalk, settings });
      const value = JSON.parse(answer.text) as { ship: unknown; masts: unknown };
      assert.equal(typeof value.ship, "string");
      assert([1, 2, 3].includes(value.masts as number), answer.text);
      await record(client, "answers by schema", essence(answer));
    });

    it("says so when the model is not there", async () => {
      const call = client.call(ask(server, { settings: { model: "no-such-model" } }));
      if (traits.unknownModel === "echoes") {
        assert.equal((await call.reply()).model, "no-such-model");
        note("a model that is not there", "answered by the one it has, under the name that was asked for");
        return;
      }
      if (traits.unknownModel === "answers") {
        const answer = await call.reply();
        assert.match(answer.notices?.join() ?? "", /no-such-model/);
        note("a model that is not there", `answered by ${answer.model ?? "?"}, noted in the journal`);
        await record(client, "has not the model", { ...essence(answer), notices: answer.notices });
        return;
      }
      const error = await call.error(traits.unknownModel);
      note("a model that is not there", `${error.code}: ${error.message.replaceAll(server.origin, "…")}`);
      await record(client, "has not the model", { error: error.code });
    });

    it("breaks off when it is killed, and answers again after it was started", async () => {
      const call = client.call(ask(server, { settings: { max_output_tokens: 400 } }));
      await until("three pieces of the reply", () => call.deltas.length >= 3, patientMs);
      await server.kill();
      const error = await failureOf(call);
      assert(error.code === "connection_lost" || error.code === "stream_truncated", error.message);
      assert(error.retryable);
      assert.equal(error.partialText, call.shown);
      const down = await failureOf(client.call(ask(server)));
      assert.equal(down.code, "unreachable", down.message);
      await server.start();
      assert.notEqual((await reply()).text, "");
      note("killed in mid-stream", `${error.code}; then ${down.code}; answers after its start`);
    });
  });
}
