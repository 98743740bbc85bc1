import assert from "node:assert/strict";
import type { ModelReply } from "../../../src/engine/port/model-provider";
import { replay } from "../../../src/engine/history/replay";
import { viewSession } from "../../../src/engine/view/session-view";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Answer, Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

async function ran(answer: Answer, more: Parameters<typeof step>[2] = {}): Promise<Harness> {
  const session = harness(definitionOf([step("build", "writer", more)]), answer);
  await session.run();
  const report = await replay(session.definition, session.store.events, replayPorts(session.store));
  assert.equal(report.divergence, undefined, JSON.stringify(report.divergence));
  return session;
}

const failure = (session: Harness): { code: string; message: string } | undefined =>
  session.eventsOf("step_failed").at(-1)?.data;
const write = (content: string): readonly [string, Record<string, unknown>] => [
  "write_file",
  { path: "a.txt", content },
];

describe("A step that is not done", () => {
  for (const finish of ["length", "content_filter", "other"] as const) {
    it(`fails with its reason when every reply is cut (${finish}), after the model was told`, async () => {
      const session = await ran(() => ({ text: "The file should hold the", finish }), { max_turns: 2 });
      assert.equal(session.eventsOf("model_call_end").length, 2);
      assert.match(session.model.lastMessage(2), /Your reply was cut/);
      assert.equal(failure(session)?.code, "reply_cut");
      assert.match(failure(session)?.message ?? "", /cut after 24 characters .*2 model calls are used up/s);
      assert.match(viewSession(session.orchestrator.state).ending ?? "", /^build failed: The reply was cut/);
    });

    it(`performs none of a call that a reply ends with when it is cut (${finish}), and proposes no file`, async () => {
      const session = await ran(() => ({ calls: [write("half a fi")], finish }), { max_turns: 1 });
      assert.deepEqual(session.eventsOf("artifact_written"), []);
      assert.equal(failure(session)?.code, "reply_cut");
    });
  }

  it("is told how long a cut call was, and to write the file in parts", async () => {
    const session = await ran((_, call) =>
      call === 1 ? { calls: [write("x".repeat(6000))], finish: "length" } : "Done.",
    );
    const told = session.model.requests[1]?.messages.find(({ role }) => role === "tool")?.content ?? "";
    assert.match(
      told,
      /Your call of write_file was cut after 6,0\d\d characters because a reply may have 2,048 tokens/,
    );
    assert.match(told, /in parts/);
    assert.deepEqual(session.eventsOf("artifact_written"), []);
  });

  it("performs the calls before the one that was cut", async () => {
    const session = await ran((_, call) =>
      call === 1
        ? { calls: [write("whole\n"), ["write_file", { path: "b.txt", content: "ha" }]], finish: "length" }
        : "Done.",
    );
    assert.deepEqual(
      session.eventsOf("artifact_written").map(({ data }) => data.path),
      ["a.txt"],
    );
    assert.equal(session.orchestrator.state.outcome, "completed");
  });

  it("fails when its turns are used up with tool calls open, and names the tools", async () => {
    const session = await ran(() => ({ calls: [["list_dir", {}]] }), { max_turns: 2 });
    assert.equal(failure(session)?.code, "max_turns");
    assert.match(failure(session)?.message ?? "", /list_dir/);
  });

  it("fails without its verdict, without its file, and with nothing said", async () => {
    const codes = [];
    for (const more of [{ verdict: ["approve"] }, { produces: ["PLAN.md"] }, {}])
      codes.push(failure(await ran(() => (Object.keys(more).length > 0 ? "Fine." : " \n"), more))?.code);
    assert.deepEqual(codes, ["verdict_missing", "artifact_missing", "empty_reply"]);
  });

  for (const [what, text] of Object.entries({
    "cannot be read": '{"tool": "write_file", "args": {"path": "a", "content": \'it\'s\'}}',
    "is cut": "TOOL: write_file\nPATH: a.txt\nCONTENT:\nhalf",
    "names no tool of the role's": '<tool_call>{"name": "run_shell", "arguments": {}}</tool_call>',
  })) {
    it(`fails when its only call ${what}, after the model was told of the wanted form`, async () => {
      const session = await ran(() => text, { max_turns: 2 });
      assert.equal(failure(session)?.code, "call_unreadable");
      assert.match(session.model.lastMessage(2), /write_file|run_shell/);
      assert.equal(session.eventsOf("artifact_written").length, 0);
    });
  }

  it("is done once the model does it after being told", async () => {
    const session = await ran((_, call) =>
      call === 1
        ? '<tool_call>{"name": "write_file", "argum'
        : call === 2
          ? { calls: [write("whole\n")] }
          : "Done.",
    );
    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.match(viewSession(session.orchestrator.state).ending ?? "", /^Completed: 1 step is done\.$/);
  });

  it("asks once about a call at the end that may be an example, and takes a second one for prose", async () => {
    const example = 'So it is deleted:\n```json\n{"tool": "delete_file", "args": {"path": "a"}}\n```';
    const session = await ran(() => example);
    assert.equal(session.eventsOf("model_call_end").length, 2);
    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.deepEqual(session.eventsOf("artifact_deleted"), []);
  });

  it("is nothing that thoughts end: what is only thought is an empty reply", async () => {
    const session = await ran(() => "<think>\nAll done, I would say.\n</think>", { max_turns: 2 });
    assert.equal(failure(session)?.code, "empty_reply");
  });
});

