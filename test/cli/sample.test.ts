import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { allowCommands, emptyFolder, onlySession, orket } from "./orket";

interface Event {
  readonly type: string;
  readonly step: string | null;
  readonly data: { readonly id?: string };
}

/** The runs of steps in a `--json` output, in order, each by its key and its step's id. */
function runsIn(stdout: string): { key: string; id: string }[] {
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
  return events.flatMap(({ type, step, data }) =>
    type === "step_start" && step !== null ? [{ key: step, id: data.id ?? "" }] : [],
  );
}

const repliesFile = "flows/shapes.replies.yaml";

describe("the scripted sample, whatever a newcomer does with it", function () {
  this.timeout(120_000);
  let demo: string;
  let session: string;
  let runs: { key: string; id: string }[];

  before(async () => {
    demo = emptyFolder();
    assert.equal((await orket(["-C", demo, "init"])).code, 0);
    const file = path.join(demo, repliesFile);
    writeFileSync(file, readFileSync(file, "utf8").replace(/chunk_delay_ms: \d+/, "chunk_delay_ms: 0"));
    const consent = await allowCommands(demo, "shapes");
    const run = await orket(["-C", demo, "run", "shapes", "--approve", "all", "--json", ...consent]);
    assert.equal(run.code, 0, run.stderr);
    runs = runsIn(run.stdout);
    session = path.basename(onlySession(demo));
    assert.ok(runs.length >= 5, `${runs.length} steps`);
  });

  it("comes to its end again after a fork at each of its steps", async () => {
    for (const { key } of runs) {
      const fork = await orket(["-C", demo, "fork", session, "--at", key, "--approve", "all"]);
      assert.equal(fork.code, 0, `at ${key}: ${fork.stderr}`);
    }
  });

  it("comes to its end again when it is repeated", async () => {
    const repeat = await orket(["-C", demo, "repeat", session]);
    assert.equal(repeat.code, 0, repeat.stderr);
  });

  it("fails once, as its replies file says, at each step of an agent, and goes on when it is resumed", async () => {
    const ids = [...new Set(runs.map(({ id }) => id))];
    for (const id of ids) {
      const folder = emptyFolder();
      assert.equal((await orket(["-C", folder, "init"])).code, 0);
      const replies = readFileSync(path.join(demo, repliesFile), "utf8");
      const failing = replies.replace(
        new RegExp(`^  ${id}:\n`, "m"),
        `  ${id}:\n    - { fail: server_error }\n`,
      );
      // A step of a command has no replies.
      if (failing === replies) continue;
      writeFileSync(path.join(folder, repliesFile), failing);
      const venue = path.join(folder, "flows/scripted.venue.yaml");
      writeFileSync(venue, `${readFileSync(venue, "utf8")}retry: { attempts: 1, backoff_seconds: 0 }\n`);
      const agreed = await allowCommands(folder, "shapes");
      const run = await orket(["-C", folder, "run", "shapes", "--approve", "all", ...agreed]);
      assert.equal(run.code, 4, `${id}: ${run.stderr}`);
      const resumed = await orket(["-C", folder, "resume", "last", "--approve", "all"]);
      assert.equal(resumed.code, 0, `${id}: ${resumed.stderr}`);
    }
  });
});
