import assert from "node:assert/strict";
import { adjustedPrompt } from "../../../src/app/session/adjusted-prompt";
import { definitionFor } from "../../../src/app/agent/run-request";
import { initialState } from "../../../src/engine/state/state";
import type { SessionState } from "../../../src/engine/state/state";
import { lostByStop } from "../../../src/protocol/lost-by-stop";
import { createProject, flowSummaries } from "../../../src/language";

const files: Readonly<Record<string, string>> = {
  "crew.flow.yaml": "version: 1\nname: crew\nband: crew\nvenue: crew\nscore: crew\ntask: Decide.\n",
  "crew.band.yaml": "version: 1\nname: crew\nroles:\n  writer: { prompt: 'You write for {{task}}' }\n",
  "crew.venue.yaml": "version: 1\nname: crew\nprovider: scripted\nreplies: crew.replies.yaml\n",
  "crew.replies.yaml": "version: 1\nsteps: {}\n",
  "crew.score.yaml":
    "version: 1\nname: crew\nsteps:\n  - { id: first, role: writer, instruction: Begin. }\n  - { id: second, role: writer, instruction: 'Go on with {{steps.first.summary}}.' }\n",
};

function state(): SessionState {
  const project = createProject(Object.entries(files).map(([path, text]) => ({ path, text })));
  const [flow] = flowSummaries(project);
  assert.ok(flow);
  const offered = { name: "north", project, flows: [flow] };
  return initialState(definitionFor({ project: offered, flow }, {}, undefined));
}

describe("what an adjustment does to the whole prompt", () => {
  it("is shown for an instruction, with everything around it", () => {
    const made = adjustedPrompt(state(), {
      kind: "patch",
      step: "second",
      instruction: "Stop after {{task}}",
    });

    assert.equal(made?.step, "second");
    assert.match(made.before, /You write for Decide\.[^]*Go on with \{\{steps\.first\.summary\}\}\./);
    assert.match(made.before, /Filled in as the run goes: \{\{steps\.first\.summary\}\}/);
    assert.match(made.after, /You write for Decide\.[^]*Stop after Decide\./);
    assert.doesNotMatch(made.after, /Go on with/);
  });

  it("is shown for a role's prompt in the step that comes next, and says how many others get it", () => {
    const made = adjustedPrompt(state(), { kind: "patch_role", role: "writer", prompt: "You paint." });

    assert.equal(made?.step, "first");
    assert.equal(made.others, 1);
    assert.match(made.after, /You paint\.[^]*Begin\./);
    assert.match(made.before, /You write[^]*Begin\./);
  });

  it("is nothing for an adjustment that changes no prompt", () => {
    assert.equal(adjustedPrompt(state(), { kind: "set_model", role: "writer", model: "m" }), undefined);
  });
});

describe("what a stop loses", () => {
  it("is named step by step, and nothing where all is done", () => {
    const steps = [
      { key: "plan", status: "done" },
      { key: "build#1", status: "running" },
      { key: "scope", status: "waiting" },
      { key: "review", status: "planned" },
    ];

    assert.deepEqual(lostByStop({ steps }), [
      "What build#1 has under way is lost.",
      "What scope waits for is not answered.",
      "1 step is not performed.",
    ]);
    assert.deepEqual(lostByStop({ steps: steps.slice(0, 1) }), []);
  });
});