describe("What a step says", () => {
  it("has no thoughts and no calls in its summary, and the next prompt has none", async () => {
    const definition = definitionOf([step("look", "writer"), step("next", "writer")]);
    const session = harness(definition, (request) =>
      request.origin.stepId === "look" ? "<think>Secret doubt.</think>\n\nAll is well." : "Done.",
    );
    await session.run();
    assert.deepEqual(session.eventsOf("step_end")[0]?.data.summary, { text: "All is well." });
    assert.ok(!JSON.stringify(session.model.requests.at(-1)?.messages).includes("Secret doubt"));
  });

  it("never is a verdict that was only weighed", async () => {
    const session = await ran(
      (_, call) =>
        call === 1
          ? '<think>\nShould I say\n{"tool": "set_verdict", "args": {"verdict": "approve"}}\n? No.\n</think>\nTests are missing.'
          : { calls: [["set_verdict", { verdict: "request_changes" }]] },
      { verdict: ["approve", "request_changes"] },
    );
    assert.equal(session.eventsOf("step_end")[0]?.data.verdict, "request_changes");
  });
});

describe("A conversation", () => {
  const replyOf = (more: Partial<ModelReply>): ModelReply => ({
    text: "",
    toolCalls: [],
    finishReason: "stop",
    usage: {},
    totalMs: 1,
    sent: {},
    ...more,
  });

  /** Runs one step whose first reply is the given one. */
  async function afterReply(first: ModelReply): Promise<Harness> {
    const session = harness(definitionOf([step("build", "writer")]), () => "Done.");
    const call = session.model.call.bind(session.model);
    let calls = 0;
    session.model.call = async (request, ...rest) => {
      calls += 1;
      const reply = await call(request, ...rest);
      return calls === 1 ? first : reply;
    };
    await session.run();
    const report = await replay(session.definition, session.store.events, replayPorts(session.store));
    assert.equal(report.divergence, undefined, JSON.stringify(report.divergence));
    return session;
  }

  it("goes back with the server's ids, reasoning and unknown fields as they came", async () => {
    const session = await afterReply(
      replyOf({
        attached: { reasoning_content: "I should look.", reasoning_details: [{ type: "x", signature: "s" }] },
        toolCalls: [
          { id: "call_00_x", name: "list_dir", argumentsJson: "{ }", attached: { extra_content: { g: 1 } } },
        ],
      }),
    );
    const [, , reply, result] = session.model.requests[1]?.messages ?? [];
    assert.deepEqual(reply, {
      role: "assistant",
      content: "",
      attached: { reasoning_content: "I should look.", reasoning_details: [{ type: "x", signature: "s" }] },
      toolCalls: [
        { id: "call_00_x", name: "list_dir", argumentsJson: "{ }", attached: { extra_content: { g: 1 } } },
      ],
    });
    assert.equal(result?.role === "tool" && result.callId, "call_00_x");
  });

  it("gives calls without an id one of nine letters and digits, the same in a replay, another in each place", async () => {
    const session = await afterReply(
      replyOf({
        toolCalls: [
          { name: "list_dir", argumentsJson: "{}" },
          { name: "list_dir", argumentsJson: '{"path":"a"}' },
        ],
      }),
    );
    const ids = session.eventsOf("tool_call").map(({ data }) => data.call_id);
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9]{9}$/);
  });

  it("runs a call that was sent twice once", async () => {
    const session = await afterReply(
      replyOf({
        toolCalls: [
          { id: "a", name: "write_file", argumentsJson: '{"path":"a.txt","content":"x"}' },
          { id: "b", name: "write_file", argumentsJson: '{ "path": "a.txt", "content": "x" }' },
        ],
      }),
    );
    assert.equal(session.eventsOf("artifact_written").length, 1);
  });

  it("tells the model of a call that the server could not parse", async () => {
    const session = await afterReply(
      replyOf({ unparsedCall: "Failed to call a function.", text: "<function=x" }),
    );
    assert.match(
      session.model.lastMessage(2),
      /The server could not parse the call: Failed to call a function\./,
    );
    assert.equal(session.orchestrator.state.outcome, "completed");
  });

  it("never has an empty message of the assistant's", async () => {
    const session = await ran((_, call) => (call === 1 ? "" : "Done."));
    for (const request of session.model.requests)
      for (const message of request.messages) assert.notEqual(message.content.trim(), "", message.role);
  });
});

