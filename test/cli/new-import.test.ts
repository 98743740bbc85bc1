import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { flowTemplates } from "../../src/language/templates";
import { emptyFolder, orket } from "./orket";

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
      const run = await orket(["run", "mine", "--venue", "mine-scripted", "--approve", "all"], { cwd });
      assert.equal(run.code, 0, run.stderr);
      assert.doesNotMatch(run.stderr, /denied|error|fail(ed|s)\b/i);
    });
  }

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
