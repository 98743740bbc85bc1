import assert from "node:assert/strict";
import { applyPatch, parsePatch } from "diff";
import { transform } from "esbuild";
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commands } from "../../src/cli/commands";
import { allowCommands, cliFile, copyProject, emptyFolder, onlySession, orket, readJournal } from "./orket";
import { smallProject } from "./small-project";

const read = (folder: string, place: string): string => readFileSync(path.join(folder, place), "utf8");

describe("orket", function () {
  this.timeout(30_000);

  it("says its version without loading anything else", () => {
    const alone = path.join(emptyFolder(), "cli.js");
    copyFileSync(cliFile, alone);
    const { version } = JSON.parse(read(path.resolve(__dirname, "../.."), "package.json")) as {
      version: string;
    };
    const { stdout, status } = spawnSync(process.execPath, [alone, "--version"]);
    assert.equal(status, 0);
    assert.equal(stdout.toString(), `${version}\n`);
  });

  it("names the Node that it needs on an older one, without loading anything else", () => {
    const folder = emptyFolder();
    const alone = path.join(folder, "cli.js");
    copyFileSync(cliFile, alone);
    const { engines } = JSON.parse(read(path.resolve(__dirname, "../.."), "package.json")) as {
      engines: { node: string };
    };
    const needed = engines.node.replace(">=", "");
    const [major = 0, minor = 0] = needed.split(".").map(Number);
    for (const old of ["10.24.1", "18.20.4", `${major - 1}.99.0`, `${major}.${minor - 1}.9`]) {
      const pretend = path.join(folder, "pretend.cjs");
      writeFileSync(
        pretend,
        `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${old}" } });\n`,
      );
      const { stderr, status } = spawnSync(process.execPath, ["-r", pretend, alone, "plan", "x"]);
      assert.equal(status, 2);
      const first = `orket: Orket needs Node ${needed} or newer; this is v${old}.`;
      assert.equal(stderr.toString().split("\n")[0], first);
    }
  });

  it("parses on a Node that is too old", async () => {
    const text = readFileSync(cliFile, "utf8").replace(/^#!.*\n/, "");
    // Nothing is left to make older: what is printed for a new target is what is printed for an old one.
    const printed = async (target: string): Promise<string> => (await transform(text, { target })).code;
    assert.equal(await printed("node10"), await printed("node22"));
  });

  it("explains itself and each command, in both ways of asking", async () => {
    const main = await orket(["--help"]);
    assert.equal(main.code, 0);
    for (const { name } of commands) {
      assert.match(main.stdout, new RegExp(`^  ${name} `, "m"));
      const [help, option] = await Promise.all([orket(["help", name]), orket([name, "--help"])]);
      assert.equal(help.code, 0);
      assert.equal(help.stdout, option.stdout);
      assert.match(help.stdout, new RegExp(`^Usage: orket ${name}`));
    }
  });

  it("says how to use it, with exit code 2, when it is called with nothing or nonsense", async () => {
    const nothing = await orket([]);
    assert.deepEqual([nothing.code, nothing.stdout], [2, ""]);
    assert.match(nothing.stderr, /Usage: orket COMMAND/);
    const nonsense = await orket(["rum", "x"]);
    assert.deepEqual([nonsense.code, nonsense.stdout], [2, ""]);
    assert.match(nonsense.stderr, /no command 'rum'.\n {2}Did you mean run\?/);
  });

  it("shows no stack unless it is asked to", async () => {
    const project = smallProject();
    const plain = await orket(["-C", project, "run", "smal"]);
    assert.equal(plain.code, 2);
    assert.equal(plain.stderr, "orket: There is no Flow 'smal'.\n  Did you mean small?\n");
    const debug = await orket(["-C", project, "run", "smal"], { env: { ORKET_DEBUG: "1" } });
    assert.match(debug.stderr, /at findFlow/);
  });

  it("writes no colours into a pipe", async () => {
    const project = copyProject("team");
    const run = await orket(["-C", project, "run", "team", "--approve", "all"]);
    assert.ok(!(run.stdout + run.stderr).includes("\u001b"));
  });
});

describe("what a command is given", function () {
  this.timeout(60_000);

  const taskOf = (project: string): unknown => {
    const definition = JSON.parse(read(onlySession(project), "definition.json")) as {
      flow: { task: string };
    };
    return definition.flow.task;
  };

  it("is a task from a file, or from standard input", async () => {
    for (const [word, input] of [
      ["@task.md", ""],
      ["-", "Write the story.\r\nKeep it short.\r\n"],
    ] as const) {
      const project = smallProject();
      writeFileSync(path.join(project, "task.md"), "Write the story.\nKeep it short.\n");
      const args = ["run", "small", "--task", word, "--approve", "all"];
      const run = await orket(args, { cwd: project, input });
      assert.equal(run.code, 0, run.stderr);
      assert.equal(taskOf(project), "Write the story.\nKeep it short.");
    }
  });

  it("is a task that begins with @ where it is written twice", async () => {
    const project = smallProject();
    await orket(["run", "small", "--task", "@@home", "--approve", "all"], { cwd: project });
    assert.equal(taskOf(project), "@home");
  });

  it("is refused with exit code 2 where no task can be read", async () => {
    const project = smallProject();
    writeFileSync(path.join(project, "empty.md"), "\n");
    writeFileSync(path.join(project, "binary"), Uint8Array.of(0xff, 0xfe, 0x00));
    for (const [word, says] of [
      ["@nowhere.md", /nowhere\.md cannot be read: there is no such file/],
      ["@flows", /flows cannot be read: (it is a folder|there is no such file)/],
      ["@empty.md", /empty\.md is empty/],
      ["@binary", /binary is not text in UTF-8/],
      ["-", /standard input is empty/],
    ] as const) {
      const run = await orket(["run", "small", "--task", word], { cwd: project });
      assert.equal(run.code, 2, word);
      assert.match(run.stderr, says);
    }
    assert.ok(!existsSync(path.join(project, ".orket/sessions")), "a session was begun");
  });

  it("is no missing folder: every command ends with exit code 2 and makes nothing", async () => {
    const folder = emptyFolder();
    for (const words of [
      ["sessions"],
      ["init"],
      ["show", "last"],
      ["venues"],
      ["run", "small"],
      ["validate"],
    ]) {
      const { code, stderr, stdout } = await orket(["-C", "nowhere", ...words], { cwd: folder });
      assert.deepEqual([code, stdout], [2, ""], words.join(" "));
      assert.match(stderr, /There is no folder .*nowhere/);
    }
    assert.ok(!existsSync(path.join(folder, "nowhere")));
  });
});

describe("a damaged journal", function () {
  this.timeout(60_000);

  it("ends a replay with exit code 10 and the line, be it garbled, changed or cut in the middle", async () => {
    const project = smallProject();
    await orket(["run", "small", "--approve", "all"], { cwd: project });
    const journal = path.join(onlySession(project), "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    for (const damaged of ["garbage", "{}", (lines[3] ?? "").replace('"data":{', '"data":{"x":1,'), ""]) {
      writeFileSync(journal, lines.map((line, index) => (index === 3 ? damaged : line)).join("\n"));
      const replay = await orket(["replay", "last"], { cwd: project });
      assert.equal(replay.code, 10, `${damaged}: ${replay.stdout}`);
      assert.match(replay.stdout, /damaged at line [45]/);
    }
    const changed = lines.findIndex((line) => line.includes('"type":"model_call_end"'));
    const invented = (line: string, index: number): string =>
      index === changed ? line.replace('"text":"', '"text":"x') : line;
    writeFileSync(journal, lines.map(invented).join("\n"));
    const { stdout } = await orket(["replay", "last"], { cwd: project });
    assert.match(
      stdout,
      /Step +\w+\n +Event +\d+, model_call_end .*\n +Cause +the model's reply was changed/,
    );
    writeFileSync(journal, lines.join("\n"));
    assert.equal((await orket(["replay", "last"], { cwd: project })).code, 0);
  });
});

describe("the sample", function () {
  this.timeout(60_000);

  it("is written, checked and performed without a model, with three commands", async () => {
    const folder = emptyFolder();
    const init = await orket(["init", "demo"], { cwd: folder });
    assert.equal(init.code, 0, init.stderr);
    const demo = path.join(folder, "demo");
    const replies = read(demo, "flows/shapes.replies.yaml").replace(
      /chunk_delay_ms: \d+/,
      "chunk_delay_ms: 0",
    );
    writeFileSync(path.join(demo, "flows/shapes.replies.yaml"), replies);
    assert.equal((await orket(["validate"], { cwd: demo })).code, 0);
    const allow = await allowCommands(demo, "shapes");
    const run = await orket(["run", "shapes", "--approve", "all", ...allow], { cwd: demo });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /scripted: from a file, no model was asked/);
    const checks = readJournal(onlySession(demo)).filter(({ type }) => type === "command_end");
    assert.deepEqual(
      checks.map(({ step, data }) => [step, data.verdict]),
      [
        ["check#1", "fail"],
        ["check#2", "pass"],
      ],
    );
    const accept = await orket(["accept", "last"], { cwd: demo });
    assert.equal(accept.code, 0, accept.stderr);
    assert.ok(existsSync(path.join(demo, "PLAN.md")));
  });

  it("is not written over files that are there, unless that is wanted", async () => {
    const folder = emptyFolder();
    await orket(["init"], { cwd: folder });
    writeFileSync(path.join(folder, "README.md"), "mine");
    const again = await orket(["init"], { cwd: folder });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /^ {2}README.md$/m);
    assert.equal(read(folder, "README.md"), "mine");
    assert.equal((await orket(["init", "--force"], { cwd: folder })).code, 0);
    assert.notEqual(read(folder, "README.md"), "mine");
  });
});