describe("Arguments of calls", () => {
  for (const [what, tool, args, wanted] of [
    ["null for what is optional", "read_file", '{"path":"k.txt","start_line":null,"end_line":null}', true],
    ["numbers in quotes", "read_file", '{"path":"k.txt","start_line":"1","end_line":"1"}', true],
    [
      "a flag in quotes",
      "edit_file",
      '{"path":"k.txt","old_text":"me","new_text":"it","replace_all":"True"}',
      true,
    ],
    ["a key too many", "write_file", '{"path":"n.txt","content":"x","explanation":"why"}', true],
    ["JSON within JSON", "write_file", JSON.stringify('{"path":"n.txt","content":"x"}'), true],
    ["an object where a text is wanted", "write_file", '{"path":"n.json","content":{"a":1}}', true],
    ["a map as a text", "update_notes", '{"set":"{\\"a\\":\\"b\\"}"}', true],
    [
      "another vendor's names",
      "edit_file",
      '{"file_path":"k.txt","old_string":"me","new_string":"it"}',
      true,
    ],
    ["nothing where nothing is needed", "list_dir", "", true],
    ["a trailing comma", "write_file", '{"path":"n.txt","content":"x",}', true],
    ["a list", "write_file", "[1]", false],
    ["a text that is cut", "write_file", '{"path":"n.txt","content":"x', false],
  ] as const) {
    it(`${wanted ? "are taken" : "are refused with what is wrong"}: ${what}`, async () => {
      const session = harness(definitionOf([step("build", "writer")]), () => "Done.", {
        project: { "k.txt": "keep me\n" },
      });
      const call = session.model.call.bind(session.model);
      let calls = 0;
      session.model.call = async (request, ...rest) => {
        calls += 1;
        const reply = await call(request, ...rest);
        return calls === 1 ? { ...reply, text: "", toolCalls: [{ name: tool, argumentsJson: args }] } : reply;
      };
      await session.run();
      const [result] = session.eventsOf("tool_result");
      assert.equal(result?.data.ok, wanted, JSON.stringify(result?.data.content));
      if (!wanted) assert.match(JSON.stringify(result?.data.content), /not whole|not valid JSON/);
    });
  }
});
