import assert from "node:assert/strict";
import type { PlanNode } from "../../../src/engine/model/definition";
import { artifactsOf } from "../../../src/engine/state/scope";
import { harness, step } from "../../fakes/engine-harness";
import type { Answer } from "../../fakes/engine-harness";
import { grown, replays } from "../../fakes/grown-score";

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
