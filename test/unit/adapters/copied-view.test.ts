import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
        hidden: [],
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
});
