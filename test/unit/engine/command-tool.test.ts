import assert from "node:assert/strict";
import { replay } from "../../../src/engine/history/replay";
import type { Definition } from "../../../src/engine/model/definition";
import type { CommandResult, CommandRunner } from "../../../src/engine/port/commands";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Answer, Harness } from "../../fakes/engine-harness";
import { MemorySessionStore } from "../../fakes/memory-session-store";
import { replayPorts } from "../../fakes/replay-ports";

function definition(effects: "none" | "outside" = "none"): Definition {
  const made = definitionOf([step("build", "writer", { verdict: ["good", "bad"] })]);
  made.flow.commands = {
    tests: {
      argv: ["node", "--test"],
      timeout_seconds: 10,
      env: {},
      network: "none",
      writes: ["report.txt"],
      output: "text",
      isolation: "view",
      effects,
    },
  };
  const writer = made.band.roles["writer"];
  if (writer !== undefined) writer.tools = ["write_file", "set_verdict", "command:tests"];
  return made;
}

function runner(...ends: CommandResult["end"][]): CommandRunner & { readonly started: string[] } {
  const started: string[] = [];
  return {
    started,
    run: ({ run, overlay }) => {
      started.push(`${run} over ${overlay.map(({ path }) => path).join(",")}`);
      const end = ends[started.length - 1] ?? { kind: "exited", code: 0 };
      return Promise.resolve({
        end,
        place: "view",
        output: `run ${started.length}\n`,
        files: [{ path: "report.txt", content: Buffer.from(`${started.length}`), executable: false }],
        discarded: { files: 0, bytes: 0 },
        durationMs: 5,
      });
    },
  };
}

const call = (tool: string, args: Record<string, unknown> = {}): ReturnType<Answer> => ({
  calls: [[tool, args]],
});
const twice: Answer = (_, number) =>
  [
    call("write_file", { path: "a.js", content: "1" }),
    call("command:tests"),
    call("command:tests"),
    call("set_verdict", { verdict: "good" }),
  ][number - 1] ?? "";

async function results({ store, eventsOf }: Harness): Promise<(readonly [boolean, string])[]> {
  const found: (readonly [boolean, string])[] = [];
  for (const { data } of eventsOf("tool_result"))
    if (data.tool === "command:tests") found.push([data.ok, await store.getText(data.content)]);
  return found;
}

async function replays(session: Harness): Promise<void> {
  const ports = replayPorts(session.store);
  const { divergence } = await replay(session.definition, session.store.events, ports);
  assert.equal(divergence, undefined, JSON.stringify(divergence));
}

describe("A command among a role's tools", () => {
  it("runs over the files of the team, tells its verdict and output, and is started by no replay", async () => {
    const commands = runner({ kind: "exited", code: 1 });
    const session = harness(definition(), twice, { commands });

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(commands.started, ["build/1/1 over a.js", "build/1/2 over a.js,report.txt"]);
    assert.deepEqual(await results(session), [
      [false, "Verdict: fail (exit code 1).\nIt wrote report.txt.\nIt printed:\nrun 1"],
      [true, "Verdict: pass.\nIt wrote report.txt.\nIt printed:\nrun 2"],
    ]);
    const order = session.store.events.flatMap(({ type }) => (/^(tool_|command_)/.test(type) ? [type] : []));
    assert.deepEqual(order.slice(2, 6), ["tool_call", "command_start", "command_end", "tool_result"]);
    // The verdict of the step is the model's word, not the command's.
    assert.equal(session.eventsOf("step_end")[0]?.data.verdict, "good");
    await replays(session);
    assert.equal(commands.started.length, 2);
  });

  it("is offered without arguments, and not at all where its effects are outside", async () => {
    const offered = harness(definition(), twice, { commands: runner() });
    await offered.run();
    const spec = offered.model.requests[0]?.tools.find(({ name }) => name === "command:tests");
    assert.deepEqual(spec?.parameters, { type: "object", properties: {}, additionalProperties: false });

    const commands = runner();
    const outside = harness(definition("outside"), twice, { commands });
    await outside.run();
    assert.ok(!outside.model.requests[0]?.tools.some(({ name }) => name === "command:tests"));
    assert.deepEqual(
      outside.eventsOf("tool_denied").map(({ data }) => data.rule),
      ["effects-outside", "effects-outside"],
    );
    assert.deepEqual(commands.started, []);
    await replays(outside);
  });

  it("fails the step where it was refused", async () => {
    const refused = { kind: "refused", reason: "consent", message: "Nobody agreed." } as const;
    const session = harness(definition(), twice, { commands: runner(refused) });
    await session.run();
    const failed = session.eventsOf("step_failed").map(({ data }) => [data.code, data.message]);
    assert.deepEqual(failed, [["command_refused", "Nobody agreed."]]);
    await replays(session);
  });

  it("runs again where Orket stopped, at whichever event of it", async () => {
    const whole = harness(definition(), twice, { commands: runner() });
    await whole.run();
    const { events, blobs } = whole.store;
    const from = events.findIndex(({ type }) => type === "tool_call");
    for (let end = from + 1; end < events.length; end += 1) {
      const store = new MemorySessionStore(() => whole.clock.nowMs(), {
        events: events.slice(0, end),
        blobs,
      });
      const answered = events.slice(0, end).filter(({ type }) => type === "model_call_end").length;
      const answer: Answer = (request, number) => twice(request, number + answered);
      const again = harness(whole.definition, answer, { store, commands: runner() });
      again.orchestrator.resume("command_line");

      const state = await again.run();

      assert.equal(state.outcome, "completed", `cut after ${end} events`);
      assert.equal((await results(again)).length, 2);
      const lost = again.eventsOf("command_end").filter(({ data }) => data.end.kind === "lost");
      const count = (type: string): number =>
        events.slice(0, end).filter((event) => event.type === type).length;
      assert.equal(lost.length, count("command_start") - count("command_end"), `cut after ${end} events`);
      await replays(again);
    }
  });
});
