import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { orket } from "./orket";
import { smallProject } from "./small-project";

const lines = (change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 40 }, (_, index) => `${change[index] ?? `line ${index}`}\n`).join("");
const proposed = lines({ 2: "agent A", 20: "agent B", 38: "agent C" });
const replies = `steps:
  only:
    - text: ""
      tool_calls:
        - { tool: write_file, args: { path: src/a.txt, content: ${JSON.stringify(proposed)} } }
        - { tool: write_file, args: { path: new.txt, content: "new\\n" } }
    - text: Done.
`;

interface Row {
  path: string;
  state: string;
  shown: string;
  added: number;
  hunks: { number: number; lines: string[] }[];
  conflict?: { places: number };
  error?: { code: string };
  open?: boolean;
}

describe("orket accept, piece by piece", function () {
  this.timeout(60_000);

  let project: string;
  const run = (...args: string[]): ReturnType<typeof orket> =>
    orket(["-C", project, ...args], { cwd: project });
  const at = (file: string): string => readFileSync(path.join(project, file), "utf8");
  const json = (out: { stdout: string }): Row[] => JSON.parse(out.stdout) as Row[];
  beforeEach(async () => {
    project = smallProject({ replies, files: { "src/a.txt": lines() } });
    await run("run", "small");
  });

  it("takes one hunk of three by the number that the diff shows, and shows what is left with its new numbers", async () => {
    const [row] = json(await run("diff", "last", "src", "--json"));
    assert.deepEqual(
      row?.hunks.map(({ number }) => number),
      [1, 2, 3],
    );
    assert.match((await run("diff", "last", "src/a.txt")).stdout, /^@@ -18,7 \+18,7 @@ hunk 2$/m);
    const accept = await run("accept", "last", "src/a.txt", "--hunk", "2", "--json");
    assert.equal(accept.code, 0, accept.stderr);
    assert.equal(json(accept)[0]?.open, true);
    assert.match(accept.stderr, /hunk 2\n(.*\n)*-line 38\n\+agent C/);
    assert.equal(at("src/a.txt"), lines({ 20: "agent B" }));
    const [{ hunks, ...counts } = {} as Row] = json(await run("diff", "last", "src", "--stat", "--json"));
    assert.deepEqual([counts.state, counts.added, hunks], ["partly", 2, undefined]);
    assert.match((await run("diff", "last", "--stat")).stdout, /src\/a\.txt +changed .*\+2 -2 +partly$/m);
    const none = await run("accept", "last", "src/a.txt", "--hunk", "3");
    assert.equal(none.code, 2);
    assert.match(none.stderr, /hunks 1 to 2; there is no hunk 3/);
    assert.equal((await run("accept", "last")).code, 0);
    assert.equal(at("src/a.txt"), proposed);
    assert.equal((await run("revert", "last")).code, 0);
    assert.equal(at("src/a.txt"), lines());
    assert.equal(existsSync(path.join(project, "new.txt")), false);
    assert.equal((await run("revert", "last", "--undo")).code, 0);
    assert.equal(at("new.txt"), "new\n");
    assert.equal(at("src/a.txt"), proposed, "both acceptances are back");
  });

  it("merges what does not touch the same lines; what changed after the diff was shown is refused and shown again", async () => {
    await run("diff", "last");
    const mine = lines({ 10: "mine" });
    writeFileSync(path.join(project, "src/a.txt"), mine);
    const refused = await run("accept", "last", "src/a.txt");
    assert.equal(refused.code, 7);
    assert.match(refused.stderr, /has changed since it was shown[^]*\+agent A/);
    assert.equal(at("src/a.txt"), mine);
    const accept = await run("accept", "last", "src/a.txt");
    assert.equal(accept.stdout, "accepted  src/a.txt (merged with the project's own changes)\n");
    assert.equal(at("src/a.txt"), lines({ 2: "agent A", 10: "mine", 20: "agent B", 38: "agent C" }));
  });

  it("writes a conflict with markers into a file, refuses it unsolved, and accepts it solved", async () => {
    writeFileSync(path.join(project, "src/a.txt"), lines({ 20: "mine" }));
    const conflict = await run("accept", "last", "src/a.txt");
    assert.equal(conflict.code, 7);
    assert.match(conflict.stderr, /accept .* src\/a\.txt --conflicts FILE writes both/);
    assert.equal(json(await run("diff", "last", "src/a.txt", "--json"))[0]?.conflict?.places, 1);
    const marked = await run("accept", "last", "src/a.txt", "--conflicts", "solve.txt");
    assert.equal(marked.code, 0, marked.stderr);
    assert.match(at("solve.txt"), /^<<<<<<< project\nmine\n=======\nagent B\n>>>>>>> proposal$/m);
    assert.equal((await run("accept", "last", "src/a.txt", "--edited", "solve.txt")).code, 7);
    const solved = at("solve.txt").replace(/^(<<<<<<<|=======|>>>>>>>).*\n/gm, "");
    writeFileSync(path.join(project, "solve.txt"), solved);
    const accept = await run("accept", "last", "src/a.txt", "--edited", "solve.txt");
    assert.equal(accept.code, 0, accept.stderr);
    assert.equal(at("src/a.txt"), solved);
  });

  it("takes the proposal of a file that cannot be merged when it is told to, and takes that back", async () => {
    rmSync(path.join(project, "src/a.txt"));
    const conflict = await run("accept", "last", "src/a.txt");
    assert.equal(conflict.code, 7);
    assert.match(
      conflict.stderr,
      /deleted what the proposal changes[^]*Choose one of the two[^]*accept .* src\/a\.txt --proposal/,
    );
    const accept = await run("accept", "last", "src/a.txt", "--proposal");
    assert.equal(accept.code, 0, accept.stderr);
    assert.equal(at("src/a.txt"), proposed);
    await run("revert", "last", "src/a.txt");
    assert.equal(existsSync(path.join(project, "src/a.txt")), false);
  });

  it("says of a file that cannot be accepted why, also in the diff, and takes the others", async () => {
    mkdirSync(path.join(project, "new.txt"));
    assert.match((await run("diff", "last", "--stat")).stdout, /new\.txt .*cannot be accepted$/m);
    assert.match(
      (await run("diff", "last")).stderr,
      /^new\.txt: cannot be accepted: new\.txt is a folder of the project\. Move it away/m,
    );
    const accept = await run("accept", "last");
    assert.equal(accept.code, 5);
    assert.match(accept.stderr, /new\.txt is a folder of the project\.\n +Move it away/);
    assert.equal(accept.stdout, "accepted  src/a.txt\n");
    rmdirSync(path.join(project, "new.txt"));
    assert.equal((await run("accept", "last")).stdout, "accepted  new.txt\n");
  });

  it("refuses with a reason, a file or a hunk", async () => {
    const hunk = await run("reject", "last", "src/a.txt", "--hunk", "1", "--reason", "Not A.", "--json");
    assert.equal(hunk.code, 0, hunk.stderr);
    await run("reject", "last", "new.txt", "--reason", "No new files.");
    const rows = json(await run("diff", "last", ".", "--json"));
    assert.deepEqual(
      rows.map(({ path: file, state }) => [file, state]),
      [
        ["new.txt", "rejected"],
        ["src/a.txt", "partly"],
      ],
    );
    await run("accept", "last");
    assert.equal(at("src/a.txt"), lines({ 20: "agent B", 38: "agent C" }));
  });

  it("prints a patch that git apply takes, and asks for one file where an option is about one", async function () {
    const { stdout } = await run("diff", "last");
    const several = await run("accept", "last", "--hunk", "1");
    assert.equal(several.code, 2);
    assert.match(several.stderr, /--hunk is about one file, and 2 files are meant/);
    if (spawnSync("git", ["--version"]).status !== 0) this.skip();
    const apply = spawnSync("git", ["apply", "-"], { cwd: project, input: stdout });
    assert.equal(apply.status, 0, String(apply.stderr));
    assert.equal(at("src/a.txt"), proposed);
    const same = await run("accept", "last");
    assert.equal(same.code, 7, "the project is not what was shown");
    assert.equal((await run("accept", "last")).code, 0, "it has all of it already");
  });
});

