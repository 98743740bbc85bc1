import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { orket } from "./orket";
import { smallProject } from "./small-project";

const claims = `steps:
  only:
    - text: I wrote src/a.py and src/b.py as asked.
`;

describe("a run that drifts, on the command line", function () {
  this.timeout(30_000);
  const folders: string[] = [];
  const project = (drift: string): string => {
    const folder = smallProject({
      flow: `task: Say hello.\napproval: none\nconductor: { drift: ${drift} }\n`,
      replies: claims,
    });
    folders.push(folder);
    return folder;
  };
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it("pauses with exit code 8 where the Flow says so; a suggestion is named, then dismissed, and the run goes on", async () => {
    const folder = project("pause");
    const run = await orket(["-C", folder, "run", "small"]);
    assert.equal(run.code, 8, run.stderr);
    assert.match(run.stderr, /suggestion: The report of only says that src\/a\.py, src\/b\.py were written/);

    const shown = await orket(["-C", folder, "show", "last"]);
    assert.match(shown.stdout, /Suggestions\n {2}d1 missing_artifact in only: /);

    const wrong = await orket(["-C", folder, "resume", "last", "--suggestion", "d1=maybe"]);
    assert.equal(wrong.code, 2, wrong.stderr);
    const resumed = await orket(["-C", folder, "resume", "last", "--suggestion", "d1=dismiss"]);
    assert.equal(resumed.code, 0, resumed.stderr);

    const replayed = await orket(["-C", folder, "replay", "last"]);
    assert.equal(replayed.code, 0, replayed.stdout);
    const tested = await orket(["-C", folder, "drift", "last"]);
    assert.match(tested.stdout, /The run said so, and it was dismissed\./);
  });

  it("is told of by a back-test of a session whose Flow asked no rule, as text and as JSON", async () => {
    const folder = project("off");
    const run = await orket(["-C", folder, "run", "small"]);
    assert.equal(run.code, 0, run.stderr);

    const tested = await orket(["-C", folder, "drift", "last"]);
    assert.equal(tested.code, 0, tested.stderr);
    assert.match(tested.stdout, /missing_artifact after only \(event \d+\)/);
    assert.match(tested.stdout, /Adjustment {2}Pause before the next step\./);
    const json = await orket(["-C", folder, "drift", "last", "--json"]);
    const { suggestions } = JSON.parse(json.stdout) as {
      suggestions: { rule: string; evidence: number[] }[];
    };
    assert.deepEqual(
      suggestions.map(({ rule, evidence }) => [rule, evidence.length]),
      [["missing_artifact", 1]],
    );
  });
});
