import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { batchFile, findProgram } from "../../../src/adapters/command/program";
import { temporaryFolder } from "../../fakes/session";

describe("The program of a command on Windows", () => {
  let folder: { path: string; remove(): Promise<void> };
  const runtime = "/opt/editor";
  const write = (place: string): string => {
    const file = path.join(folder.path, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0o755);
    return file;
  };
  const places = (): Parameters<typeof findProgram>[1] => ({
    roots: [path.join(folder.path, "project")],
    folders: [path.join(folder.path, "bin")],
    runtime,
    windows: true,
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it("is found by its ending; a batch file is none, since only a shell starts it", () => {
    const cargo = write("bin/cargo.exe");
    const yarn = write("bin/yarn.cmd");
    const local = write("project/tools/check.bat");
    assert.equal(findProgram("cargo", places())?.file, cargo);
    for (const [name, file] of [
      ["yarn", yarn],
      ["yarn.cmd", yarn],
      [yarn, yarn],
      ["tools/check", local],
      ["tools/check.BAT".toLowerCase(), local],
    ] as const) {
      assert.equal(findProgram(name, places()), undefined, name);
      assert.equal(batchFile(name, places()), file, name);
    }
    assert.equal(batchFile("cargo", places()), undefined);
    assert.equal(batchFile("yarn", { ...places(), windows: false }), undefined);
  });

  it("is the script behind npm.cmd and npx.cmd, started by the Node beside it, or by Orket's own runtime", () => {
    for (const name of ["npm", "npx"]) {
      write(`bin/${name}.cmd`);
      assert.equal(findProgram(name, places()), undefined, "its script is missing");
      const script = write(`bin/node_modules/npm/bin/${name}-cli.js`);
      const own = findProgram(name, places());
      assert.deepEqual(own, {
        file: runtime,
        inside: runtime,
        before: [script],
        env: { ELECTRON_RUN_AS_NODE: "1" },
      });
    }
    const node = write("bin/node.exe");
    const script = path.join(folder.path, "bin/node_modules/npm/bin/npm-cli.js");
    assert.deepEqual(findProgram("npm", places()), { file: node, inside: node, before: [script], env: {} });
    assert.equal(findProgram("npm", { ...places(), windows: false }), undefined);
  });
});