describe("orket accept of a moved file", function () {
  this.timeout(60_000);

  it("takes both its names, by either of them, and prints a patch with the rename", async function () {
    const project = smallProject({
      replies: `steps:
  only:
    - text: ""
      tool_calls: [{ tool: move_file, args: { from: src/a.txt, to: lib/b.txt } }]
    - text: Done.
`,
      files: {
        "src/a.txt": lines(),
        "small.band.yaml":
          "version: 1\nname: small\nroles:\n  worker: { prompt: Work., tools: [move_file] }\n",
      },
    });
    const run = (...args: string[]): ReturnType<typeof orket> =>
      orket(["-C", project, ...args], { cwd: project });
    const there = (file: string): boolean => existsSync(path.join(project, file));
    await run("run", "small");
    const diff = await run("diff", "last");
    assert.equal(
      diff.stdout,
      "diff --git a/src/a.txt b/lib/b.txt\nsimilarity index 100%\nrename from src/a.txt\nrename to lib/b.txt\n",
    );
    const stat = await run("diff", "last", "--stat");
    assert.match(stat.stdout, /^ src\/a\.txt => lib\/b\.txt +renamed .*\n 1 file, /);
    const accept = await run("accept", "last", "src/a.txt");
    assert.equal(accept.stdout, "accepted  lib/b.txt (renamed from src/a.txt)\n");
    assert.deepEqual([there("src/a.txt"), there("lib/b.txt")], [false, true]);
    await run("revert", "last");
    assert.deepEqual([there("src/a.txt"), there("lib/b.txt")], [true, false]);
    if (spawnSync("git", ["--version"]).status !== 0) this.skip();
    const apply = spawnSync("git", ["apply", "-"], { cwd: project, input: diff.stdout });
    assert.equal(apply.status, 0, String(apply.stderr));
    assert.deepEqual([there("src/a.txt"), there("lib/b.txt")], [false, true]);
  });
});

