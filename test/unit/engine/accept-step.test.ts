import assert from "node:assert/strict";
import { draft } from "../../../src/engine/event/event";
import { replay } from "../../../src/engine/history/replay";
import type { ArtifactDecisionDraft } from "../../../src/engine/orchestrator/orchestrator";
import { artifactsOf } from "../../../src/engine/state/scope";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

describe("An accept step", () => {
  it("goes on by itself, in a session that runs, when the last of its files was decided", async () => {
    const take = step("take", "accept", { does: { kind: "accept", paths: ["**"] }, instruction: "" });
    const session = harness(
      definitionOf([step("write", "writer"), take, step("after", "listener")]),
      (_, number) =>
        number === 1
          ? {
              calls: [
                ["write_file", { path: "a.md", content: "a" }],
                ["write_file", { path: "b.md", content: "b" }],
              ],
            }
          : "Done.",
    );
    const { orchestrator } = session;
    const ended = orchestrator.run();
    const asked = new Promise<void>((resolve) => {
      orchestrator.listen({
        onEvents: (events) => {
          if (events.some(({ type }) => type === "question_asked")) resolve();
        },
      });
    });
    await asked;
    const files = artifactsOf(orchestrator.state.score.scope);
    assert.deepEqual(
      files.map(({ path }) => path),
      ["a.md", "b.md"],
    );
    for (const [number, { path, content }] of files.entries()) {
      assert.equal(session.eventsOf("step_end").length, 1, "it waits for all of them");
      const decision =
        number === 0
          ? draft("artifact_accepted", "write", { path, content, replaced: null, mode: "whole" })
          : draft("artifact_rejected", "write", { path, content, reason: "Not needed." });
      await orchestrator.recordDecision(decision as ArtifactDecisionDraft);
    }

    const state = await ended;

    assert.equal(state.outcome, "completed");
    assert.deepEqual(
      session.eventsOf("step_end").map(({ step: key, data }) => [key, data.verdict]),
      [
        ["write", undefined],
        ["take", "partly"],
        ["after", undefined],
      ],
    );
    const { divergence } = await replay(session.definition, session.store.events, replayPorts(session.store));
    assert.equal(divergence, undefined, JSON.stringify(divergence));
  });

  it("counts a file of which a part was accepted and the rest rejected, in either order, as partly accepted", async () => {
    const take = step("take", "accept", { does: { kind: "accept", paths: ["**"] }, instruction: "" });
    for (const order of ["accept first", "reject first"] as const) {
      const session = harness(definitionOf([step("write", "writer"), take]), (_, number) =>
        number === 1 ? { calls: [["write_file", { path: "a.md", content: "one\ntwo\n" }]] } : "Done.",
      );
      const { orchestrator, store } = session;
      const asked = new Promise<void>((resolve) => {
        orchestrator.listen({
          onEvents: (events) => {
            if (events.some(({ type }) => type === "question_asked")) resolve();
          },
        });
      });
      const ended = orchestrator.run();
      await asked;
      const [{ content } = { content: null }] = artifactsOf(orchestrator.state.score.scope);
      assert.ok(content !== null);
      const part = store.putBytes(Buffer.from("one\n"));
      const rest = { base: part, content };
      const decide = (decision: ReturnType<typeof draft>): Promise<unknown> =>
        orchestrator.recordDecision(decision as ArtifactDecisionDraft);
      const taken = { path: "a.md", content: part, replaced: null, mode: "hunks" as const };
      if (order === "accept first") {
        await decide(draft("artifact_accepted", "write", { ...taken, rest }));
        assert.equal(session.eventsOf("step_end").length, 1, "a part is still open");
        await decide(draft("artifact_rejected", "write", { path: "a.md", content, by: "person" }));
      } else {
        await decide(
          draft("artifact_rejected", "write", {
            path: "a.md",
            content,
            by: "person",
            rest: { content: part },
          }),
        );
        assert.equal(session.eventsOf("step_end").length, 1, "a part is still open");
        await decide(draft("artifact_accepted", "write", taken));
      }
      await ended;
      assert.equal(session.eventsOf("step_end").at(-1)?.data.verdict, "partly", order);
      const { divergence } = await replay(session.definition, store.events, replayPorts(store));
      assert.equal(divergence, undefined, JSON.stringify(divergence));
    }
  });
});
