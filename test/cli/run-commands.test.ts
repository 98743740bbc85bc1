import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FakeEngine } from "../fakes/fake-engine";
import { allowCommands, emptyFolder, onlySession, orket, readJournal } from "./orket";
import { smallProject } from "./small-project";

/** A loop whose command is red until the worker's second try. */
const score = `version: 1
name: small
steps:
  - loop:
      max: 3
      until: { step: check, verdict: pass }
      steps:
        - { id: build, role: worker, instruction: "Write answer.txt. The last check: {{steps.check.summary}}" }
        - { id: check, run: check }
`;

const replies = `steps:
  build:
    - text: A first try.
      tool_calls: [{ tool: write_file, args: { path: answer.txt, content: "41\\n" } }]
    - text: It should be right.
    - text: One more.
      tool_calls: [{ tool: write_file, args: { path: answer.txt, content: "42\\n" } }]
    - text: Now it is right.
`;

/** Says in a file outside of the view that it was started, where nothing keeps it from that. */
const check = `try {
  require("node:fs").appendFileSync(process.env.STARTED, "x");
} catch {}
const answer = require("node:fs").readFileSync("answer.txt", "utf8").trim();
console.log("the answer is " + answer);
process.exit(answer === "42" ? 0 : 1);
`;

/** No sandbox is found without a PATH on Linux, so that the level `view` takes its place. */
const bare = { env: { PATH: emptyFolder() } };
const counts = process.platform === "linux";

/** A machine whose container engines are the given ones. */
function hostOf(engine: FakeEngine): Record<string, string> {
  const { PATH = "", ORKET_FAKE_ENGINE = "" } = engine.env();
  return { PATH, ORKET_FAKE_ENGINE };
}

interface Checked {
  readonly folder: string;
  /** How often the command was started, ever. */
  readonly starts: () => number;
}

/** A project whose Flow runs `node check.cjs` after the worker, with the isolation that it asks for. */
function project(isolation: "sandbox" | "view" | "container, image: python:3.12-slim" = "view"): Checked {
  const started = path.join(emptyFolder(), "started");
  const env = JSON.stringify({ STARTED: started });
  const folder = smallProject({
    flow: `task: Find the answer.\napproval: none\ncommands:\n  check: { argv: [node, check.cjs], env: ${env}, isolation: ${isolation} }\n`,
    replies,
    files: { "small.score.yaml": score, "check.cjs": check },
  });
  return { folder, starts: () => (existsSync(started) ? readFileSync(started, "utf8").length : 0) };
}

async function digestOf(folder: string): Promise<string> {
  return (await allowCommands(folder, "small"))[1] ?? "";
}