describe("orket run", function () {
  this.timeout(30_000);

  it("prints the events as NDJSON and nothing else with --json", async () => {
    const project = smallProject();
    const run = await orket(["-C", project, "run", "small", "--json"]);
    assert.equal(run.code, 0, run.stderr);
    const events = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index),
    );
    assert.equal(events[0]?.type, "session_start");
    assert.equal(events.at(-1)?.type, "session_end");
    assert.equal(readJournal(onlySession(project)).length, events.length);
  });

  it("pauses with exit code 7 where nobody can be asked, and goes on with resume", async () => {
    const project = smallProject({ flow: "task: Say hello.\napproval: both\n" });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 7);
    const [, resume] = /^ {2}orket (-C .* resume \S+ --approve all)/m.exec(run.stderr) ?? [];
    assert.ok(resume, run.stderr);
    const journal = readJournal(onlySession(project));
    assert.deepEqual(journal.at(-1)?.data.reason, "approval");
    assert.equal((await orket(resume.split(" "))).code, 0);
    const again = await orket(resume.split(" "));
    assert.equal(again.code, 2);
    assert.match(again.stderr, /has ended/);
  });

  it("ends with 2 for a missing input and 3 for a definition with errors, before anything is recorded", async () => {
    const project = smallProject({
      flow: "task: Say {{inputs.word}}.\napproval: none\ninputs: { word: { type: string } }\n",
    });
    const missing = await orket(["-C", project, "run", "small"]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /'word'.*\n.*--input NAME=VALUE/);
    writeFileSync(
      path.join(project, "small.score.yaml"),
      "version: 1\nname: small\nsteps: [{ role: nobody }]\n",
    );
    const invalid = await orket(["-C", project, "run", "small", "--input", "word=hello"]);
    assert.equal(invalid.code, 3);
    assert.match(invalid.stderr, /^small.score.yaml:3:\d+: error orket\/unknown-role /m);
    assert.ok(!existsSync(path.join(project, ".orket")));
  });

  it("ends with 4 when the provider failed, and goes on without the step when told to", async () => {
    const project = smallProject({
      replies: "steps: {}\notherwise: { fail: server_error }\n",
      venue: "provider: scripted\nreplies: small.replies.yaml\nretry: { attempts: 2, backoff_seconds: 0 }\n",
    });
    const failed = await orket(["-C", project, "run", "small"]);
    assert.equal(failed.code, 4);
    assert.match(failed.stderr, /resume \S+ +try it again: it begins anew$/m);
    assert.equal((await orket(["-C", project, "resume", "last"])).code, 4);
    const wrong = await orket(["-C", project, "resume", "last", "--skip", "other"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /What failed: only/);
    assert.equal((await orket(["-C", project, "resume", "last", "--skip", "only"])).code, 0);
    const failures = readJournal(onlySession(project)).filter(({ type }) => type === "model_call_failed");
    assert.equal(failures.length, 4);
  });

  it("ends with 4 when nothing listens at the Venue's address", async () => {
    const project = smallProject({
      venue:
        "provider: ollama\nendpoint: http://127.0.0.1:9\nmodel: m\nretry: { attempts: 1, backoff_seconds: 0 }\n",
    });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 4, run.stderr);
    assert.match(run.stderr, /127\.0\.0\.1:9/);
    const venues = await orket(["-C", project, "venues", "--json"]);
    assert.equal(venues.code, 0);
    assert.equal((JSON.parse(venues.stdout) as { reachable: boolean }[])[0]?.reachable, false);
    assert.equal((await orket(["-C", project, "venues", "small"])).code, 4);
  });

  it("ends with 4 when a key is missing, and says which variable holds it", async () => {
    const project = smallProject({
      venue: "provider: openai\nendpoint: http://127.0.0.1:9/v1\nmodel: m\napi_key: secret:my-key\n",
    });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 4);
    assert.match(run.stderr, /ORKET_SECRET_MY_KEY/);
  });

  it("ends with 5 when the policy kept a step from doing its work", async () => {
    const project = smallProject({
      step: "    produces: [out.txt]\n    max_turns: 1\n",
      replies:
        'steps:\n  only:\n    - text: ""\n      tool_calls: [{ tool: write_file, args: { path: .git/hooks/x, content: x } }]\n',
    });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 5, run.stderr);
    assert.match(run.stderr, /write_file was denied/);
  });

  it("ends with 6 at a limit, and goes on with a higher one", async () => {
    const project = smallProject({ flow: "task: Say hello.\napproval: none\nlimits: { model_calls: 1 }\n" });
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 6);
    assert.match(run.stderr, /--limit model_calls=VALUE/);
    assert.equal((await orket(["-C", project, "resume", "last"])).code, 6);
    assert.equal((await orket(["-C", project, "resume", "last", "--limit", "model_calls=0"])).code, 2);
    assert.equal((await orket(["-C", project, "resume", "last", "--limit", "model_call=5"])).code, 2);
    assert.equal((await orket(["-C", project, "resume", "last", "--limit", "model_calls=5"])).code, 0);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`cuts the reply off on ${signal} and pauses, with exit code 130`, async () => {
      const words = 300;
      const project = smallProject({
        replies: `chunk_delay_ms: 50\nsteps:\n  only:\n    - text: ${"word ".repeat(words)}\n`,
      });
      let asked = false;
      const run = await orket(["-C", project, "run", "small"], {
        watch: (child, _stdout, stderr) => {
          if (asked || !stderr.includes("begins")) return;
          asked = true;
          setTimeout(() => child.kill(signal), 300);
        },
      });
      assert.equal(run.code, 130);
      assert.match(run.stderr, /orket -C \S+ resume \S+ +go on/);
      const journal = readJournal(onlySession(project));
      assert.equal(journal.at(-1)?.data.reason, "cancelled");
      assert.ok(!journal.some(({ type }) => type === "model_call_end"));
    });
  }

  it("labels scripted replies, and shows no control sequence that a model wrote", async () => {
    const project = smallProject({
      replies: 'steps: { only: [{ text: "red \\e[31m and \\e]0;title\\a" }] }\n',
    });
    await orket(["-C", project, "run", "small"]);
    const show = await orket(["-C", project, "show", "last", "--step", "only"]);
    assert.match(show.stdout, /Replies: scripted/);
    assert.match(show.stdout, /red ␛\[31m and ␛\]0;title␇/);
    assert.ok(!show.stdout.includes("\u001b"));
  });
});

