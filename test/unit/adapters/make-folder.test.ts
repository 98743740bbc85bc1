import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeFolder, makeFolderNow } from "../../../src/adapters/files/make-folder";
import { orket } from "../../cli/orket";
import { temporaryFolder } from "../../fakes/session";

describe("A folder outside of any project", function () {
  this.timeout(30_000);

  it("is made with what is missing above it, and is there when it is made again", async () => {
    const folder = await temporaryFolder();
    try {
      for (let time = 0; time < 2; time += 1) {
        await makeFolder(path.join(folder.path, "a/b/c"), 0o700);
        assert.equal(makeFolderNow(path.join(folder.path, "d/e/f")), true);
      }
      if (process.platform !== "win32")
        assert.equal(statSync(path.join(folder.path, "a/b")).mode & 0o777, 0o700);
      assert.ok(existsSync(path.join(folder.path, "a/b/c")) && existsSync(path.join(folder.path, "d/e/f")));
      writeFileSync(path.join(folder.path, "file"), "");
      await assert.rejects(makeFolder(path.join(folder.path, "file/x")), { code: "ENOTDIR" });
      assert.equal(makeFolderNow(path.join(folder.path, "file/x")), false);
    } finally {
      await folder.remove();
    }
  });

  it("that the system never makes is an error, and does not keep a command from ending", async function () {
    if (process.platform !== "linux") this.skip();
    await assert.rejects(makeFolder("/proc/none/of/it"), { code: "ENOENT" });
    assert.equal(makeFolderNow("/proc/none/of/it"), false);
    const { code } = await orket(["sessions"], { env: { XDG_CACHE_HOME: "/proc/none" } });
    assert.equal(code, 0);
  });
});
