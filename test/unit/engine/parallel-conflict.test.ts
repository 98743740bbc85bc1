import assert from "node:assert/strict";
import type { PlanNode } from "../../../src/engine/model/definition";
import { viewSession } from "../../../src/engine/view/session-view";
import { artifactsOf } from "../../../src/engine/state/scope";
import { harness, step } from "../../fakes/engine-harness";
import type { Answer } from "../../fakes/engine-harness";
import { grown, replays, run as runStep } from "../../fakes/grown-score";
import type { CommandResult, CommandRunner } from "../../../src/engine/port/commands";

/** Each step writes the file of its instruction, then says that it is done. */
const answer: Answer = ({ origin, messages }) => {
  const path = /Write (\S+)\./.exec(messages.at(-1)?.content ?? "")?.[1];
  return path === undefined
    ? `${origin.stepKey} is done`
    : { calls: [["write_file", { path, content: origin.stepKey }]] };
};
const writes = (id: string, path: string): PlanNode => step(id, "writer", { instruction: `Write ${path}.` });

describe("Two parallel steps that write one path", () => {
  const beside = (on_failure: "stop" | "continue"): PlanNode => ({
    kind: "parallel",
    id: "both",
    on_failure,
    branches: [writes("a", "same.md"), writes("b", "other.md"), writes("c", "same.md")],
  });
  const each = (body: PlanNode[], at_once: number): PlanNode => ({
    kind: "each",
    id: "docs",
    in: { input: "list" },
    max: 3,
    at_once,
    on_failure: "continue",
    body,
  });
  const both = "The parallel steps a and c both wrote same.md.";

  it("pause the session where the group stops, with both their names", async () => {
    const session = harness(grown([beside("stop")], "both"), answer);

    const state = await session.run();

    assert.equal(state.pause?.message, `${both} Retry or skip c.`);
    await replays(session);
  });

  it("leave the later one out where the group goes on, and name both", async () => {
    const session = harness(grown([beside("continue")], "both"), answer);

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.eventsOf("group_end")[0]?.data.failed, ["c"]);
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.failed, ["c"]);
    assert.match(viewSession(state).ending ?? "", /^Completed: 3 steps are done; failed and left out: c\.$/);
    const summary = session.eventsOf("group_end")[0]?.data.summary;
    assert.ok(
      summary !== undefined && "text" in summary && summary.text.includes(both),
      JSON.stringify(summary),
    );
    const changes = artifactsOf(state.score.scope).map(({ path, step: by }) => [path, by]);
    assert.deepEqual(changes, [
      ["other.md", "b"],
      ["same.md", "a"],
    ]);
    await replays(session);
  });

  for (const atOnce of [1, 2]) {
    it(`leave their item out where an each of ${atOnce} at once goes on; the other items stand`, async () => {
      const inner: PlanNode = {
        kind: "parallel",
        id: "both",
        on_failure: "stop",
        branches: [writes("a", "{{item}}.md"), writes("c", "two.md")],
      };
      const definition = grown([each([inner], atOnce)], "docs");
      definition.flow.inputs = { list: ["one", "two"] };
      // The first item writes one.md and two.md, the second one two.md twice.
      const session = harness(definition, answer);

      const state = await session.run();

      assert.equal(state.outcome, "completed");
      assert.deepEqual(session.eventsOf("group_end").at(-1)?.data.failed, ["docs[2].c"]);
      assert.deepEqual(
        artifactsOf(state.score.scope).map(({ path, step: by }) => [path, by]),
        [
          ["one.md", "docs[1].a"],
          ["two.md", "docs[1].c"],
        ],
      );
      await replays(session);
    });
  }
});

