import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { copiedView } from "../../../src/adapters/command/copied-view";
import { temporaryFolder } from "../../fakes/session";

describe("A view of the project by copy", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let copies: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    mkdirSync(path.join(folder.path, "project"));
    writeFileSync(path.join(folder.path, "project/a.txt"), "a");
    copies = path.join(folder.path, "copies");
  });
  afterEach(() => folder.remove());

  const view = () =>
    copiedView(
      {
        project: path.join(folder.path, "project"),
        allow: [],
        overlay: [],
        replaced: {},
        read: () => Promise.reject(new Error("there is nothing to read")),
      },
      copies,
    );

  it("is one of its own for each of the commands that begin at the same moment", async () => {
    const views = await Promise.all([view(), view(), view(), view()]);
    assert.equal(new Set(views.map(({ root }) => root)).size, 4);
    for (const { root } of views) assert.equal(readFileSync(path.join(root, "a.txt"), "utf8"), "a");
    await Promise.all(views.map((one) => one.release()));
  });

  it("is not the one that a killed process left, whose command may still write there", async () => {
    const first = await view();
    await first.release();
    const left = path.dirname(first.root);
    writeFileSync(path.join(left, "lock"), "999999999");
    writeFileSync(path.join(first.root, "late.txt"), "of the killed command");
    const second = await view();
    assert.equal(existsSync(path.join(second.root, "late.txt")), false);
    assert.equal(readFileSync(path.join(second.root, "a.txt"), "utf8"), "a");
    await second.release();
  });

  it("removes all that a killed process left, also the copies that nobody needs now, and none that is in use", async () => {
    const left = await Promise.all([view(), view(), view()]);
    const [kept, ...dead] = left.map(({ root }) => root);
    await Promise.all(left.slice(1).map((one) => one.release()));
    for (const root of dead) {
      writeFileSync(path.join(path.dirname(root), "lock"), "999999999");
      writeFileSync(path.join(root, "junk.txt"), "of the killed command");
    }
    writeFileSync(path.join(kept ?? "", "own.txt"), "in use");
    const next = await view();
    const files = readdirSync(copies, { recursive: true }).map((name) => path.basename(String(name)));
    assert.ok(!files.includes("junk.txt"), files.join(" "));
    assert.ok(files.includes("own.txt"));
    await Promise.all([next.release(), left[0]?.release()]);
  });

  it("reports what a command did, also where it took permissions away, and is as the project again for the next one", async function () {
    if (process.platform === "win32") this.skip();
    const project = path.join(folder.path, "project");
    mkdirSync(path.join(project, "lib"));
    writeFileSync(path.join(project, "lib/b.txt"), "b");
    writeFileSync(path.join(project, "large.bin"), Buffer.alloc(300_000, 1));
    symlinkSync(path.join(project, "lib"), path.join(project, "link"));
    chmodSync(path.join(project, "a.txt"), 0o666);
    const first = await view();
    assert.equal(statSync(path.join(first.root, "a.txt")).mode & 0o777, 0o666);
    assert.equal(readlinkSync(path.join(first.root, "link")), "lib");
    writeFileSync(path.join(first.root, "a.txt"), "A");
    rmSync(path.join(first.root, "large.bin"));
    writeFileSync(path.join(first.root, "lib/new.txt"), "new");
    chmodSync(path.join(first.root, "lib"), 0o000);
    const changes = (await first.changes()).map(
      ({ path: place, file }) => `${file === null ? "-" : ""}${place}`,
    );
    assert.deepEqual(changes.sort(), ["-large.bin", "a.txt", "lib/new.txt"]);
    await first.release();

    const second = await view();
    assert.deepEqual(await second.changes(), []);
    assert.deepEqual(readdirSync(second.root).sort(), ["a.txt", "large.bin", "lib", "link"]);
    assert.equal(readFileSync(path.join(second.root, "a.txt"), "utf8"), "a");
    await second.release();

    // What was not changed is not copied again: its inode stays.
    const { ino } = statSync(path.join(second.root, "lib/b.txt"));
    writeFileSync(path.join(project, "a.txt"), "new in the project");
    rmSync(path.join(project, "large.bin"));
    const third = await view();
    assert.equal(statSync(path.join(third.root, "lib/b.txt")).ino, ino);
    assert.equal(readFileSync(path.join(third.root, "a.txt"), "utf8"), "new in the project");
    assert.equal(existsSync(path.join(third.root, "large.bin")), false);
    await third.release();
  });

  it("is made again where the command replaced its folder with a link, and follows it nowhere", async function () {
    if (process.platform === "win32") this.skip();
    const other = path.join(folder.path, "other");
    mkdirSync(other, { mode: 0o755 });
    writeFileSync(path.join(other, "kept.txt"), "kept");
    const first = await view();
    rmSync(first.root, { recursive: true });
    symlinkSync(other, first.root);
    assert.deepEqual(
      (await first.changes()).map(({ path: place }) => place),
      ["a.txt"],
    );
    await first.release();
    const second = await view();
    assert.equal(readFileSync(path.join(second.root, "a.txt"), "utf8"), "a");
    await second.release();
    assert.equal(readFileSync(path.join(other, "kept.txt"), "utf8"), "kept");
    assert.equal(statSync(other).mode & 0o777, 0o755);
  });
});
