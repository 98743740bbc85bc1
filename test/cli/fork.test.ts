import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Definition } from "../../src/engine/model/definition";
import { onlySession, orket } from "./orket";
import { smallProject } from "./small-project";

describe("orket fork", function () {
  this.timeout(30_000);

  let project: string;
  let session: string;
  const fork = (...args: string[]) =>
    orket(["-C", project, "fork", path.basename(session), "--at", "only", ...args]);

  before(async () => {
    project = smallProject({
      flow: "task: Say hello.\napproval: none\ninputs:\n  count: { type: number, default: 3 }\n  loud: { type: boolean, default: false }\n",
    });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 0, run.stderr);
    session = onlySession(project);
  });
  after(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it("takes an input, a limit, a prompt, an instruction and a model, for every role or for one", async () => {
    const made = await fork(
      ...["--no-run", "--json", "--input", "count=4", "--input", "loud=true"],
      ...[
        "--limit",
        "model_calls=7",
        "--prompt",
        "worker=Work well.",
        "--instruction",
        "only=Say {{inputs.count}}.",
      ],
      ...["--model", "big", "--role-model", "worker=small", "--task", "Say goodbye."],
    );
    assert.equal(made.code, 0, made.stderr);
    const { session: id } = JSON.parse(made.stdout) as { session: string };
    const file = path.join(path.dirname(session), id, "definition.json");
    const { flow, band, venue, score } = JSON.parse(readFileSync(file, "utf8")) as Definition;
    assert.deepEqual(
      [flow.inputs, flow.limits, flow.task],
      [{ count: 4, loud: true }, { total_tokens: 2_000_000, model_calls: 7 }, "Say goodbye."],
    );
    assert.equal(band.roles["worker"]?.prompt, "Work well.");
    assert.deepEqual([venue.model, venue.roles], ["big", { worker: { model: "small" } }]);
    assert.ok(score.steps[0]?.kind === "step" && score.steps[0].instruction === "Say {{inputs.count}}.");
  });

  const refusals: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
    "an input that the Flow has not": [
      ["--input", "cuont=1"],
      /no input cuont\.\n {2}Its inputs: count, loud/,
    ],
    "text for a number": [["--input", "count=many"], /--input count: it must be a number, not 'many'/],
    "another word than true or false": [["--input", "loud=yes"], /--input loud: .*true or false, not 'yes'/],
    "a role that the Band has not": [["--role-model", "wroker=x"], /no role wroker\.\n {2}There are: worker/],
    "a placeholder without a value": [["--instruction", "only={{inputs.cuont}}"], /no input cuont/],
  };
  for (const [what, [args, message]] of Object.entries(refusals)) {
    it(`refuses ${what}, and makes no session`, async () => {
      const before = (await orket(["-C", project, "sessions", "--json"])).stdout;
      const refused = await fork(...args);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, message);
      assert.equal((await orket(["-C", project, "sessions", "--json"])).stdout, before);
    });
  }
});
