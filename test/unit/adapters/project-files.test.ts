import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { readProjectFiles, searchFiles, searchLimits } from "../../../src/app/project/project-files";

const isFlow = (place: string): boolean => place.endsWith(".flow.yaml");

describe("the project's definition files", () => {
  let root: string;
  const put = (place: string, text = place): void => {
    const file = path.join(root, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const paths = async (limits = searchLimits): Promise<string[]> =>
    (await readProjectFiles(root, isFlow, limits)).files.map((file) => file.path);

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "orket-files-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it("are found at every depth, in the order of their paths, with their bytes", async () => {
    for (const place of [
      "z.flow.yaml",
      "a/b/c/d.flow.yaml",
      "a/x.flow.yaml",
      ".hidden/y.flow.yaml",
      "a/readme.md",
    ])
      put(place);
    const { files, truncated, unreadable } = await readProjectFiles(root, isFlow);
    assert.deepEqual(
      files.map((file) => [file.path, Buffer.from(file.text).toString()]),
      [".hidden/y.flow.yaml", "a/b/c/d.flow.yaml", "a/x.flow.yaml", "z.flow.yaml"].map((place) => [
        place,
        place,
      ]),
    );
    assert.deepEqual([truncated, unreadable], [false, []]);
  });

  it("are not looked for in node_modules, .git and .orket, at any depth", async () => {
    for (const place of [
      "node_modules/a.flow.yaml",
      "x/node_modules/a.flow.yaml",
      ".git/a.flow.yaml",
      ".orket/a.flow.yaml",
    ])
      put(place);
    assert.deepEqual(await paths(), []);
  });

  it("are not followed through links", async function () {
    if (process.platform === "win32") this.skip();
    put("real/a.flow.yaml");
    symlinkSync(path.join(root, "real"), path.join(root, "folder"));
    symlinkSync(path.join(root, "real/a.flow.yaml"), path.join(root, "link.flow.yaml"));
    symlinkSync(root, path.join(root, "real/round"));
    assert.deepEqual(await paths(), ["real/a.flow.yaml"]);
  });

  it("stop at the limits, and that is said", async () => {
    for (let number = 0; number < 10; number += 1) put(`${number}.flow.yaml`);
    put("a/b/c.flow.yaml");
    const few = await readProjectFiles(root, isFlow, { ...searchLimits, files: 3 });
    assert.deepEqual([few.files.length, few.truncated], [3, true]);
    const flat = await readProjectFiles(root, isFlow, { ...searchLimits, depth: 1 });
    assert.deepEqual([flat.files.length, flat.truncated], [10, true]);
    const oneFolder = await readProjectFiles(root, isFlow, { ...searchLimits, folders: 1 });
    assert.deepEqual([oneFolder.files.length, oneFolder.truncated], [10, true]);
  });

  it("are read one byte beyond the limit, so that the reader sees it", async () => {
    put("large.flow.yaml", "x".repeat(100));
    const { files } = await readProjectFiles(root, isFlow, { ...searchLimits, bytes: 10 });
    assert.equal(files[0]?.text.length, 11);
  });

  it("are none where there is no folder", async () => {
    const { files, unreadable } = await readProjectFiles(path.join(root, "none"), isFlow);
    assert.deepEqual([files, unreadable], [[], [{ path: ".", reason: "ENOENT" }]]);
  });

  it("are searched through any tree, sorted before they are cut, with few requests at once", async () => {
    let now = 0;
    let most = 0;
    const busy = async <T>(result: T): Promise<T> => {
      most = Math.max(most, (now += 1));
      await new Promise(setImmediate);
      now -= 1;
      return result;
    };
    const places = Array.from({ length: 100 }, (_, number) => `d${String(99 - number).padStart(2, "0")}`);
    const tree = {
      list: (folder: string) =>
        busy(
          folder === ""
            ? [
                { name: "z.flow.yaml", kind: "file" as const },
                ...places.map((name) => ({ name, kind: "folder" as const })),
              ]
            : [
                { name: "a.flow.yaml", kind: "file" as const },
                { name: "b.flow.yaml", kind: "other" as const },
              ],
        ),
      read: (file: string) =>
        file.startsWith("d01") ? Promise.reject(new Error("gone")) : busy(Buffer.from(file)),
    };
    const found = await searchFiles(tree, isFlow, { ...searchLimits, files: 3 });
    assert.deepEqual(
      found.files.map((file) => file.path),
      ["d00/a.flow.yaml", "d02/a.flow.yaml"],
    );
    assert.deepEqual(found.unreadable, [{ path: "d01/a.flow.yaml", reason: "Error: gone" }]);
    assert.equal(found.truncated, true);
    assert.equal(most, 16);
  });
});
