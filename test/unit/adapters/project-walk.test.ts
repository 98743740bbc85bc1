import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { changedBetween, snapshot } from "../../../src/adapters/command/changed-files";
import { findHidden, gitSettings, lookAt } from "../../../src/adapters/command/hidden-files";
import { walkProject } from "../../../src/adapters/command/walk";

describe("the walk through a project, before and after a command", () => {
  let project: string;

  function put(files: Readonly<Record<string, string>>): void {
    for (const [place, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(project, place)), { recursive: true });
      writeFileSync(path.join(project, place), text);
    }
  }

  beforeEach(() => {
    project = mkdtempSync(path.join(os.tmpdir(), "orket-walk-"));
    put({
      "a.txt": "a",
      ".env": "KEY=1",
      "src/deep/b.txt": "b",
      "src/.env.local": "KEY=2",
      "node_modules/x/.env": "KEY=3",
      ".git/config": "[remote]\n\turl = https://me:KEY@host/x\n\tfetch = all\n",
      ".orket/note": "n",
    });
  });

  afterEach(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it("sees every entry once, and goes only into the folders that it is told to", async () => {
    const seen: string[] = [];
    await walkProject(project, (place) => {
      seen.push(place);
      return !place.startsWith(".") && place !== "node_modules";
    });

    assert.deepEqual(
      seen.sort(),
      [
        ".env",
        ".git",
        ".orket",
        "a.txt",
        "node_modules",
        "src",
        "src/.env.local",
        "src/deep",
        "src/deep/b.txt",
      ].sort(),
    );
  });

  it("follows no link, not even into a folder above", async function () {
    if (process.platform === "win32") this.skip();
    symlinkSync("..", path.join(project, "src/up"));
    const seen: string[] = [];
    await walkProject(project, (place) => {
      seen.push(place);
      return true;
    });

    assert.ok(seen.includes("src/up"));
    assert.deepEqual(
      seen.filter((place) => place.startsWith("src/up/")),
      [],
    );
  });

  it("lets others work meanwhile", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`many/${index}/f`, "x"]));
    put(many);
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await snapshot(project);
    over = true;

    assert.ok(turns > 1, "the thread was held from the first folder to the last");
  });

  it("names what a command made, changed, moved and deleted, and git's files as one", async () => {
    const before = await snapshot(project);
    put({
      "new/c.txt": "c",
      "a.txt": "longer",
      ".git/HEAD": "ref",
      "node_modules/x/y": "y",
      ".orket/more": "m",
    });
    renameSync(path.join(project, "src/deep"), path.join(project, "src/moved"));

    assert.deepEqual(changedBetween(before, await snapshot(project)), [
      ".git",
      "a.txt",
      "new/c.txt",
      "src/deep/b.txt",
      "src/moved/b.txt",
    ]);
  });

  it("hides Orket's folder and what usually holds secrets, without looking into heavy folders", async () => {
    assert.deepEqual((await findHidden(project, lookAt({ allow: [] }))).sort(), [
      ".env",
      ".orket",
      "src/.env.local",
    ]);
    assert.deepEqual((await findHidden(project, lookAt({ allow: [".env"] }))).sort(), [
      ".orket",
      "src/.env.local",
    ]);
  });

  it("leaves the lines with credentials out of git's settings", async () => {
    assert.equal(await gitSettings(project), "[remote]\n\tfetch = all\n");
    put({ ".git/config": "[remote]\n\tfetch = all\n" });
    assert.equal(await gitSettings(project), undefined);
    rmSync(path.join(project, ".git"), { recursive: true });
    assert.equal(await gitSettings(project), undefined);
  });
});