describe("orket accept of a session that failed", function () {
  this.timeout(60_000);

  it("accepts nothing without --anyway, and says why", async () => {
    const project = smallProject({
      replies: `steps:
  only:
    - text: ""
      tool_calls: [{ tool: write_file, args: { path: new.txt, content: "new\\n" } }]
    - { fail: server_error }
`,
      venue: "provider: scripted\nreplies: small.replies.yaml\nretry: { attempts: 1, backoff_seconds: 0 }\n",
    });
    const failed = await orket(["-C", project, "run", "small"]);
    assert.notEqual(failed.code, 0);
    const refused = await orket(["-C", project, "accept", "last"]);
    assert.equal(refused.code, 7, refused.stderr);
    assert.match(refused.stderr, /the step only failed/);
    assert.equal(existsSync(path.join(project, "new.txt")), false);
    const anyway = await orket(["-C", project, "accept", "last", "--anyway"]);
    assert.equal(anyway.code, 0, anyway.stderr);
  });
});

describe("orket accept of what a command wrote", function () {
  this.timeout(60_000);

  it("keeps binary files as they are and makes a new program executable, in the patch, in the project, and again after a revert", async function () {
    if (process.platform === "win32") this.skip();
    const make =
      "const fs = require('node:fs'); fs.mkdirSync('out'); fs.writeFileSync('out/a.bin', Buffer.from([0, 1, 255]));" +
      " fs.writeFileSync('out/tool.sh', '#!/bin/sh\\n'); fs.chmodSync('out/tool.sh', 0o755)";
    const project = smallProject({
      flow: `task: Write.
approval: none
commands:
  make: { argv: [node, -e, ${JSON.stringify(make)}], isolation: view, writes: ["out/**"] }
`,
      files: {
        "small.score.yaml": "version: 1\nname: small\nsteps:\n  - { id: only, run: make }\n",
      },
    });
    const run = (...args: string[]): ReturnType<typeof orket> =>
      orket(["-C", project, ...args], { cwd: project });
    const plan = JSON.parse((await run("plan", "small", "--json")).stdout) as {
      commands: { sha256: string };
    };
    const ran = await run("run", "small", "--allow-commands", plan.commands.sha256);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match((await run("diff", "last")).stdout, /tool\.sh\nnew file mode 100755\n/);
    const isThere = (): void => {
      assert.deepEqual(readFileSync(path.join(project, "out/a.bin")), Buffer.from([0, 1, 255]));
      assert.equal(statSync(path.join(project, "out/tool.sh")).mode & 0o777, 0o755);
      assert.equal(statSync(path.join(project, "out/a.bin")).mode & 0o111, 0);
    };
    assert.equal((await run("accept", "last")).code, 0);
    isThere();
    await run("revert", "last");
    assert.equal(existsSync(path.join(project, "out")), false);
    await run("revert", "last", "--undo");
    isThere();
  });
});

