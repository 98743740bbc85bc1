import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { copyFile } from "../../../src/adapters/command/file-copies";
import { CopyManifest } from "../../../src/adapters/command/copy-manifest";
import {
  entriesOf,
  isSameState,
  isSettled,
  listingOf,
  stateOf,
} from "../../../src/adapters/command/file-state";
import type { FileState } from "../../../src/adapters/command/file-state";
import { until } from "../../until";
import { temporaryFolder } from "../../fakes/session";

describe("The copy of one file", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let source: string;
  let target: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    source = path.join(folder.path, "source");
    target = path.join(folder.path, "target");
    writeFileSync(source, "text");
  });
  afterEach(() => folder.remove());

  it("is none where the file is gone, or no file any more since it was looked at", function () {
    const stat = lstatSync(source);
    rmSync(source);
    assert.equal(copyFile(source, target, stat), undefined);
    mkdirSync(source);
    assert.equal(copyFile(source, target, stat), undefined);
    rmSync(source, { recursive: true });
    if (process.platform !== "win32") {
      symlinkSync("/etc/hostname", source);
      assert.equal(copyFile(source, target, stat), undefined);
      rmSync(source);
      assert.equal(spawnSync("mkfifo", [source]).status, 0);
      assert.equal(copyFile(source, target, stat), undefined);
    }
    assert.equal(existsSync(target), false);
  });

  it("is not relied on when the file changed meanwhile, even to the same size and time", async () => {
    await until("its times are past", () => isSettled(lstatSync(source).ctimeMs, Date.now()));
    const stat = lstatSync(source);
    assert.ok(isSameState(copyFile(source, target, stat)?.source ?? [0, 0, 0, 0, 0], stateOf(stat)));
    writeFileSync(source, "TEXT");
    utimesSync(source, stat.atime, stat.mtime);
    rmSync(target);
    const copied = copyFile(source, target, stat);
    assert.equal(readFileSync(target, "utf8"), "TEXT");
    assert.ok(copied?.source.every(Number.isNaN));
  });

  it("relies on times only when the clock has ticked since, which can take two seconds", () => {
    assert.equal(isSettled(1_000_000.5, 1_000_010), false);
    assert.equal(isSettled(1_000_000.5, 1_000_050), true);
    // Whole seconds: the file system may know no smaller unit.
    assert.equal(isSettled(1_000_000, 1_001_000), false);
    assert.equal(isSettled(1_000_000, 1_003_000), true);
  });
});

describe("The manifest of a copy", () => {
  const state = (ino: number, mode: number): FileState => [ino, 1, 2, 3, mode];
  const file = 0o100644;
  const dir = 0o040755;

  it("is read as it was written, and damaged bytes are refused", () => {
    const manifest = new CopyManifest();
    const names = new Map([
      ["a", state(1, file)],
      ["ä ✓", state(2, file)],
    ]);
    manifest.set("", { project: listingOf(names), copy: listingOf(new Map([["a", state(3, file)]])) });
    manifest.set("empty", { project: listingOf(new Map()), copy: listingOf(new Map()) });
    const bytes = manifest.toBytes();
    const read = CopyManifest.read(bytes);
    assert.deepEqual(entriesOf(read.get("")?.project ?? listingOf(new Map())), names);
    assert.deepEqual([...read.folders.keys()], ["", "empty"]);
    assert.equal(read.isChanged, false);
    assert.throws(() => CopyManifest.read(bytes.subarray(0, bytes.length - 8)));
    assert.throws(() => CopyManifest.read(new Uint8Array(0)));
  });

  it("forgets a folder with everything in it, and copies it again", () => {
    const manifest = new CopyManifest();
    const both = (entries: Map<string, FileState>) => ({
      project: listingOf(entries),
      copy: listingOf(entries),
    });
    manifest.set(
      "",
      both(
        new Map([
          ["lib", state(1, dir)],
          ["libs", state(2, dir)],
        ]),
      ),
    );
    manifest.set("lib", both(new Map([["deep", state(3, dir)]])));
    manifest.set("lib/deep", both(new Map([["a", state(4, file)]])));
    manifest.set("libs", both(new Map([["b", state(5, file)]])));
    manifest.forget(["lib"]);
    assert.deepEqual([...manifest.folders.keys()], ["", "libs"]);
    const top = manifest.get("");
    assert.deepEqual([...entriesOf(top?.copy ?? listingOf(new Map())).keys()], ["libs"]);
    assert.ok(
      entriesOf(top?.project ?? listingOf(new Map()))
        .get("lib")
        ?.every(Number.isNaN),
    );
  });
});
