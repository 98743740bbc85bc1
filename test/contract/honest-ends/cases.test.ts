import assert from "node:assert/strict";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { OpenAiProvider } from "../../../src/adapters/provider/openai/provider";
import { replay } from "../../../src/engine/history/replay";
import type { StepNode } from "../../../src/engine/model/definition";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import { ModelServer } from "../../fakes/servers/model-server";

interface Message {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly arguments: string } }[];
  readonly tool_call_id?: string;
  readonly [field: string]: unknown;
}

/** What the server answers to one request: events of a stream, or a whole body. */
type Answer = readonly unknown[] | { readonly status: number; readonly body: string };

const delta = (fields: object, finish: string | null = null): object => ({
  choices: [{ index: 0, delta: fields, finish_reason: finish }],
});
const said = (content: string, finish = "stop"): Answer => [delta({ content }), delta({}, finish)];
const call = (index: number | undefined, name: string, args: string, id?: string): object =>
  delta({
    tool_calls: [
      {
        ...(index === undefined ? {} : { index }),
        ...(id === undefined ? {} : { id }),
        type: "function",
        function: { name, arguments: args },
      },
    ],
  });
const calls = (...pieces: readonly object[]): Answer => [...pieces, delta({}, "tool_calls")];
const write = (path: string, content: string): string => JSON.stringify({ path, content });

