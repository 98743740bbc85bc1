import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commandBounds } from "../../../src/adapters/command/bounds";
import { controlGroup } from "../../../src/adapters/command/control-group";
import type { GroupPlaces } from "../../../src/adapters/command/control-group";
import { RunnerKit } from "../../contract/command-runner/kit";

describe("The control group of a command", function () {
  let kit: RunnerKit;
  before(function () {
    if (process.platform !== "linux") this.skip();
  });
  beforeEach(() => {
    kit = new RunnerKit({ "a.txt": "a" });
  });
  afterEach(() => kit.dispose());

  /** A tree of ordinary files: this process is in /user/app/editor.scope, and /user/app is delegated to it. */
  function tree(controllers: string, own = "/user/app/editor.scope"): GroupPlaces & { readonly app: string } {
    const root = path.join(kit.root, "groups");
    const app = path.join(root, "user/app");
    mkdirSync(path.join(app, "editor.scope"), { recursive: true });
    writeFileSync(path.join(app, "cgroup.subtree_control"), controllers);
    writeFileSync(path.join(app, "cgroup.procs"), "");
    writeFileSync(path.join(app, "editor.scope/cgroup.subtree_control"), "\n");
    const self = path.join(kit.root, "self");
    writeFileSync(self, `4:memory:/old\n0::${own}\n`);
    return { root, self, app };
  }
  const groupsIn = (folder: string): string[] =>
    readdirSync(folder).filter((name) => name.startsWith("orket-"));
  const bounds = { memoryBytes: 6 * 2 ** 30, processes: 77 };
  /** Writes what the kernel would into the command's own group, then waits for ever. */
  const report = (app: string, file: string, text: string): readonly string[] => [
    process.execPath,
    "-e",
    `const fs = require("fs");
     for (const name of fs.readdirSync(${JSON.stringify(app)})) {
       if (!name.startsWith("orket-")) continue;
       const group = ${JSON.stringify(app)} + "/" + name;
       if (!fs.existsSync(group + "/cgroup.kill")) fs.writeFileSync(group + "/${file}", ${JSON.stringify(text)});
     }
     setInterval(() => 0, 1000);`,
  ];

  it("is entered before the command begins, has its limits, is ended with it, and is named in the event", async () => {
    const groups = tree("cpu memory pids\n");
    const script = `for group in ${groups.app}/orket-*; do [ -e "$group/cgroup.kill" ] || cat "$group/cgroup.procs"; done`;
    const result = await kit.run(
      ["sh", "-c", script],
      { isolation: "view" },
      { groups, sandbox: "missing", bounds },
    );
    assert.deepEqual(result.end, { kind: "exited", code: 0 });
    assert.equal(result.output, "0\n");
    assert.equal(result.isolatedBy, "a copy, limits by a control group");
    const names = groupsIn(groups.app);
    assert.equal(names.length, 2, "one was tried, one was the command's");
    for (const name of names) {
      const text = (file: string): string => readFileSync(path.join(groups.app, name, file), "utf8");
      assert.equal(text("memory.max"), String(6 * 2 ** 30));
      assert.equal(text("memory.oom.group"), "1");
      assert.equal(text("pids.max"), "77");
      assert.equal(text("cgroup.kill"), "1");
    }
  });

  for (const [file, text, end] of [
    [
      "memory.events",
      "oom 1\noom_kill 1\n",
      { kind: "bound", bound: "memory", message: "It used more than 6144 MiB of memory." },
    ],
    [
      "pids.events",
      "max 3\n",
      { kind: "bound", bound: "processes", message: "It started more than 77 processes." },
    ],
  ] as const) {
    it(`ends the command when the kernel counts in ${file}`, async () => {
      const groups = tree("memory pids");
      const argv = report(groups.app, file, text);
      const result = await kit.run(argv, { isolation: "view" }, { groups, sandbox: "missing", bounds });
      assert.deepEqual(result.end, end);
    });
  }

  it("is not there where memory and processes are not delegated, and the event does not claim it", async () => {
    for (const [controllers, own] of [
      ["cpu pids\n", undefined],
      ["memory pids\n", "/../elsewhere"],
    ] as const) {
      const groups = tree(controllers, own);
      const result = await kit.run(["true"], { isolation: "view" }, { groups, sandbox: "missing" });
      assert.equal(result.isolatedBy, "a copy");
      assert.deepEqual(groupsIn(groups.app), []);
    }
  });

  it("of an editor that was killed is ended by the next one", () => {
    const groups = tree("memory pids");
    mkdirSync(path.join(groups.app, "orket-999999999-0a"));
    mkdirSync(path.join(groups.app, `orket-${process.pid}-0b`));
    controlGroup(commandBounds, groups)?.close();
    assert.ok(existsSync(path.join(groups.app, "orket-999999999-0a/cgroup.kill")));
    assert.ok(!existsSync(path.join(groups.app, `orket-${process.pid}-0b/cgroup.kill`)));
  });

  it("of the system limits memory, where it is delegated", async function () {
    const group = controlGroup(commandBounds);
    if (group === undefined) this.skip();
    group.close();
    const grow = `const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));`;
    const argv = [process.execPath, "-e", grow];
    const small = { memoryBytes: 256 << 20 };
    const result = await kit.run(argv, { isolation: "view" }, { sandbox: "missing", bounds: small });
    assert.equal(result.end.kind === "bound" && result.end.bound, "memory");
  });
});
