import assert from "node:assert/strict";
import { chmod, link, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { diskFailure, FaultyFileSystem, Killed } from "../../fakes/faulty-file-system";
import { temporaryFolder } from "../../fakes/session";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { writeProjectFile } from "../../../src/adapters/files/project-file";
import type { ProjectWrite } from "../../../src/adapters/files/project-file";
import { systemRandom } from "../../../src/adapters/system/random";
import { sha256 } from "../../../src/adapters/system/sha256";
import { OrketError } from "../../../src/engine/error/orket-error";

const posix = process.platform !== "win32";
const policy = { write_scope: ["workspace" as const], allow: [] };

describe("Writing a file of the project", () => {
  let folder: { path: string; remove(): Promise<void> };
  let project: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    project = path.join(folder.path, "project");
    await mkdir(path.join(project, "src"), { recursive: true });
    await writeFile(path.join(project, "src/a.ts"), "old");
  });
  afterEach(async () => {
    await folder.remove();
  });

  function write(file: string, text: string | null, old: string | null, more: Partial<ProjectWrite> = {}) {
    return writeProjectFile({
      fs: new NodeFileSystem(),
      random: systemRandom,
      owner: "session-1",
      workDomain: project,
      path: file,
      policy,
      bytes: text === null ? null : Buffer.from(text),
      expectedSha256: old === null ? null : sha256(old),
      ...more,
    });
  }

  const at = (file: string): Promise<string> => readFile(path.join(project, file), "utf8");

  it("replaces a file that is what was expected, keeps its mode and returns the old bytes", async () => {
    if (posix) await chmod(path.join(project, "src/a.ts"), 0o750);
    const { old } = await write("src/a.ts", "new", "old");
    assert.equal(Buffer.from(old ?? []).toString(), "old");
    assert.equal(await at("src/a.ts"), "new");
    if (posix) assert.equal((await stat(path.join(project, "src/a.ts"))).mode & 0o7777, 0o750);
    assert.deepEqual(await readdir(path.join(project, "src")), ["a.ts"]);
  });

  it("creates a file with its folders, and a deletion takes the folders it leaves empty", async () => {
    assert.deepEqual(await write("lib/deep/b.ts", "b", null), { old: null });
    assert.equal(await at("lib/deep/b.ts"), "b");
    await write("lib/deep/b.ts", null, "b");
    assert.deepEqual(await readdir(project), ["src"]);
    assert.deepEqual(await write("lib/deep/b.ts", null, null), { old: null });
  });

  it("changes nothing and decides nothing when the file is another one", async () => {
    let decided = 0;
    const beforeWrite = async (): Promise<void> => void (decided += 1);
    for (const [file, text, old] of [
      ["src/a.ts", "new", "older"],
      ["src/a.ts", "new", null],
      ["src/b.ts", "new", "old"],
      ["src/a.ts", null, "older"],
    ] as const) {
      const error: unknown = await write(file, text, old, { beforeWrite }).catch((one: unknown) => one);
      assert.ok(OrketError.is(error, "acceptance_conflict"));
      assert.equal(error.details.current, file === "src/a.ts" ? sha256("old") : null);
      assert.ok(error.hint);
    }
    assert.equal(decided, 0);
    assert.equal(await at("src/a.ts"), "old");
  });

  it("changes nothing when the decision cannot be recorded", async () => {
    await assert.rejects(
      write("src/a.ts", "new", "old", { beforeWrite: () => Promise.reject(diskFailure("EIO")) }),
    );
    assert.equal(await at("src/a.ts"), "old");
  });

  it("sees a change that happens while the decision is recorded", async () => {
    for (const [file, old] of [
      ["src/a.ts", "old"],
      ["src/b.ts", null],
    ] as const) {
      const beforeWrite = (): Promise<void> => writeFile(path.join(project, file), "by hand");
      await assert.rejects(write(file, "new", old, { beforeWrite }), (error) =>
        OrketError.is(error, "acceptance_conflict"),
      );
      assert.equal(await at(file), "by hand");
    }
    assert.deepEqual((await readdir(path.join(project, "src"))).sort(), ["a.ts", "b.ts"]);
  });

  it("refuses protected places and paths that lead out, naming the rule", async () => {
    await mkdir(path.join(folder.path, "outside"));
    await mkdir(path.join(project, ".git"));
    if (posix) {
      await symlink(path.join(folder.path, "outside"), path.join(project, "out"));
      await symlink(".git", path.join(project, "g"));
    }
    const cases: [string, string][] = [
      [".git/hooks/pre-commit", "protected-git"],
      [".orket/x", "protected-orket"],
      [".vscode/tasks.json", "protected-editor"],
      ["a.flow.yaml", "protected-definition"],
      [".env", "secret-file"],
      ["../x", "path-escape"],
      ["/x", "absolute-path"],
      ["src", "is-folder"],
      ["src/a.ts/x", "not-a-folder"],
    ];
    if (posix) cases.push(["out/x", "link-outside"], ["g/hooks/x", "protected-git"]);
    for (const [file, rule] of cases) {
      const error: unknown = await write(file, "x", null).catch((one: unknown) => one);
      assert.ok(OrketError.is(error, "acceptance_denied"), `${file}: ${String(error)}`);
      assert.equal(error.details.rule, rule, file);
    }
    assert.deepEqual(await readdir(path.join(folder.path, "outside")), []);
  });

  it("writes through a link that stays in the project, and leaves the link and a file's other names alone", async function () {
    if (!posix) this.skip();
    await symlink("src/a.ts", path.join(project, "link.ts"));
    await link(path.join(project, "src/a.ts"), path.join(folder.path, "other-name"));
    await write("link.ts", "new", "old");
    assert.equal(await at("src/a.ts"), "new");
    assert.equal(await at("link.ts"), "new");
    assert.equal(await readFile(path.join(folder.path, "other-name"), "utf8"), "old");
  });

  it("leaves the old file or the new one, whole, wherever the process is killed or the disk fails", async () => {
    const counter = new FaultyFileSystem();
    await write("src/a.ts", "new", "old", { fs: counter });
    const total = counter.count;
    for (const way of ["before", "after", "ENOSPC"] as const) {
      for (let number = 1; number <= total; number += 1) {
        await writeFile(path.join(project, "src/a.ts"), "old");
        const fs = new FaultyFileSystem();
        fs.torn = 2;
        fs[way === "ENOSPC" ? "before" : way] = (operation) => {
          if (way === "ENOSPC" && operation.number >= number) throw diskFailure(way);
          if (way !== "ENOSPC" && operation.number === number) fs.kill();
        };
        await write("src/a.ts", "new", "old", { fs }).catch((error: unknown) => {
          assert.ok(error instanceof Killed || error instanceof OrketError);
        });
        assert.ok(["old", "new"].includes(await at("src/a.ts")));
      }
    }
  });

  it("removes what its own owner left half-written, and nothing that another one or the project's people wrote", async () => {
    const names = async (): Promise<string[]> => (await readdir(path.join(project, "src"))).sort();
    const killed = (owner: string): Promise<unknown> => {
      const fs = new FaultyFileSystem();
      fs.before = ({ name }) => {
        if (name === "rename") fs.kill();
      };
      return assert.rejects(write("src/a.ts", "new", "old", { fs, owner }));
    };
    await killed("session-1");
    await killed("session-2");
    const others = [`.orket-999999999-${"a".repeat(12)}.tmp`, `.orket-${process.pid}-${"b".repeat(12)}.tmp`];
    for (const name of others) await writeFile(path.join(project, "src", name), "theirs");
    const before = await names();
    assert.equal(before.length, 5);
    await write("src/a.ts", "new", "old", { owner: "session-1" });
    const after = await names();
    assert.equal(after.length, 4);
    for (const name of [...others, "a.ts"]) assert.ok(after.includes(name), name);
    await write("src/a.ts", "newer", "new", { owner: "session-2" });
    assert.deepEqual(await names(), [...others, "a.ts"].sort());
  });
});
