import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { batchFile, findProgram, whyNoProgram } from "../../../src/adapters/command/program";
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

describe("A program that cannot be started", () => {
  it("is named with what is in its way: a file that is not executable, a folder, or nothing", async () => {
    const folder = await temporaryFolder();
    try {
      writeFileSync(path.join(folder.path, "x.sh"), "#!/bin/sh\n", { mode: 0o644 });
      mkdirSync(path.join(folder.path, "tools"));
      const places = {
        roots: [path.join(folder.path, "overlay"), folder.path],
        folders: [],
        runtime: "/opt/node",
      };
      const why = (name: string): string => whyNoProgram(name, places);
      assert.match(why("./x.sh"), /'\.\/x\.sh' is not executable\. .*chmod \+x \.\/x\.sh/);
      assert.match(why("./tools"), /'\.\/tools' is a folder/);
      assert.match(why(path.join(folder.path, "x.sh")), /is not executable/);
      assert.match(why("./y.sh"), /no program '\.\/y\.sh' in the view/);
      assert.match(why("./x.sh/z"), /no program '\.\/x\.sh\/z' in the view/);
      assert.match(why("/no/such"), /no program '\/no\/such' on this machine/);
      assert.match(why("nothing"), /no program 'nothing' on the PATH/);
    } finally {
      await folder.remove();
    }
  });
});
