import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { flowTemplates } from "../../src/language/templates";
import { emptyFolder, onlySession, orket, readJournal } from "./orket";

describe("orket new", function () {
  this.timeout(60_000);

  for (const { id } of flowTemplates) {
    it(`writes a Flow from ${id} that performs to its end with recorded replies`, async () => {
      const cwd = emptyFolder();
      const made = await orket(["new", id, "mine", "--dir", "flows"], { cwd });
      assert.equal(made.code, 0, made.stderr);
      for (const file of made.stdout.trim().split("\n")) {
        assert.ok(existsSync(path.join(cwd, file)), file);
        if (!file.endsWith(".replies.yaml")) continue;
        const replies = path.join(cwd, file);
        writeFileSync(
          replies,
          readFileSync(replies, "utf8").replace("chunk_delay_ms: 10", "chunk_delay_ms: 0"),
        );
      }
      const args = ["run", "mine", "--venue", "mine-scripted", "--approve", "all"];
      if (id === "fix-until-tests-pass") {
        // Also where there is no sandbox.
        const flow = path.join(cwd, "flows", "mine.flow.yaml");
        const text = readFileSync(flow, "utf8");
        writeFileSync(
          flow,
          text.replace("    timeout_seconds:", "    isolation: view\n    timeout_seconds:"),
        );
        const plan = await orket(["plan", "mine", "--venue", "mine-scripted", "--json"], { cwd });
        args.push(
          "--allow-commands",
          (JSON.parse(plan.stdout) as { commands: { sha256: string } }).commands.sha256,
        );
      }
      const run = await orket(args, { cwd });
      assert.equal(run.code, 0, run.stderr);
      assert.doesNotMatch(run.stderr, /denied|error/i);
      if (id !== "fix-until-tests-pass") return;
      const verdicts = readJournal(onlySession(cwd)).flatMap(({ type, step, data }) =>
        type === "command_end" && step !== "before" ? [[step, data.verdict]] : [],
      );
      assert.deepEqual(verdicts, [
        ["tests#1", "fail"],
        ["tests#2", "pass"],
      ]);
    });
  }

  it("offers how the tests seem to run, and takes what --tests says", async () => {
    const cwd = emptyFolder();
    writeFileSync(path.join(cwd, "pytest.ini"), "[pytest]\n");
    writeFileSync(path.join(cwd, "Makefile"), "test:\n\tpytest\n");
    const unasked = await orket(["new", "fix-until-tests-pass", "one"], { cwd });
    assert.equal(unasked.code, 0, unasked.stderr);
    assert.match(unasked.stderr, /Its command 'tests' is: node --test\n {2}It is the default\./);
    assert.match(unasked.stderr, /'python3 -m pytest' \(--tests pytest\), 'make test' \(--tests make\)/);
    const chosen = await orket(["new", "fix-until-tests-pass", "two", "--tests", "pytest"], { cwd });
    assert.match(chosen.stderr, /Its command 'tests' is: python3 -m pytest\n\nChange/);
    assert.match(
      readFileSync(path.join(cwd, "two.flow.yaml"), "utf8"),
      /^ {4}argv: \[python3, -m, pytest\]$/m,
    );
    assert.equal((await orket(["new", "fix-until-tests-pass", "three", "--tests", "ant"], { cwd })).code, 2);
  });

  it("writes nothing where a name is taken or the template is unknown", async () => {
    const cwd = emptyFolder();
    assert.equal((await orket(["new", "write-edit", "post"], { cwd })).code, 0);
    const before = readdirSync(cwd).sort();
    for (const words of [
      ["write-edit", "post"],
      ["write-edti", "other"],
      ["write-edit", "a b"],
      ["write-edit", "other", "--dir", "../elsewhere"],
    ]) {
      const { code, stderr } = await orket(["new", ...words], { cwd });
      assert.equal(code, 2, stderr);
    }
    assert.deepEqual(readdirSync(cwd).sort(), before);
  });
});

describe("orket import", function () {
  this.timeout(60_000);

  it("writes what it made, says what it left out, and never touches a file that is there", async () => {
    const cwd = emptyFolder();
    const crew = path.join(emptyFolder(), "songs", "config");
    mkdirSync(crew, { recursive: true });
    writeFileSync(
      path.join(crew, "agents.yaml"),
      "poet: { role: Poet, goal: Rhyme, backstory: You rhyme., memory: true }\n",
    );
    writeFileSync(path.join(crew, "tasks.yaml"), 'song: { description: "A song on {x}.", agent: poet }\n');

    const dry = await orket(["import", crew, "--to", "flows", "--dry-run"], { cwd });
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /==== flows\/songs\.band\.yaml/);
    assert.deepEqual(readdirSync(cwd), []);

    // The tasks are found beside the agents.
    const made = await orket(["import", path.join(crew, "agents.yaml"), "--to", "flows"], { cwd });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /songs\/config\/agents\.yaml:1:\d+: warning Not carried over: 'memory'/);
    assert.equal((await orket(["validate"], { cwd })).code, 0);
    assert.match((await orket(["plan", "songs"], { cwd })).stdout, /poet/);

    const text = readFileSync(path.join(cwd, "flows", "songs.band.yaml"), "utf8");
    const again = await orket(["import", crew, "--to", "flows", "--json"], { cwd });
    const { files } = JSON.parse(again.stdout) as { files: { path: string }[] };
    assert.ok(files.every(({ path: file }) => file.includes("songs-2.")));
    assert.equal(readFileSync(path.join(cwd, "flows", "songs.band.yaml"), "utf8"), text);
  });

  it("says with its exit code that something could not be read, and that there was nothing", async () => {
    const cwd = emptyFolder();
    writeFileSync(path.join(cwd, ".roomodes"), "customModes: [\n");
    const broken = await orket(["import", ".roomodes"], { cwd });
    assert.equal(broken.code, 3);
    assert.match(broken.stderr, /^\.roomodes:\d+:\d+: error /m);
    for (const words of [["nowhere"], [emptyFolder()], [".roomodes", "--to", ".."]]) {
      assert.equal((await orket(["import", ...words], { cwd })).code, 2);
    }
  });
});
