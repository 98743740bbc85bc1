import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectAbove } from "../../../src/cli/find-project";

const uid = process.getuid?.();

describe("the project that a folder belongs to", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "orket-above-"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const folder = (...parts: readonly string[]): string => {
    const made = path.join(root, ...parts);
    mkdirSync(made, { recursive: true });
    return made;
  };
  const flow = (...parts: readonly string[]): void => {
    writeFileSync(path.join(folder(...parts), "main.flow.yaml"), "version: 1\n");
  };
  /** Relative to the root; undefined: the folder itself. */
  const found = async (from: string, home?: string): Promise<string | undefined> => {
    const above = await projectAbove(from, { home, uid });
    return above === undefined ? undefined : path.relative(root, above);
  };

  it("is the nearest folder above that has sessions", async () => {
    folder("a", ".orket");
    folder("a", "b", ".orket");
    assert.equal(await found(folder("a", "b", "c", "d")), path.join("a", "b"));
    assert.equal(await found(folder("a", "x")), "a");
  });

  it("is the folder itself where it has sessions of its own, or nothing is above", async () => {
    folder("a", ".orket");
    folder("a", "b", ".orket");
    assert.equal(await found(folder("a", "b")), undefined);
    assert.equal(await found(folder("x", "y")), undefined);
  });

  it("is, without sessions, the nearest whose definition files stand in it or in its flows", async () => {
    flow("a", "flows");
    flow("b");
    assert.equal(await found(folder("a", "src", "deep")), "a");
    assert.equal(await found(folder("b", "src")), "b");
  });

  it("is the folder itself where definition files are below it", async () => {
    flow("a");
    flow("a", "own", "work");
    assert.equal(await found(folder("a", "own")), undefined);
    assert.equal(await found(folder("a", "own", "work")), undefined);
  });

  it("is not beyond the repository or the home folder", async () => {
    folder(".orket");
    folder("repo", ".git");
    writeFileSync(path.join(folder("worktree"), ".git"), "gitdir: elsewhere\n");
    assert.equal(await found(folder("repo", "src")), undefined);
    assert.equal(await found(folder("worktree", "src")), undefined);
    assert.equal(await found(folder("home", "project"), folder("home")), undefined);
    assert.equal(await found(folder("other", "project")), "");
    folder("repo", ".orket");
    assert.equal(await found(folder("repo", "src")), "repo");
  });

  it("is not a folder in which others may put one, nor a link to one", async function () {
    if (process.platform === "win32") this.skip();
    folder("open", ".orket");
    chmodSync(folder("open"), 0o777);
    assert.equal(await found(folder("open", "mine")), undefined);
    folder("closed", ".orket");
    assert.equal(
      await projectAbove(folder("closed", "src"), { home: undefined, uid: (uid ?? 0) + 1 }),
      undefined,
    );
    assert.equal(await found(folder("closed", "src")), "closed");
  });
});