describe("a place that cannot be worked in", function () {
  this.timeout(30_000);

  before(function () {
    if (process.platform === "win32") this.skip();
  });

  const stateHome = emptyFolder();
  /** Runs a line of the shell with `orket` in front of what it is given. */
  const shell = (line: string, cwd: string) =>
    spawnSync("/bin/sh", ["-c", line.replaceAll("orket", '"$NODE" "$CLI"')], {
      cwd,
      encoding: "utf8",
      env: { ...process.env, ORKET_STATE_HOME: stateHome, NODE: process.execPath, CLI: cliFile },
    });

  it("is named where the current folder is gone", () => {
    const { status, stderr } = shell(
      "mkdir gone && cd gone && rmdir ../gone && orket sessions",
      emptyFolder(),
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^orket: The current folder does not exist any more\.\n {2}Go to another folder/m);
  });

  it("is named where the output cannot be written, and the session goes on afterwards", function () {
    if (!existsSync("/dev/full")) this.skip();
    const project = smallProject();
    const { status, stderr } = shell("orket run small --json > /dev/full", project);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /The output cannot be written \(ENOSPC\)\.\n {2}Make room/);
    assert.doesNotMatch(stderr, /bug in Orket/);
    const resumed = shell("orket resume last", project);
    assert.equal(resumed.status, 0, resumed.stderr);
  });
});

