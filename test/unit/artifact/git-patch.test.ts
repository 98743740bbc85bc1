import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gitPatch } from "../../../src/app/artifact/git-patch";
import type { FilePatch } from "../../../src/app/artifact/git-patch";
import { Chance } from "../../fakes/generated-session";
import { temporaryFolder } from "../../fakes/session";

const hasGit = spawnSync("git", ["--version"]).status === 0;

describe("A patch of what is proposed", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  it("is empty where the project has what is proposed", () => {
    const text = Buffer.from("same\n");
    const same = { path: "a.md", before: text, after: text, fileMode: 0o644 };
    assert.deepEqual(gitPatch(same), []);
    assert.deepEqual(gitPatch({ path: "gone.md", before: null, after: null, fileMode: undefined }), []);
    assert.notDeepEqual(gitPatch({ ...same, newMode: 0o755 }), []);
    assert.notDeepEqual(gitPatch({ ...same, renamedFrom: "b.md" }), []);
  });

  /** Applies the files' patch with git in a fresh folder and compares every file. */
  function applies(name: string, files: readonly FilePatch[]): void {
    const dir = path.join(folder.path, name);
    mkdirSync(dir);
    for (const { path: file, renamedFrom = file, before, fileMode } of files) {
      if (before === null) continue;
      const place = path.join(dir, renamedFrom);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, before);
      if (fileMode !== undefined) chmodSync(place, fileMode);
    }
    const patch = files.flatMap((file) => gitPatch(file).map(({ text }) => `${text}\n`)).join("");
    const apply = spawnSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: dir, input: patch });
    assert.equal(apply.status, 0, `${String(apply.stderr)}\n${patch}`);
    for (const { path: file, renamedFrom = file, after, fileMode } of files) {
      const place = path.join(dir, file);
      assert.equal(existsSync(place), after !== null, file);
      if (renamedFrom !== file) assert.equal(existsSync(path.join(dir, renamedFrom)), false);
      if (after === null) continue;
      assert.deepEqual(readFileSync(place), Buffer.from(after), file);
      if (fileMode !== undefined && process.platform !== "win32")
        assert.equal(statSync(place).mode & 0o111, fileMode & 0o111);
    }
    rmSync(dir, { recursive: true });
  }

  const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
  const numbers = (count: number): string => Array.from({ length: count }, (_, n) => `${n}\n`).join("");

  it("is taken whole by git apply: text, binary, modes, deletions, renames, line ends, empty files, odd names", function () {
    if (!hasGit) this.skip();
    const none = { fileMode: undefined };
    applies("all", [
      {
        path: "a.txt",
        before: bytes(numbers(40)),
        after: bytes(numbers(40).replace("3\n", "x\n").replace("30\n", "")),
        ...none,
      },
      { path: "new dir/with space.txt", before: null, after: bytes("one\ntwo"), ...none },
      { path: "gone.txt", before: bytes("a\nb\n"), after: null, ...none },
      { path: "run.sh", before: bytes("a\n"), after: bytes("b\n"), fileMode: 0o755 },
      { path: "crlf.txt", before: bytes("a\r\nb\r\n"), after: bytes("a\r\nB\r\n"), ...none },
      { path: "no-end.txt", before: bytes("a\nb"), after: bytes("a\nb\nc"), ...none },
      { path: "latin.txt", before: bytes("caf\xe9\n"), after: bytes("th\xe9\n"), ...none },
      { path: "image.bin", before: bytes("\0\x01\x02"), after: bytes("\0\xff".repeat(500)), ...none },
      { path: "new.bin", before: null, after: bytes("\0new"), ...none },
      { path: "old.bin", before: bytes("\0old"), after: null, ...none },
      { path: "empty.txt", before: null, after: bytes(""), ...none },
      { path: "emptied.txt", before: bytes("a\n"), after: bytes(""), ...none },
      { path: "no-longer.txt", before: bytes(""), after: null, ...none },
      { path: 'quo"te\\.txt', before: bytes("a\n"), after: bytes("b\n"), ...none },
      {
        path: "to.txt",
        renamedFrom: "from.txt",
        before: bytes(numbers(20)),
        after: bytes(`${numbers(20)}more\n`),
        ...none,
      },
      {
        path: "moved.txt",
        renamedFrom: "same.txt",
        before: bytes("same\n"),
        after: bytes("same\n"),
        ...none,
      },
      { path: "bom.txt", before: Buffer.from("\uFEFFa\n"), after: Buffer.from("\uFEFFb\n"), ...none },
    ]);
  });

  it("is taken whole by git apply for random texts", function () {
    if (!hasGit) this.skip();
    const chance = new Chance(12);
    const text = (): string =>
      Array.from({ length: chance.below(30) }, () => chance.pick(["a", "b", "", "c", "long line"])).join(
        "\n",
      ) + (chance.happens(0.6) ? "\n" : "");
    const files: FilePatch[] = Array.from({ length: 150 }, (_, index) => ({
      path: `f${index}`,
      before: Buffer.from(text()),
      after: Buffer.from(text()),
      fileMode: undefined,
    })).filter(({ before, after }) => !before.equals(after));
    applies("random", files);
  });

  it("names git's own ids", function () {
    if (!hasGit) this.skip();
    const content = bytes("some text\n");
    const id = execFileSync("git", ["hash-object", "--stdin"], { input: content }).toString().slice(0, 7);
    const lines = gitPatch({ path: "a", before: null, after: content, fileMode: undefined });
    assert.ok(lines.some(({ text }) => text === `index 0000000..${id}`));
  });
});