describe("A conversation with a real server's ways", function () {
  this.timeout(60_000);
  let server: ModelServer;

  before(async () => {
    server = await ModelServer.start();
  });

  after(async () => {
    await server.close();
  });

  interface Played {
    readonly session: Harness;
    readonly requests: readonly (readonly Message[])[];
    readonly written: Readonly<Record<string, string>>;
    readonly end: string;
  }

  /** One step against the answers, in order. */
  async function play(
    answers: readonly Answer[],
    of: Partial<StepNode> & {
      readonly mode?: "native" | "text" | "auto";
      readonly project?: Record<string, string>;
    } = {},
  ): Promise<Played> {
    const { mode = "native", project = {}, ...node } = of;
    const left = [...answers];
    server.received.length = 0;
    server.behaviour = async (exchange) => {
      const answer = left.shift();
      if (answer === undefined) exchange.answer(400, { error: { message: "no more answers" } });
      else if ("body" in answer) exchange.answer(answer.status, answer.body);
      else {
        exchange.begin("text/event-stream");
        for (const event of answer) await exchange.send(`data: ${JSON.stringify(event)}\n\n`);
        await exchange.send("data: [DONE]\n\n");
        exchange.end();
      }
    };
    const definition = definitionOf([step("work", "writer", { max_turns: 3, ...node })]);
    const writer = definition.band.roles["writer"];
    if (node.result !== undefined && writer !== undefined) writer.tools = [...writer.tools, "set_result"];
    definition.venue = {
      ...definition.venue,
      provider: "openai",
      model: "m",
      tool_calls: mode,
      retry: { attempts: 1, backoff_seconds: 0 },
      timeouts: { connect_seconds: 10, first_token_seconds: 30, idle_seconds: 30, total_seconds: 60 },
    };
    const provider = new OpenAiProvider(
      { endpoint: `${server.url}/v1`, timeouts: definition.venue.timeouts },
      { resolveSecret: () => Promise.resolve(""), fetch: createHttpFetch({}) },
    );
    const session = harness(definition, () => "unused", { provider, project });
    const state = await session.run();
    const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
    assert.equal(divergence, undefined, JSON.stringify(divergence));
    assert.deepEqual(server.failures, []);
    const written: Record<string, string> = {};
    for (const { data } of session.eventsOf("artifact_written"))
      written[data.path] = Buffer.from(await session.store.getBytes(data.content)).toString();
    return {
      session,
      requests: server.received.map(({ body }) => body["messages"] as readonly Message[]),
      written,
      end: state.outcome ?? session.eventsOf("step_failed").at(-1)?.data.code ?? "",
    };
  }

  const verdict = { verdict: ["approve", "revise"] };

  it("performs calls whose fragments interleave, each with its own arguments", async () => {
    const { written, end } = await play([
      calls(
        call(0, "write_file", '{"path":"a.md",', "one"),
        call(1, "write_file", '{"path":"b.md",', "two"),
        delta({ tool_calls: [{ index: 0, function: { arguments: '"content":"A"}' } }] }),
        delta({ tool_calls: [{ index: 1, function: { arguments: '"content":"B"}' } }] }),
      ),
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A", "b.md": "B" });
    assert.equal(end, "completed");
  });

  it("performs two calls that the server gives one index and two ids", async () => {
    const { written } = await play([
      calls(
        call(0, "write_file", write("a.md", "A"), "one"),
        call(0, "write_file", write("b.md", "B"), "two"),
      ),
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A", "b.md": "B" });
  });

  it("performs two calls that share an id, and answers each under an id of its own", async () => {
    const { written, requests } = await play([
      calls(
        call(0, "write_file", write("a.md", "A"), "same"),
        call(1, "write_file", write("b.md", "B"), "same"),
      ),
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A", "b.md": "B" });
    const assistant = requests[1]?.find(({ role }) => role === "assistant");
    const ids = assistant?.tool_calls?.map(({ id }) => id) ?? [];
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
      requests[1]?.filter(({ role }) => role === "tool").map(({ tool_call_id: id }) => id),
      ids,
    );
  });

  it("sends ids back as they came, however long", async () => {
    const id = `chatcmpl-tool-${"0123456789abcdef".repeat(4)}`;
    const { requests } = await play([calls(call(0, "write_file", write("a.md", "A"), id)), said("Done.")]);
    assert.equal(requests[1]?.find(({ role }) => role === "assistant")?.tool_calls?.[0]?.id, id);
    assert.equal(requests[1]?.find(({ role }) => role === "tool")?.tool_call_id, id);
  });

  it("sends signatures of a call and of its message back unchanged, and no reasoning of another step", async () => {
    const signature = { google: { thought_signature: "c2lnbmVk" } };
    const { requests } = await play([
      [
        delta({ reasoning_content: "I write " }),
        delta({ reasoning_content: "the file." }),
        delta({
          tool_calls: [
            {
              index: 0,
              id: "one",
              type: "function",
              function: { name: "write_file", arguments: write("a.md", "A") },
              extra_content: signature,
            },
          ],
        }),
        delta({}, "tool_calls"),
      ],
      said("Done."),
    ]);
    const assistant = requests[1]?.find(({ role }) => role === "assistant");
    assert.equal(assistant?.["reasoning_content"], "I write the file.");
    assert.deepEqual(
      (assistant?.tool_calls?.[0] as Record<string, unknown> | undefined)?.["extra_content"],
      signature,
    );
  });

  it("never sends an empty assistant message", async () => {
    const { requests, end } = await play([said(""), said(" \n"), said("Done.")]);
    assert.equal(end, "completed");
    for (const messages of requests)
      for (const { role, content, tool_calls: made } of messages)
        assert.ok(role !== "assistant" || made !== undefined || (content ?? "").trim() !== "");
  });

  it("takes arguments that are null where they may be left out, and numbers in quotes", async () => {
    const { session, end } = await play(
      [calls(call(0, "read_file", '{"path":"a.txt","from_line":"2","to_line":null}', "one")), said("Done.")],
      { project: { "a.txt": "one\ntwo\nthree\n" } },
    );
    assert.equal(end, "completed");
    assert.equal(session.eventsOf("tool_result")[0]?.data.ok, true);
  });

  it("takes an object where the text of a file is wanted, as its JSON", async () => {
    const { written } = await play([
      calls(call(0, "write_file", '{"path":"a.json","content":{"a":[1,2]}}', "one")),
      said("Done."),
    ]);
    assert.deepEqual(JSON.parse(written["a.json"] ?? ""), { a: [1, 2] });
  });

  it("takes arguments that are encoded twice, or stand in a fence", async () => {
    const { written } = await play([
      calls(
        call(0, "write_file", JSON.stringify(write("a.md", "A")), "one"),
        call(1, "write_file", `\`\`\`json\n${write("b.md", "B")}\n\`\`\``, "two"),
      ),
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A", "b.md": "B" });
  });

  it("takes arguments that are an object in place of its text", async () => {
    const { written } = await play([
      [
        delta({
          tool_calls: [
            {
              index: 0,
              id: "one",
              function: { name: "write_file", arguments: { path: "a.md", content: "A" } },
            },
          ],
        }),
        delta({}, "tool_calls"),
      ],
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A" });
  });

  it("performs once what stands under two indexes with other spaces", async () => {
    const { session } = await play([
      calls(
        call(0, "write_file", '{"path":"a.md","content":"A"}', "one"),
        call(1, "write_file", '{ "path": "a.md", "content": "A" }', "two"),
      ),
      said("Done."),
    ]);
    assert.equal(session.eventsOf("artifact_written").length, 1);
  });

  it("writes nothing of a file whose call was cut, and tells the model how far it came", async () => {
    const { written, requests, end } = await play(
      [
        [call(0, "write_file", '{"path":"a.md","content":"half of the', "one"), delta({}, "length")],
        said("I have written a.md."),
        said("It is there."),
      ],
      { produces: ["a.md"] },
    );
    assert.deepEqual(written, {});
    assert.equal(end, "artifact_missing");
    assert.match(String(requests[1]?.at(-1)?.content), /cut after \d+ characters/);
  });

  it("takes a verdict that is weighed in thoughts, quoted or prose for none", async () => {
    for (const mode of ["native", "text"] as const) {
      const made = '{"tool": "set_verdict", "args": {"verdict": "approve"}}';
      const { session, end } = await play(
        [
          said(`<think>Perhaps ${made}\n${made}\n</think>I am not sure.`),
          said(`One could say:\n> ${made}\nbut I look again.`),
          said("My verdict is approve."),
        ],
        { ...verdict, mode },
      );
      assert.deepEqual(session.eventsOf("verdict_set"), []);
      assert.equal(end, "verdict_missing");
    }
  });

  it("asks about a call in a fence at the end of prose, and performs it when it is made again", async () => {
    const made = `{"tool": "write_file", "args": ${write("a.md", "A")}}`;
    const { written, requests, end } = await play(
      [said(`I suggest this:\n\`\`\`json\n${made}\n\`\`\``), said(made), said("Done.")],
      { mode: "text" },
    );
    assert.match(String(requests[1]?.at(-1)?.content), /stands in a quotation and was not performed/);
    assert.deepEqual(written, { "a.md": "A" });
    assert.equal(end, "completed");
  });

  it("loses nothing of a block whose content holds its own marks, and performs none that lacks its end", async () => {
    const content = "IF x\nEND\nTOOL: write_file\nPATH: b.md\nCONTENT of all\nBEGIN\nEND\nlast\n";
    const block = `TOOL: write_file\nPATH: a.md\nCONTENT:\nBEGIN\n${content}END\n`;
    const whole = await play([said(block.replace("TOOL: write_file\nPATH: b.md\n", "")), said("Done.")], {
      mode: "text",
    });
    assert.deepEqual(whole.written, {
      "a.md": `BEGIN\n${content.replace("TOOL: write_file\nPATH: b.md\n", "")}`,
    });
    const open = await play(
      [said("TOOL: write_file\nPATH: a.md\nCONTENT:\nhalf\n"), said("Done."), said("Done.")],
      {
        mode: "text",
        produces: ["a.md"],
      },
    );
    assert.deepEqual(open.written, {});
    assert.match(String(open.requests[1]?.at(-1)?.content), /END behind its content is missing/);
    assert.equal(open.end, "artifact_missing");
  });

  it("performs no call of text where the server makes calls itself", async () => {
    const { written, end } = await play(
      [
        calls(call(0, "write_file", write("a.md", "A"), "one")),
        said(`For the record, I called:\n{"tool": "write_file", "args": ${write("b.md", "B")}}`),
      ],
      { mode: "auto" },
    );
    assert.deepEqual(Object.keys(written), ["a.md"]);
    assert.equal(end, "completed");
  });

  it("tells the model of a call that the server could not parse, in the server's words", async () => {
    const { requests, end, written } = await play([
      {
        status: 400,
        body: JSON.stringify({
          error: {
            message: "Failed to call a function.",
            code: "tool_use_failed",
            failed_generation: '<function=write_file>{"path": "a.md"',
          },
        }),
      },
      calls(call(0, "write_file", write("a.md", "A"), "one")),
      said("Done."),
    ]);
    assert.match(String(requests[1]?.at(-1)?.content), /could not parse the call: Failed to call a function/);
    assert.deepEqual(written, { "a.md": "A" });
    assert.equal(end, "completed");
  });

  it("tells the model of a call that its server announced and did not send", async () => {
    const { requests, end, written } = await play([
      [delta({ content: "I write it now.", tool_calls: [] }), delta({}, "tool_calls")],
      calls(call(0, "write_file", write("a.md", "A"), "one")),
      said("Done."),
    ]);
    assert.match(String(requests[1]?.at(-1)?.content), /the reply ends with a call, and sent none\./);
    assert.deepEqual(written, { "a.md": "A" });
    assert.equal(end, "completed");
  });

  it("performs the one call of a server from before tool_calls", async () => {
    const { written, end } = await play([
      [
        delta({ content: "I write it." }),
        delta({ function_call: { name: "write_file", arguments: '{"path":"a.md",' } }),
        delta({ function_call: { arguments: '"content":"A"}' } }),
        delta({}, "function_call"),
      ],
      said("Done."),
    ]);
    assert.deepEqual(written, { "a.md": "A" });
    assert.equal(end, "completed");
  });

  it("takes a refusal for no answer, whatever reason it ends with", async () => {
    for (const finish of ["stop", "length"]) {
      const refusal: Answer = [delta({ refusal: "I cannot help with that." }), delta({}, finish)];
      const { end, requests } = await play([refusal, refusal, refusal]);
      assert.equal(end, "reply_cut");
      if (finish === "stop")
        assert.match(String(requests[1]?.at(-1)?.content), /because the model refused to answer/);
    }
  });

  it("takes a reply that was cut for one, also where the stream ends with another reason", async () => {
    const cut: Answer = [delta({ content: "So far" }), delta({}, "length"), delta({}, "stop")];
    assert.equal((await play([cut, cut, cut])).end, "reply_cut");
  });

  it("takes invisible characters, marks of a chat template and an empty fence for no reply", async () => {
    for (const nothing of [
      "\u200b\u2060",
      "<|im_end|>\n",
      "</s>",
      "<end_of_turn>",
      "```json\n```",
      " \u00ad <|eot_id|> ",
    ]) {
      assert.equal((await play([said(nothing), said(nothing), said(nothing)])).end, "empty_reply", nothing);
    }
    assert.equal((await play([said("<|im_end|> is a mark.")])).end, "completed");
  });

  it("does not end with a result where the last turn called another tool", async () => {
    const result = { risk: { enum: ["low", "high"] } };
    const given = call(0, "set_result", '{"risk":"low"}', "one");
    const more = (name: string): Answer => calls(call(0, "write_file", write(name, "x"), name));
    const { end } = await play([calls(given), more("a.md"), more("b.md")], { result });
    assert.equal(end, "max_turns");
    const last = await play([more("a.md"), more("b.md"), calls(given)], { result });
    assert.equal(last.end, "completed");
  });

  it("fails a step whose stream ends early, whatever had come, with nothing of it performed", async () => {
    server.received.length = 0;
    const { written, end } = await play([
      { status: 200, body: `data: ${JSON.stringify(call(0, "write_file", write("a.md", "A"), "one"))}\n\n` },
    ]);
    assert.deepEqual(written, {});
    assert.equal(end, "model_stream_truncated");
  });

  it("takes an error that comes with status 200 for an error, in its own words", async () => {
    for (const body of [
      { error: { message: "No capacity.", code: 503 } },
      [{ error: { message: "No capacity.", code: 503 } }],
      { base_resp: { status_code: 1013, status_msg: "No capacity." } },
    ]) {
      const { session, end } = await play([{ status: 200, body: JSON.stringify(body, null, 2) }]);
      assert.match(end, /^model_/);
      assert.match(session.eventsOf("model_call_failed")[0]?.data.message ?? "", /No capacity\./);
    }
  });

  it("does not end with turns that are used up while calls are open", async () => {
    const more = (name: string): Answer => calls(call(0, "write_file", write(name, "x"), name));
    const { end, session } = await play([more("a.md"), more("b.md"), more("c.md")]);
    assert.equal(end, "max_turns");
    assert.match(session.orchestrator.state.pause?.message ?? "", /^work failed: .*still at work/);
  });

  it("takes no claim in place of a typed result, and one that does not fit is told field by field", async () => {
    const result = { risk: { enum: ["low", "high"] }, files: { type: "list" as const } };
    const { session, requests, end } = await play(
      [
        calls(call(0, "set_result", '{"risk":"middling","files":["a"]}', "one")),
        calls(call(0, "set_result", '{"risk":"low","files":["a"]}', "two")),
        said("Done."),
      ],
      { result },
    );
    assert.match(String(requests[1]?.at(-1)?.content), /risk/);
    assert.deepEqual(session.eventsOf("result_set")[0]?.data.result, { risk: "low", files: ["a"] });
    assert.equal(end, "completed");
  });

  it("runs a call with an unknown finish reason as one that was cut: it is not performed", async () => {
    const { written, end } = await play(
      [[call(0, "write_file", write("a.md", "A"), "one"), delta({}, "abort")], said("Done."), said("Done.")],
      { produces: ["a.md"] },
    );
    assert.deepEqual(written, {});
    assert.equal(end, "artifact_missing");
  });
});
