import assert from "node:assert/strict";
import { ProviderError } from "../../../src/engine/error/provider-error";
import { replay } from "../../../src/engine/history/replay";
import { fold } from "../../../src/engine/state/apply";
import { initialState } from "../../../src/engine/state/state";
import { freezeState, thawState } from "../../../src/engine/state/freeze";
import type { Definition } from "../../../src/engine/model/definition";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import type { ModelRequest } from "../../../src/engine/port/model-provider";

const bytesIn = ({ messages, tools }: ModelRequest): number =>
  messages.reduce(
    (sum, message) =>
      sum +
      Buffer.byteLength(message.content) +
      (message.role === "assistant" ? JSON.stringify(message.toolCalls ?? []).length : 0),
    JSON.stringify(tools).length,
  );

/** A server that makes so many tokens of a byte, and refuses what does not fit. */
function counting(
  tokensPerByte: number,
  window: number,
  output: number,
  answer: (call: number) => FakeReply,
): { reply: (request: ModelRequest) => FakeReply; refused: () => number } {
  let refused = 0;
  let calls = 0;
  return {
    reply: (request) => {
      const tokens = Math.ceil(bytesIn(request) * tokensPerByte);
      if (tokens + output > window) {
        refused += 1;
        return new ProviderError("context_overflow", `The prompt has ${tokens} tokens.`);
      }
      const given = answer((calls += 1));
      if (given instanceof ProviderError) return given;
      const whole = typeof given === "string" ? { text: given } : given;
      return { ...whole, usage: { input: { count: tokens, source: "measured" } } };
    },
    refused: () => refused,
  };
}

function windowOf(tokens: number, output: number, more: Parameters<typeof step>[2] = {}): Definition {
  const definition = definitionOf([step("build", "writer", { max_turns: 200, ...more })]);
  definition.venue.context_tokens = tokens;
  definition.venue.max_output_tokens = output;
  return definition;
}

const page = "x = compute(y) # 12345\n".repeat(120);
const project = { "a.py": page };
const reading =
  (turns: number) =>
  (call: number): FakeReply =>
    call <= turns ? { text: `Turn ${call}.`, calls: [["read_file", { path: "a.py" }]] } : "Done.";

async function replayed(session: ReturnType<typeof harness>) {
  return replay(session.definition, session.store.events, replayPorts(session.store));
}

