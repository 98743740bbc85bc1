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
});
