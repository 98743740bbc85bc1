import assert from "node:assert/strict";
import type { EventDraft } from "../../../src/engine/event/event";
import { changeAt } from "../../../src/engine/state/scope";
import { decisionAbout } from "../../../src/engine/state/decisions";
import { replay } from "../../../src/engine/history/replay";
import type { CommandRunner } from "../../../src/engine/port/commands";
import { definitionOf, filesOf, harness, step } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import { ToolBench } from "../../fakes/tool-bench";

const executables = new Set(["run.sh", "old.sh"]);
const texts = { "run.sh": "one\n", "old.sh": "old\n", "plain.sh": "plain\n" };
const files = (() => {
  const plain = filesOf(texts);
  const base = async (raw: string): ReturnType<typeof plain.base> => {
    const read = await plain.base(raw);
    return read.kind === "file" ? { ...read, executable: executables.has(raw) } : read;
  };
  return { ...plain, base };
})();

function bitsOf(event: EventDraft): unknown[] {
  assert.equal(event.type, "artifact_written");
  const { path, executable, base_executable } = event.data;
  return [path, executable, base_executable];
}

describe("the executable bit of what tools write", () => {
  const calls: Readonly<Record<string, readonly [tool: string, args: object, bits: readonly unknown[]]>> = {
    "an edited script keeps it": [
      "edit_file",
      { path: "run.sh", old_text: "one", new_text: "two" },
      ["run.sh", undefined, true],
    ],
    "asking for what is there already changes nothing": [
      "write_file",
      { path: "run.sh", content: "x", executable: true },
      ["run.sh", undefined, true],
    ],
    "a file of the project gets it": [
      "write_file",
      { path: "plain.sh", content: "plain\n", executable: true },
      ["plain.sh", true, undefined],
    ],
    "a new file gets it": [
      "write_file",
      { path: "new.sh", content: "x", executable: true },
      ["new.sh", true, undefined],
    ],
    "a new file has none unless asked": [
      "write_file",
      { path: "new.md", content: "x" },
      ["new.md", undefined, undefined],
    ],
    "a moved script takes it along": [
      "move_file",
      { from: "old.sh", to: "bin/old.sh" },
      ["bin/old.sh", true, undefined],
    ],
  };
  for (const [what, [tool, args, bits]] of Object.entries(calls)) {
    it(what, async () => assert.deepEqual(bitsOf((await new ToolBench(files).call(tool, args)).event), bits));
  }

  it("stays over later writes and moves of the step", async () => {
    const bench = new ToolBench(files);
    await bench.call("write_file", { path: "new.sh", content: "x", executable: true });
    await bench.call("edit_file", { path: "new.sh", old_text: "x", new_text: "y" });
    const again = await bench.call("write_file", { path: "new.sh", content: "z", executable: true });
    assert.deepEqual(bitsOf(again.event), ["new.sh", undefined, undefined]);
    await bench.call("move_file", { from: "new.sh", to: "bin/new.sh" });
    assert.equal(changeAt(bench.active.scope, "bin/new.sh")?.executable, true);
    await bench.call("edit_file", { path: "run.sh", old_text: "one", new_text: "two" });
    const { executable, baseExecutable } = changeAt(bench.active.scope, "run.sh") ?? {};
    assert.deepEqual([executable, baseExecutable], [true, true]);
  });

  it("is replayed from the journal alone", async () => {
    const all = Object.values(calls).map(([tool, args]) => [tool, args] as const);
    const definition = definitionOf([step("build", "writer", { max_turns: all.length + 1 })]);
    for (const role of Object.values(definition.band.roles))
      role.tools = ["write_file", "edit_file", "move_file"];
    const session = harness(
      definition,
      (_, number) => {
        const next = all[number - 1];
        return next === undefined ? "done" : { calls: [[next[0], next[1] as Record<string, unknown>]] };
      },
      { files },
    );
    assert.equal((await session.run()).outcome, "completed");
    const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
    assert.equal(divergence, undefined);
  });
});

describe("the executable bit of what a command writes", () => {
  it("is proposed where the file had none, stays where it was, and is replayed", async () => {
    const definition = definitionOf([step("build", "writer")]);
    definition.flow.commands = {
      make: {
        argv: ["make"],
        timeout_seconds: 10,
        env: {},
        network: "none",
        writes: ["**"],
        output: "text",
        isolation: "view",
        effects: "none",
      },
    };
    for (const role of Object.values(definition.band.roles)) role.tools = ["command:make"];
    const made = ["run.sh", "plain.sh", "new.sh"].map((path) => ({
      path,
      content: Buffer.from("made\n"),
      executable: true,
    }));
    const commands: CommandRunner = {
      run: () =>
        Promise.resolve({
          end: { kind: "exited", code: 0 },
          place: "view",
          output: "",
          files: made,
          discarded: { files: 0, bytes: 0 },
          durationMs: 1,
        }),
    };
    const session = harness(
      definition,
      (_, number) => (number === 1 ? { calls: [["command:make", {}]] } : "done"),
      { files, commands },
    );
    assert.equal((await session.run()).outcome, "completed");
    assert.deepEqual(session.eventsOf("artifact_written").map(bitsOf), [
      ["run.sh", undefined, true],
      ["plain.sh", true, undefined],
      ["new.sh", true, undefined],
    ]);
    const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
    assert.equal(divergence, undefined);
  });
});

describe("a decision about a version", () => {
  it("does not cover the same text as an executable file", () => {
    const content = { sha256: "a".repeat(64), bytes: 1 };
    const decision = { kind: "accepted", content, replaced: null, of: content } as const;
    const state = { decisions: { "a.sh": decision }, acceptances: {} } as unknown as Parameters<
      typeof decisionAbout
    >[0];
    assert.equal(decisionAbout(state, { path: "a.sh", content }).verdict, "accepted");
    assert.equal(decisionAbout(state, { path: "a.sh", content, executable: true }).verdict, "pending");
  });
});