describe("Files that cannot both be there, one being a folder of the other", () => {
  const paths = [
    ["docs", "docs/a.md"],
    ["docs/deep/a.md", "docs"],
    ["docs/deep", "docs/deep/er/a.md"],
  ] as const;

  for (const [first, second] of paths) {
    it(`${first}, then ${second}: the second is denied, and the model is told what is in the way`, async () => {
      const session = harness(grown([writes("one", first), writes("two", second)], "two"), answer);

      const state = await session.run();

      assert.equal(state.outcome, "completed");
      assert.match(session.eventsOf("tool_denied")[0]?.data.rule ?? "", /^(is-folder|not-a-folder)$/);
      assert.ok(session.eventsOf("tool_denied")[0]?.data.message.includes(first));
      assert.deepEqual(
        artifactsOf(state.score.scope).map(({ path }) => path),
        [first],
      );
      await replays(session);
    });

    it(`${first} and ${second} of two parallel steps: the group names both`, async () => {
      const beside: PlanNode = {
        kind: "parallel",
        id: "both",
        branches: [writes("one", first), writes("between", "other.md"), writes("two", second)],
      };
      const session = harness(grown([beside], "both"), answer);

      const state = await session.run();

      assert.equal(
        state.pause?.message,
        `The parallel steps one and two wrote ${first} and ${second}, which cannot both be files. Retry or skip two.`,
      );
      await replays(session);
    });
  }

  it("may take each other's place: what goes makes room first", async () => {
    const replies: Record<string, Answer> = {
      one: ({ messages }) =>
        messages.length > 2 ? "Done." : { calls: [["write_file", { path: "docs/a.md", content: "a" }]] },
      two: ({ messages }) =>
        messages.length > 2
          ? "Done."
          : {
              calls: [
                ["move_file", { from: "docs/a.md", to: "docs" }],
                ["move_file", { from: "docs", to: "docs/b.md" }],
                ["delete_file", { path: "docs/b.md" }],
                ["write_file", { path: "docs", content: "now a file" }],
              ],
            },
    };
    const definition = grown([step("one", "writer"), step("two", "writer")], "two");
    definition.band.roles["writer"]?.tools.push("move_file", "delete_file");
    const session = harness(definition, (request, call) =>
      (replies[request.origin.stepId] ?? answer)(request, call),
    );

    const state = await session.run();

    assert.deepEqual(
      session.eventsOf("tool_denied").map(({ data }) => data),
      [],
    );
    assert.deepEqual(
      artifactsOf(state.score.scope)
        .filter(({ content }) => content !== null)
        .map(({ path }) => path),
      ["docs"],
    );
    await replays(session);
  });

  it("of a command are thrown away where it left the session's file alone, and taken where it removed it", async () => {
    const run = (files: CommandResult["files"]): CommandRunner => ({
      run: () =>
        Promise.resolve({
          end: { kind: "exited", code: 0 },
          place: "view",
          output: "",
          files,
          discarded: { files: 1, bytes: 10 },
          durationMs: 1,
        }),
    });
    const made = { path: "docs", content: Buffer.from("three"), executable: false };
    const left = [writes("one", "docs/a.md"), runStep("tests")];
    const kept = harness(grown(left, "tests"), answer, { commands: run([made]) });
    const gone = [made, { path: "docs/a.md", content: null, executable: false }];
    const replaced = harness(grown(left, "tests"), answer, { commands: run(gone) });

    const standing = async (session: typeof kept): Promise<string[]> =>
      artifactsOf((await session.run()).score.scope)
        .filter(({ content }) => content !== null)
        .map(({ path }) => path);

    assert.deepEqual(await standing(kept), ["docs/a.md"]);
    assert.deepEqual(kept.eventsOf("command_end")[0]?.data.discarded, { files: 2, bytes: 15 });
    assert.deepEqual(await standing(replaced), ["docs"]);
    assert.deepEqual(
      replaced.store.events.filter(({ type }) => type.startsWith("artifact_")).map(({ type }) => type),
      ["artifact_written", "artifact_deleted", "artifact_written"],
    );
    await replays(kept);
    await replays(replaced);
  });
});
