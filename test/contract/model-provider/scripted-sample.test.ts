import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { ScriptedProvider } from "../../../src/adapters/provider/scripted-provider";
import type { Definition } from "../../../src/engine/model/definition";
import { stepsOf } from "../../../src/engine/model/plan";
import type { CommandRunner } from "../../../src/engine/port/commands";
import { createProject, fileKindOf, resolveFlow } from "../../../src/language";
import { harness } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";

const root = path.join(process.cwd(), "examples", "shapes");
const files = fs
  .readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => fs.statSync(path.join(root, file)).isFile());

function sample(): Definition {
  const sources = files
    .filter((file) => fileKindOf(file) !== undefined)
    .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file)) }));
  const { definition } = resolveFlow(createProject(sources), "flows/shapes.flow.yaml");
  assert.ok(definition);
  for (const node of stepsOf(definition.score.steps))
    node.approval = node.does === undefined ? "after_step" : "none";
  if (definition.venue.replies !== undefined) definition.venue.replies.chunk_delay_ms = 0;
  return definition;
}

/** The package's tests fail until the second time: which files they see is looked at on the command line. */
function tests(): CommandRunner {
  let times = 0;
  return {
    run: () =>
      Promise.resolve({
        end: { kind: "exited", code: (times += 1) === 1 ? 1 : 0 },
        output: "",
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 1,
      }),
  };
}

/** Performs the sample; a person has the results of `retried` made again so many times, and approves everything else. */
async function perform(retried: string | undefined, times: number): Promise<Harness> {
  const definition = sample();
  const { replies, timeouts } = definition.venue;
  assert.ok(replies);
  const project = Object.fromEntries(
    files.map((file) => [file, fs.readFileSync(path.join(root, file), "utf8")]),
  );
  const session = harness(definition, () => "unused", {
    project,
    commands: tests(),
    provider: new ScriptedProvider(replies, timeouts),
  });
  let left = times;
  session.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        if (event.type !== "approval_requested") continue;
        const { id, sha256 } = event.data;
        const again = event.step === retried && left > 0;
        if (again) left -= 1;
        const decision = again ? "retry" : "approve";
        session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision, by: "person" });
      }
    },
  });
  await session.run();
  assert.equal(left, 0, `${retried ?? ""} was not asked about`);
  return session;
}

describe("the scripted sample", () => {
  it("comes to its end when a person has any of its results made again, once or twice", async () => {
    const plain = await perform(undefined, 0);
    assert.equal(plain.orchestrator.state.outcome, "completed");
    const keys = [...new Set(plain.eventsOf("approval_requested").map(({ step }) => step ?? ""))];
    assert.ok(keys.length >= 3, keys.join(", "));
    for (const key of keys)
      for (const times of [1, 2]) {
        const { orchestrator } = await perform(key, times);
        assert.equal(
          orchestrator.state.outcome,
          "completed",
          `${key}, ${times}: ${orchestrator.state.pause?.message ?? ""}`,
        );
      }
  });
});