describe("A prompt in a full window", () => {
  it("is refused at most once by a server whose tokens are far smaller than assumed, and never again", async () => {
    const server = counting(0.9, 8192, 1000, reading(60));
    const session = harness(windowOf(8192, 1000), (request) => server.reply(request), { project });

    const state = await session.run();

    assert.equal(state.outcome, "completed", state.pause?.message);
    assert.ok(server.refused() <= 1, `${server.refused()} prompts were refused`);
    assert.equal((await replayed(session)).divergence, undefined);
  });

  it("that a server refuses is made shorter and sent again before the step fails, and the event says why", async () => {
    // The server has half of the window that the Venue promises.
    const server = counting(0.3, 4096, 1000, reading(40));
    const session = harness(windowOf(8192, 1000), (request) => server.reply(request), { project });

    const state = await session.run();

    assert.equal(state.outcome, "completed", state.pause?.message);
    assert.ok(server.refused() >= 1 && server.refused() <= 3, `${server.refused()} prompts were refused`);
    const why = session.eventsOf("prompt_built").flatMap(({ data }) => data.omitted.map((one) => one.why));
    assert.ok(why.includes("refused"));
    assert.equal((await replayed(session)).divergence, undefined);
  });

  it("that is refused however short it is fails the step, and no fourth time is tried", async () => {
    const session = harness(windowOf(8192, 1000), () => new ProviderError("context_overflow", "Too long."));

    const state = await session.run();

    assert.equal(state.status, "paused");
    assert.ok(session.model.requests.length <= 4);
    assert.match(
      session.eventsOf("step_failed")[0]?.data.code ?? "",
      /prompt_too_large|model_context_overflow/,
    );
  });

  it("leaves out results before turns, names each once, and never puts a placeholder in a placeholder's place", async () => {
    const server = counting(0.3, 8192, 1000, reading(80));
    const session = harness(windowOf(8192, 1000), (request) => server.reply(request), { project });

    await session.run();

    const omissions = session.eventsOf("prompt_built").flatMap(({ data }) => data.omitted);
    assert.deepEqual([...new Set(omissions.map(({ what }) => what))], ["tool_results", "turns"]);
    const results = omissions.filter(({ what }) => what === "tool_results");
    assert.ok(results.reduce((sum, { count }) => sum + count, 0) <= 80);
    const notices = session.model.requests.map(({ messages }) =>
      messages.map(({ content }) => content).join("\n"),
    );
    for (const text of notices) {
      assert.doesNotMatch(text, /left out to make room: [^\]]*left out to make room/i);
      assert.ok((text.match(/\[Left out to make room/g) ?? []).length <= 1);
    }
  });

  it("keeps the system message, the task, the instruction and the newest turns whatever goes", async () => {
    const server = counting(0.3, 4096, 1000, reading(60));
    const definition = windowOf(4096, 1000, { instruction: "Look at every page." });
    const session = harness(definition, (request) => server.reply(request), { project });

    await session.run();

    for (const { messages } of session.model.requests) {
      assert.match(messages[0]?.content ?? "", /You write\./);
      assert.match(messages[1]?.content ?? "", /Make it so\.[\s\S]*Look at every page\./);
    }
    const last = session.model.requests.at(-1)?.messages ?? [];
    assert.match(last.at(-1)?.content ?? "", /compute/);
  });

  it("says of a file that the model wrote only that it was written, in both forms of calls", async () => {
    for (const mode of ["native", "text"] as const) {
      const content = "line of the file\n".repeat(500);
      const server = counting(0.3, 8192, 3000, (call) => {
        if (call > 6) return "Done.";
        if (mode === "native") return { calls: [["write_file", { path: `f${call}.md`, content }]] };
        return `TOOL: write_file\nPATH: f${call}.md\nCONTENT:\n${content}END\n`;
      });
      const definition = windowOf(8192, 3000);
      definition.venue.tool_calls = mode;
      const session = harness(definition, (request) => server.reply(request));

      const state = await session.run();

      assert.equal(state.outcome, "completed", `${mode}: ${state.pause?.message ?? ""}`);
      assert.equal(server.refused(), 0);
      const calls = session.eventsOf("prompt_built").flatMap(({ data }) => data.omitted);
      assert.ok(
        calls.some(({ what }) => what === "calls"),
        mode,
      );
      assert.equal(session.store.workspace.size, 6);
    }
  });

  it("names the largest part of one that cannot fit, and what to change", async () => {
    const role = harness(windowOf(4096, 1000), () => "ok");
    Object.assign(role.definition.band.roles["writer"] ?? {}, { prompt: "y".repeat(20_000) });
    await role.run();
    assert.match(
      role.eventsOf("step_failed")[0]?.data.message ?? "",
      /largest part is the role's prompt \(writer\).*shorten it in the Band/,
    );
    const task = harness(windowOf(4096, 1000), () => "ok");
    task.definition.flow.task = "z".repeat(20_000);
    await task.run();
    assert.match(task.eventsOf("step_failed")[0]?.data.message ?? "", /largest part is the task/);
  });
});

describe("What servers counted", () => {
  it("is kept through a stop and a frozen state, and is the same for parallel branches in any order", async () => {
    const server = counting(0.5, 8192, 1000, reading(3));
    const session = harness(windowOf(8192, 1000), (request) => server.reply(request), { project });
    const state = await session.run();
    const { densities } = state.score.scope;
    assert.ok(Object.values(densities)[0] !== undefined);
    assert.deepEqual(thawState(state.definition, freezeState(state)).score.scope.densities, densities);
    assert.deepEqual(
      fold(initialState(session.definition), session.store.events).score.scope.densities,
      densities,
    );
  });

  it("is not taken from a count of what was not in the server's cache", async () => {
    const session = harness(
      windowOf(8192, 1000),
      (request, call) => ({
        ...(call < 12 ? { calls: [["read_file", { path: "a.py" }]] as const } : { text: "Done." }),
        usage: {
          input: {
            count: call === 1 ? Math.ceil(bytesIn(request) * 0.4) : 30,
            source: "measured" as const,
          },
        },
      }),
      { project },
    );
    const state = await session.run();
    assert.ok((Object.values(state.score.scope.densities)[0] ?? 0) > 0.3);
  });
});
