import assert from "node:assert/strict";
import type { CommandRequest, CommandRunner } from "../../../src/engine/port/commands";
import { grown, commands, replays, run } from "../../fakes/grown-score";
import { harness } from "../../fakes/engine-harness";

describe("A command in an each", () => {
  it("gets the item and its fields by stdin, env and arguments, for each item", async () => {
    const items = [
      { title: "one", number: 1 },
      { title: "two {{task}}", number: 2 },
    ];
    const definition = grown(
      [
        {
          kind: "each",
          id: "docs",
          in: { input: "list" },
          max: 3,
          at_once: 1,
          on_failure: "stop",
          body: [run("publish", { does: { kind: "run", command: "tests" } })],
        },
      ],
      "docs",
    );
    definition.flow.inputs = { list: items };
    const { tests } = definition.flow.commands ?? {};
    assert.ok(tests);
    tests.argv = ["publish", "{{item.number}}"];
    tests.stdin = "All: {{item}}";
    tests.env = { TITLE: "{{item.title}}" };
    const seen: Pick<CommandRequest, "argv" | "stdin" | "env">[] = [];
    const inner = commands(0);
    const runner: CommandRunner = {
      run: (request, ...rest) => {
        seen.push(request);
        return inner.run(request, ...rest);
      },
    };

    const session = harness(definition, () => "never asked", { commands: runner });
    await session.run();

    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.deepEqual(
      seen.map(({ argv, stdin, env }) => [argv.at(-1), stdin, env["TITLE"]]),
      items.map((item) => [String(item.number), `All: ${JSON.stringify(item)}`, { value: item.title }]),
    );
    await replays(session);
  });
});