describe("a session", function () {
  this.timeout(30_000);

  it("is listed, shown and found by a part of its id", async () => {
    const project = smallProject();
    await orket(["-C", project, "run", "small"]);
    const id = path.basename(onlySession(project));
    const list = JSON.parse((await orket(["-C", project, "sessions", "--json"])).stdout) as { id: string }[];
    assert.deepEqual(
      list.map((one) => one.id),
      [id],
    );
    for (const which of ["last", id, id.slice(-4)]) {
      const show = await orket(["-C", project, "show", which, "--json"]);
      assert.equal((JSON.parse(show.stdout) as { session: string }).session, id);
    }
    const none = await orket(["-C", project, "show", "nothing-like-it"]);
    assert.equal(none.code, 2);
    assert.match(
      (await orket(["-C", project, "show", "last", "--step", "onyl"])).stderr,
      /Did you mean only\?/,
    );
  });

  it("whose journal is damaged is shown up to there, with exit code 10", async () => {
    const project = smallProject();
    await orket(["-C", project, "run", "small"]);
    const journal = path.join(onlySession(project), "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    lines[5] = (lines[5] ?? "").replace('"seq":5', '"seq":6');
    writeFileSync(journal, lines.join("\n"));
    const show = await orket(["-C", project, "show", "last"]);
    assert.equal(show.code, 10);
    assert.match(show.stderr, /line 6/);
    assert.match(show.stdout, /^Session/);
    assert.equal((await orket(["-C", project, "resume", "last"])).code, 10);
  });

  it("that was killed is shown as interrupted, with the way to go on", async () => {
    const project = smallProject();
    await orket(["-C", project, "run", "small"]);
    const journal = path.join(onlySession(project), "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(journal, `${lines.slice(0, 4).join("\n")}\n`);
    rmSync(path.join(onlySession(project), "head.json"));
    const show = await orket(["-C", project, "show", "last"]);
    assert.equal(show.code, 0, show.stderr);
    assert.match(show.stdout, /^Status +interrupted$/m);
    assert.match(show.stderr, /was cut off; orket resume \S+ goes on with it/);
  });

  it("with a torn last line goes on, and says what was cut off", async () => {
    const project = smallProject({ flow: "task: Say hello.\napproval: before_step\n" });
    await orket(["-C", project, "run", "small"]);
    appendFileSync(path.join(onlySession(project), "journal.jsonl"), '{"seq":7,"at":"20');
    const resume = await orket(["-C", project, "resume", "last", "--approve", "all"]);
    assert.equal(resume.code, 0, resume.stderr);
    assert.match(resume.stderr, /17 bytes of a line that was not written to its end were cut off/);
    readJournal(onlySession(project));
  });

  it("stops to print without a word when nobody reads any more", async () => {
    const project = copyProject("team");
    await orket(["-C", project, "run", "team", "--approve", "all"]);
    const show = await orket(["-C", project, "show", "last", "--json"], {
      watch: (child) => child.stdout?.destroy(),
    });
    assert.equal(show.code, 0);
    assert.equal(show.stderr, "");
  });
});

describe("proposed files", function () {
  this.timeout(30_000);

  const replies = `steps:
  only:
    - text: ""
      tool_calls:
        - { tool: write_file, args: { path: new.txt, content: "one\\ntwo\\n" } }
        - { tool: edit_file, args: { path: old.txt, old_text: b, new_text: B } }
        - { tool: delete_file, args: { path: gone.txt } }
    - text: Done.
`;
  const files = { "old.txt": "a\nb\nc\n", "gone.txt": "bye\n" };

  it("are shown as a diff that other tools can apply", async () => {
    const project = smallProject({ replies, files });
    await orket(["-C", project, "run", "small"]);
    const { stdout, code } = await orket(["-C", project, "diff", "last"]);
    assert.equal(code, 0);
    const patches = parsePatch(stdout);
    const applied = patches.map((patch) => {
      const place = (patch.oldFileName ?? "").replace(/^a\//, "") as keyof typeof files;
      return [patch.newFileName, applyPatch(files[place] ?? "", patch)];
    });
    assert.deepEqual(applied.sort(), [
      ["/dev/null", ""],
      ["b/new.txt", "one\ntwo\n"],
      ["b/old.txt", "a\nB\nc\n"],
    ]);
    const stat = await orket(["-C", project, "diff", "last", "--stat"]);
    assert.match(stat.stdout, / 3 files, 3 lines added, 2 lines removed\n$/);
  });

  it("are accepted, reverted and rejected, each as it was asked", async () => {
    const project = smallProject({ replies, files });
    await orket(["-C", project, "run", "small"]);
    const accept = await orket(["-C", project, "accept", "last"]);
    assert.deepEqual(accept.stdout.trimEnd().split("\n").sort(), [
      "accepted  new.txt",
      "accepted  old.txt",
      "deleted  gone.txt",
    ]);
    assert.equal(read(project, "old.txt"), "a\nB\nc\n");
    assert.ok(!existsSync(path.join(project, "gone.txt")));
    const revert = await orket(["-C", project, "revert", "last", "old.txt", "gone.txt"]);
    assert.equal(revert.code, 0, revert.stderr);
    assert.equal(read(project, "old.txt"), files["old.txt"]);
    assert.equal(read(project, "gone.txt"), files["gone.txt"]);
    assert.equal(read(project, "new.txt"), "one\ntwo\n");
    const reject = await orket(["-C", project, "reject", "last"]);
    assert.deepEqual(reject.stdout.trimEnd().split("\n").sort(), ["rejected  gone.txt", "rejected  old.txt"]);
    const unknown = await orket(["-C", project, "accept", "last", "other.txt"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /It proposes: /);
  });

  it("conflict with a file that has changed since; the others are accepted anyway", async () => {
    const project = smallProject({ replies, files });
    await orket(["-C", project, "run", "small"]);
    writeFileSync(path.join(project, "old.txt"), "mine\n");
    const accept = await orket(["-C", project, "accept", "last"]);
    assert.equal(accept.code, 7);
    assert.match(accept.stderr, /old\.txt/);
    assert.equal(read(project, "old.txt"), "mine\n");
    assert.equal(read(project, "new.txt"), "one\ntwo\n");
    writeFileSync(path.join(project, "new.txt"), "changed\n");
    const revert = await orket(["-C", project, "revert", "last"]);
    assert.equal(revert.code, 7);
    assert.equal(read(project, "new.txt"), "changed\n");
  });
});

describe("orket validate", function () {
  this.timeout(30_000);

  it("prints each problem at its place, and as JSON", async () => {
    const project = smallProject({ flow: "taks: Say hello.\n" });
    const plain = await orket(["-C", project, "validate"]);
    assert.equal(plain.code, 3);
    assert.match(plain.stdout, /^small\.flow\.yaml:6:1: error orket\/unknown-key .*'taks'.*\n/);
    const json = await orket(["-C", project, "validate", "--json", "small.flow.yaml"]);
    assert.equal(json.code, 3);
    const [first] = JSON.parse(json.stdout) as { file: string; line: number; code: string }[];
    assert.deepEqual([first?.file, first?.line, first?.code], ["small.flow.yaml", 6, "orket/unknown-key"]);
    const other = await orket(["-C", project, "validate", "small.band.yaml"]);
    assert.deepEqual([other.code, other.stdout], [0, ""]);
    assert.equal((await orket(["-C", project, "validate", "none.flow.yaml"])).code, 2);
    assert.equal((await orket(["-C", project, "validate", "../else"])).code, 2);
  });
});
