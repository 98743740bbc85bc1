import assert from "node:assert/strict";
import { chmodSync, existsSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { onlySession, orket, readJournal } from "./orket";
import { smallProject } from "./small-project";

const band = `version: 1
name: small
roles:
  worker: { prompt: Work., tools: [read_file, write_file, edit_file, move_file, delete_file] }
`;
const call = (tool: string, args: object): string =>
  `    - tool_calls: [{ tool: ${tool}, args: ${JSON.stringify(args)} }]\n`;
const replies = `steps:
  only:
${call("edit_file", { path: "run.sh", old_text: "one", new_text: "two" })}${call("write_file", { path: "plain.sh", content: "echo plain\n", executable: true })}${call("write_file", { path: "new.sh", content: "echo new\n", executable: true })}${call("move_file", { from: "old.sh", to: "bin/old.sh" })}${call("write_file", { path: "notes.md", content: "Notes.\n" })}${call("write_file", { path: "run.sh", content: "echo three\n", executable: true })}    - text: All done.
`;

describe("scripts that may be executed, from the tool call to the project", function () {
  this.timeout(60_000);
  let project: string;
  const run = (...args: string[]): ReturnType<typeof orket> =>
    orket(["-C", project, ...args], { cwd: project });
  const modeOf = (file: string): string => (statSync(path.join(project, file)).mode & 0o777).toString(8);

  before(async function () {
    if (process.platform === "win32") this.skip();
    project = smallProject({
      replies,
      files: {
        "small.band.yaml": band,
        "run.sh": "echo one\n",
        "old.sh": "echo old\n",
        "plain.sh": "echo plain\n",
      },
    });
    chmodSync(path.join(project, "run.sh"), 0o750);
    chmodSync(path.join(project, "old.sh"), 0o755);
    chmodSync(path.join(project, "plain.sh"), 0o640);
    const ran = await run("run", "small");
    assert.equal(ran.code, 0, ran.stderr);
  });
  after(() => {
    if (process.platform !== "win32") rmSync(project, { recursive: true, force: true });
  });

  it("is recorded: what becomes executable, and what is already", () => {
    const written = readJournal(onlySession(project)).flatMap(({ type, data }) =>
      type === "artifact_written" ? [[data["path"], data["executable"], data["base_executable"]]] : [],
    );
    assert.deepEqual(written, [
      ["run.sh", undefined, true],
      ["plain.sh", true, undefined],
      ["new.sh", true, undefined],
      ["bin/old.sh", true, undefined],
      ["notes.md", undefined, undefined],
      ["run.sh", undefined, undefined],
    ]);
  });

  it("is replayed as it was", async () => {
    const { code, stdout, stderr } = await run("replay", "last");
    assert.equal(code, 0, stdout + stderr);
  });

  it("is shown in the review: a mode that changes, and nothing where it stays", async () => {
    const { stdout } = await run("diff", "last");
    assert.match(stdout, /diff --git a\/plain\.sh b\/plain\.sh\nold mode 100644\nnew mode 100755\n/);
    assert.match(stdout, /diff --git a\/new\.sh b\/new\.sh\nnew file mode 100755\n/);
    assert.match(stdout, /diff --git a\/run\.sh b\/run\.sh\nindex [0-9a-f.]+ 100755\n/);
    const stat = (await run("diff", "last", "--stat")).stdout;
    assert.match(stat, /plain\.sh +changed, executable/);
    assert.match(stat, /new\.sh +added, executable/);
    assert.match(stat, /run\.sh +changed +\d/);
    assert.match(stat, /notes\.md +added +\d/);
  });

  it("is written into the project by an acceptance, and taken back by its revert", async () => {
    const accepted = await run("accept", "last");
    assert.equal(accepted.code, 0, accepted.stderr);
    assert.deepEqual(["run.sh", "plain.sh", "new.sh", "bin/old.sh"].map(modeOf), [
      "750",
      "750",
      "755",
      "755",
    ]);
    assert.equal(statSync(path.join(project, "notes.md")).mode & 0o111, 0);
    assert.equal((await run("diff", "last")).stdout, "");

    assert.equal((await run("revert", "last")).code, 0);
    assert.deepEqual(["run.sh", "plain.sh", "old.sh"].map(modeOf), ["750", "640", "755"]);
    assert.equal(existsSync(path.join(project, "new.sh")), false);

    assert.equal((await run("revert", "last", "--undo")).code, 0);
    assert.deepEqual(["run.sh", "plain.sh", "new.sh", "bin/old.sh"].map(modeOf), [
      "750",
      "750",
      "755",
      "755",
    ]);
    assert.equal((await run("verify", "last")).code, 0);
  });
});
