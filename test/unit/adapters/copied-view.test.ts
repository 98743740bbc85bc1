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
import { CopyStopped } from "../../../src/adapters/command/copy-folder";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type { Cancellation } from "../../../src/engine/port/cancellation";
import { isSettled } from "../../../src/adapters/command/file-state";
import { until } from "../../until";
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

  const view = (cancellation?: Cancellation) =>
    copiedView(
      {
        project: path.join(folder.path, "project"),
        allow: [],
        views: copies,
        overlay: [],
        replaced: {},
        read: () => Promise.reject(new Error("there is nothing to read")),
      },
      copies,
      cancellation,
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

  it("is each command's own also where those that begin at the same moment find what a killed process left", async () => {
    for (let round = 0; round < 20; round += 1) {
      const first = await view();
      await first.release();
      writeFileSync(path.join(path.dirname(first.root), "lock"), "999999999");
      writeFileSync(path.join(first.root, "late.txt"), "of the killed command");
      const views = await Promise.all([view(), view(), view()]);
      assert.equal(new Set(views.map(({ root }) => root)).size, 3);
      for (const { root } of views) {
        assert.equal(readFileSync(path.join(root, "a.txt"), "utf8"), "a");
        assert.equal(existsSync(path.join(root, "late.txt")), false);
      }
      await Promise.all(views.map((one) => one.release()));
    }
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

    // What was not changed is not copied again: its inode stays. What was written at the moment of a view may be.
    await until("its times are past", () =>
      isSettled(statSync(path.join(project, "lib/b.txt")).ctimeMs, Date.now()),
    );
    await (await view()).release();
    const { ino } = statSync(path.join(second.root, "lib/b.txt"));
    writeFileSync(path.join(project, "a.txt"), "new in the project");
    rmSync(path.join(project, "large.bin"));
    const third = await view();
    assert.equal(statSync(path.join(third.root, "lib/b.txt")).ino, ino);
    assert.equal(readFileSync(path.join(third.root, "a.txt"), "utf8"), "new in the project");
    assert.equal(existsSync(path.join(third.root, "large.bin")), false);
    await third.release();
  });

  it("is the project again after changes in many folders, by several threads", async function () {
    this.timeout(60_000);
    const project = path.join(folder.path, "project");
    for (let number = 0; number < 1500; number += 1) {
      if (number % 25 === 0) mkdirSync(path.join(project, `part-${number / 25}`));
      writeFileSync(path.join(project, `part-${Math.floor(number / 25)}/file-${number}`), String(number));
    }
    const picture = (root: string) =>
      (readdirSync(root, { recursive: true }) as string[])
        .sort()
        .map((name) => {
          const file = path.join(root, name);
          return `${name} ${statSync(file).isFile() ? readFileSync(file, "utf8") : ""}`;
        })
        .join("\n");
    const first = await view();
    assert.equal(picture(first.root), picture(project));
    writeFileSync(path.join(first.root, "part-7/file-175"), "xyz");
    rmSync(path.join(first.root, "part-8"), { recursive: true });
    mkdirSync(path.join(first.root, "new/below"), { recursive: true });
    writeFileSync(path.join(first.root, "new/below/file"), "new");
    rmSync(path.join(first.root, "part-9"), { recursive: true });
    writeFileSync(path.join(first.root, "part-9"), "a file");
    const changes = await first.changes();
    const places = changes.map(({ path: place, file }) => `${file === null ? "-" : ""}${place}`);
    const gone = (part: number) =>
      Array.from({ length: 25 }, (_, at) => `-part-${part}/file-${part * 25 + at}`);
    assert.deepEqual(
      places.sort(),
      ["new/below/file", "part-7/file-175", "part-9", ...gone(8), ...gone(9)].sort(),
    );
    await first.release();

    rmSync(path.join(project, "part-3"), { recursive: true });
    rmSync(path.join(project, "part-4"), { recursive: true });
    writeFileSync(path.join(project, "part-4"), "a file in the project");
    rmSync(path.join(project, "a.txt"));
    mkdirSync(path.join(project, "a.txt"));
    writeFileSync(path.join(project, "a.txt/b"), "b");
    writeFileSync(path.join(project, "part-5/file-125"), "changed");
    const second = await view();
    assert.equal(picture(second.root), picture(project));
    assert.deepEqual(await second.changes(), []);
    await second.release();
  });

  it("leaves nothing of a view that is cancelled while it is made, and the next one is whole", async () => {
    const cancel = new CancelSource();
    cancel.cancel();
    await assert.rejects(view(cancel), CopyStopped);
    await until("nothing is left", () => readdirSync(copies).length === 0);
    const next = await view();
    assert.equal(readFileSync(path.join(next.root, "a.txt"), "utf8"), "a");
    await next.release();
  });

  it("does not contain itself where the project contains the folder of the views", async () => {
    const project = path.join(folder.path, "project");
    copies = path.join(project, "cache/views");
    for (let time = 0; time < 2; time += 1) {
      const one = await view();
      assert.deepEqual(readdirSync(one.root, { recursive: true }).sort(), ["a.txt", "cache"]);
      await one.release();
    }
  });

  it("keeps no file whose name is not UTF-8 from one command to the next", async function () {
    if (process.platform !== "linux") this.skip();
    mkdirSync(path.join(folder.path, "project/sub"));
    for (const place of ["", "sub/"]) {
      const first = await view();
      writeFileSync(
        Buffer.concat([Buffer.from(`${first.root}/${place}`), Buffer.from([0x66, 0xff])]),
        "left",
      );
      await first.changes();
      await first.release();
      const second = await view();
      assert.deepEqual(readdirSync(path.join(second.root, place)), place === "" ? ["a.txt", "sub"] : []);
      await second.release();
    }
  });

  it("has the modes of the project's folders again, whatever a command made of them", async function () {
    if (process.platform === "win32") this.skip();
    const project = path.join(folder.path, "project");
    mkdirSync(path.join(project, "lib"));
    chmodSync(path.join(project, "lib"), 0o755);
    const first = await view();
    chmodSync(path.join(first.root, "lib"), 0o777);
    await first.changes();
    await first.release();
    chmodSync(path.join(project, "lib"), 0o750);
    const second = await view();
    assert.equal(statSync(path.join(second.root, "lib")).mode & 0o777, 0o750);
    chmodSync(path.join(second.root, "lib"), 0o777);
    await second.release();
    const third = await view();
    assert.equal(statSync(path.join(third.root, "lib")).mode & 0o777, 0o750);
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