describe("orket run of a Flow with a command", function () {
  this.timeout(60_000);

  it("ends with 7 in one sentence where nobody agreed, and records nothing", async () => {
    const { folder, starts } = project();
    for (const extra of [[], ["--json"]]) {
      const run = await orket(["-C", folder, "run", "small", ...extra]);
      assert.deepEqual([run.code, run.stdout], [7, ""], run.stderr);
      const [said, hint] = run.stderr.trimEnd().split("\n");
      assert.equal(said, "orket: Nobody has agreed to the commands of the Flow small on this machine.");
      assert.ok(hint?.includes(`--allow-commands ${await digestOf(folder)}`), run.stderr);
    }
    const wrong = await orket(["-C", folder, "run", "small", "--allow-commands", "0".repeat(64)]);
    assert.equal(wrong.code, 7);
    assert.match(wrong.stderr, /^orket: The commands are not those that --allow-commands names\.\n/);
    assert.ok(!existsSync(path.join(folder, ".orket", "sessions")));
    assert.equal(starts(), 0);
  });

  it("turns from red to green in a loop, is agreed to once, and is never started by a replay", async () => {
    const { folder, starts } = project();
    const digest = await digestOf(folder);
    const run = await orket(["-C", folder, "run", "small", "--json", "--allow-commands", digest], bare);
    assert.equal(run.code, 0, run.stderr);
    const events = run.stdout
      .trimEnd()
      .split("\n")
      .map(
        (line) => JSON.parse(line) as { type: string; step: string | null; data: Record<string, unknown> },
      );
    const ends = events.filter(({ type }) => type === "command_end");
    assert.deepEqual(
      ends.map(({ step, data }) => [step, data.verdict]),
      [
        ["check#1", "fail"],
        ["check#2", "pass"],
      ],
    );
    // The view is gone, and what the worker wrote waits for a person.
    assert.ok(!existsSync(path.join(folder, "answer.txt")));
    const session = onlySession(folder);
    const before = readFileSync(path.join(session, "journal.jsonl"), "utf8");
    assert.equal(starts(), counts ? 2 : 0);
    const replayed = await orket(["-C", folder, "replay", "last"], bare);
    assert.equal(replayed.code, 0, replayed.stderr);
    assert.equal(readFileSync(path.join(session, "journal.jsonl"), "utf8"), before);
    assert.equal(starts(), counts ? 2 : 0);
    const shown = await orket(["-C", folder, "show", "last", "--step", "check#1"]);
    assert.match(
      shown.stdout,
      /^Command check\n {2}node check\.cjs\n\nEnded: fail, exit code 1, .*isolation: view\n {2}the answer is 41\n\nDone: fail\n/m,
    );
  });

  it("runs it in a container of the image that was agreed to, and says so before and after", async function () {
    if (process.platform !== "linux") this.skip();
    const { folder } = project("container, image: python:3.12-slim");
    const plan = await orket(["-C", folder, "plan", "small"]);
    assert.match(plan.stdout, /check \(isolation container, image python:3\.12-slim, network none\)/);
    assert.match(plan.stdout, /isolation +a container of the image python:3\.12-slim/);
    const digest = await digestOf(folder);
    const none = new FakeEngine([]);
    const refused = await orket(["-C", folder, "run", "small", "--allow-commands", digest], {
      env: hostOf(none),
    });
    none.dispose();
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /neither docker nor podman on the PATH/);
    const engine = new FakeEngine(["docker"]);
    const checked = await orket(["-C", folder, "check", "small"], { env: hostOf(engine) });
    assert.equal(checked.code, 11, checked.stderr);
    assert.match(
      checked.stderr,
      /at level container \(docker 28\.0\.0, image python:3\.12-slim \(sha256:5{64}\)/,
    );
    const run = await orket(["-C", folder, "run", "small", "--json"], { env: hostOf(engine) });
    assert.equal(run.code, 0, run.stderr);
    const ends = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; data: Record<string, unknown> })
      .filter(({ type }) => type === "command_end");
    assert.deepEqual(
      ends.map(({ data }) => [data.place, data.verdict, String(data.isolated_by).slice(0, 43)]),
      [
        ["container", "fail", "docker 28.0.0, image python:3.12-slim (sha2"],
        ["container", "pass", "docker 28.0.0, image python:3.12-slim (sha2"],
      ],
    );
    const before = engine.calls().length;
    assert.equal((await orket(["-C", folder, "replay", "last"], { env: hostOf(engine) })).code, 0);
    assert.equal(engine.calls().length, before);
    assert.deepEqual(engine.containers(), []);
    engine.dispose();
    // Another image is another table.
    const flow = path.join(folder, "small.flow.yaml");
    writeFileSync(flow, readFileSync(flow, "utf8").replace("3.12-slim", "3.13-slim"));
    assert.equal((await orket(["-C", folder, "run", "small"])).code, 7);
  });

  it("keeps the consent for the next run, and asks again when the table has changed", async () => {
    const { folder, starts } = project();
    const digest = await digestOf(folder);
    assert.equal((await orket(["-C", folder, "run", "small", "--allow-commands", digest], bare)).code, 0);
    const again = await orket(["-C", folder, "run", "small"], bare);
    assert.equal(again.code, 0, again.stderr);
    const flow = path.join(folder, "small.flow.yaml");
    writeFileSync(flow, readFileSync(flow, "utf8").replace("check.cjs]", "check.cjs, --fast]"));
    const changed = await orket(["-C", folder, "run", "small"]);
    assert.equal(changed.code, 7, changed.stderr);
    assert.equal(starts(), counts ? 4 : 0);
  });

  it("is agreed to for forks and repeats as for runs, by whoever makes them", async () => {
    const { folder } = project();
    const allow = await allowCommands(folder, "small");
    assert.equal((await orket(["-C", folder, "run", "small", ...allow], bare)).code, 0);
    const sessions = (): string[] => readdirSync(path.join(folder, ".orket", "sessions")).sort();
    let before = sessions();
    const [session = ""] = before;
    for (const [name, ...more] of [["fork", "--at", "build#2"], ["repeat"]]) {
      const args = ["-C", folder, name ?? "", session, ...more];
      // Somebody else's state: nobody has agreed there.
      const env = { ...bare.env, ORKET_STATE_HOME: emptyFolder() };
      const refused = await orket(args, { env });
      assert.equal(refused.code, 7, refused.stderr);
      assert.match(refused.stderr, /^orket: Nobody has agreed to the commands of the Flow small/);
      assert.deepEqual(sessions(), before);
      const agreed = await orket([...args, ...allow], { env });
      assert.equal(agreed.code, 0, agreed.stderr);
      before = sessions();
    }
  });

  it("ends with 5 in one sentence where the isolation is missing, and starts nothing", async function () {
    if (process.platform !== "linux") return this.skip();
    const { folder, starts } = project("sandbox");
    const args = ["-C", folder, "run", "small", "--allow-commands", await digestOf(folder)];
    const run = await orket(args, bare);
    assert.equal(run.code, 5, run.stderr);
    assert.match(run.stderr, /^The session is paused: .*isolation: view.*$/m);
    const ends = readJournal(onlySession(folder)).filter(({ type }) => type === "command_end");
    assert.deepEqual(
      ends.map(({ data }) => (data.end as { kind: string; reason: string }).reason),
      ["isolation"],
    );
    assert.equal(starts(), 0);
  });
});