describe("orket accept of what no check has passed on", function () {
  this.timeout(60_000);

  const check = "process.exit(require('node:fs').readFileSync('a.txt', 'utf8') === 'good\\n' ? 0 : 1)";
  const write = (step: string, file: string, content: string): string => `  ${step}:
    - text: ""
      tool_calls: [{ tool: write_file, args: { path: ${file}, content: ${JSON.stringify(content)} } }]
    - text: Done.
`;
  /** Writes, has a real command check it, writes again. */
  async function checked(first: string): Promise<(...args: string[]) => ReturnType<typeof orket>> {
    const project = smallProject({
      flow: `task: Write.
approval: none
commands:
  check: { argv: [node, -e, ${JSON.stringify(check)}], isolation: view }
`,
      replies: `steps:\n${write("only", "a.txt", first)}${write("more", "late/b.txt", "late\n")}`,
      files: {
        "small.score.yaml": `version: 1
name: small
steps:
  - { id: only, role: worker }
  - { id: test, run: check, must: [pass, fail] }
  - { id: more, role: worker }
`,
      },
    });
    const run = (...args: string[]): ReturnType<typeof orket> =>
      orket(["-C", project, ...args], { cwd: project });
    const plan = JSON.parse((await run("plan", "small", "--json")).stdout) as {
      commands: { sha256: string };
    };
    const ran = await run("run", "small", "--allow-commands", plan.commands.sha256);
    assert.equal(ran.code, 0, ran.stderr);
    return run;
  }
  const states = (out: { stdout: string }): Record<string, string> =>
    Object.fromEntries((JSON.parse(out.stdout) as Row[]).map(({ path: file, state }) => [file, state]));

  it("takes what a command passed on, refuses what was written after it, and takes that with --anyway", async () => {
    const run = await checked("good\n");
    assert.deepEqual(states(await run("diff", "last", "--json")), {
      "a.txt": "proposed",
      "late/b.txt": "unchecked",
    });
    assert.match(
      (await run("diff", "last")).stderr,
      /^late\/b\.txt: written after the last check that passed/m,
    );
    const accept = await run("accept", "last");
    assert.equal(accept.code, 7);
    assert.equal(accept.stdout, "accepted  a.txt\n");
    assert.match(accept.stderr, /late\/b\.txt was written after the last check that passed[^]*--anyway/);
    assert.equal((await run("accept", "last", "--anyway")).stdout, "accepted  late/b.txt\n");
    const blame = JSON.parse((await run("blame", "a.txt", "--json")).stdout) as {
      lines: { origin: { check?: { command: string } } }[];
    };
    assert.equal(blame.lines[0]?.origin.check?.command, "check");
  });

  it("refuses all of it where the check did not pass", async () => {
    const run = await checked("bad\n");
    assert.deepEqual(states(await run("diff", "last", "--json")), {
      "a.txt": "unchecked",
      "late/b.txt": "unchecked",
    });
    const accept = await run("accept", "last", "--json");
    assert.equal(accept.code, 7);
    assert.deepEqual(
      (JSON.parse(accept.stdout) as Row[]).map(({ error }) => error?.code),
      ["acceptance_unchecked", "acceptance_unchecked"],
    );
  });
});
