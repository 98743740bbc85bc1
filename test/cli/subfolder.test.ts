import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { emptyFolder, onlySession, orket } from "./orket";
import { smallProject } from "./small-project";

describe("a subfolder of a project", function () {
  this.timeout(60_000);
  let project: string;
  let src: string;
  const here = (...args: readonly string[]) => orket(args, { cwd: src });

  before(async () => {
    project = smallProject();
    src = path.join(project, "src", "deep");
    mkdirSync(src, { recursive: true });
    const run = await here("run", "small", "--json");
    assert.equal(run.code, 0, run.stderr);
    assert.ok(
      run.stderr.includes(`orket: works on the project ${project}; -C . would take this folder.\n`),
      run.stderr,
    );
  });

  it("has the project's sessions, for every command, and says which folder it takes in one line", async () => {
    assert.ok(existsSync(onlySession(project)));
    assert.deepEqual(readdirSync(src), []);
    for (const args of [
      ["sessions"],
      ["show", "last"],
      ["verify", "last"],
      ["replay", "last"],
      ["diff", "last"],
      ["venues"],
      ["plan", "small"],
      ["validate"],
    ]) {
      const { code, stderr } = await here(...args);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      assert.equal(stderr.split(project).length - 1, 1, `${args.join(" ")}: ${stderr}`);
    }
  });

  it("is where written paths begin", async () => {
    assert.equal((await here("plan", "../../small.flow.yaml")).code, 0);
    assert.equal((await here("validate", "../../small.flow.yaml")).code, 0);
    assert.equal((await here("plan", "small.flow.yaml")).code, 2);
    assert.equal((await here("export", "last", "--format", "ndjson", "--output", "events.ndjson")).code, 0);
    assert.ok(existsSync(path.join(src, "events.ndjson")));
    const made = await here("new", "research-summarise", "mine");
    assert.equal(made.code, 0, made.stderr);
    assert.ok(
      readdirSync(src).some((name) => name.includes("mine")),
      readdirSync(src).join(" "),
    );
  });

  it("is where the paths of proposed files begin, and those that orket diff prints are known as well", async () => {
    for (const file of ["../../hello.txt", path.join(project, "hello.txt"), "hello.txt", "../.."]) {
      const { code, stdout, stderr } = await here("diff", "last", file);
      assert.equal(code, 0, `${file}: ${stderr}`);
      assert.match(stdout, /^\+\+\+ b\/hello\.txt$/m, file);
    }
    for (const file of ["../hello.txt", "../../../hello.txt", "."])
      assert.equal((await here("accept", "last", file)).code, 2, file);
    assert.equal((await here("accept", "last", "../../hello.txt")).code, 0);
    assert.ok(existsSync(path.join(project, "hello.txt")));
  });

  it("is taken itself with -C, and by init", async () => {
    const explicit = await here("-C", ".", "run", "small");
    assert.equal(explicit.code, 2);
    assert.doesNotMatch(explicit.stderr, /works on the project/);
    assert.equal((await here("init", "demo")).code, 0);
    assert.ok(existsSync(path.join(src, "demo", "flows")));
  });

  it("is not mentioned in the project's own folder, nor where there is no project", async () => {
    assert.equal((await orket(["sessions"], { cwd: project })).stderr, "");
    assert.doesNotMatch((await orket(["sessions"], { cwd: emptyFolder() })).stderr, /works on the project/);
  });
});
