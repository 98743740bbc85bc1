import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { findSandbox } from "../../../src/adapters/command/isolation";
import type { SandboxKind } from "../../../src/adapters/command/isolation";
import type { RunnerOptions } from "../../../src/adapters/command/runner";
import type { Isolation } from "../../../src/engine/model/command";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type { CommandResult } from "../../../src/engine/port/commands";
import { defined } from "../../../src/engine/model/defined";
import { until } from "../../until";
import { FakeEngine } from "../../fakes/fake-engine";
import { running, RunnerKit } from "./kit";
import { realEngine } from "./real-engine";

const hook = path.join(__dirname, "..", "..", "..", "scripts", "transpile-hook.cjs");
const hostFile = path.join(__dirname, "host.ts");
const node = (script: string, ...args: string[]): string[] => ["node", "-e", script, "--", ...args];
const textOf = ({ files }: CommandResult): Record<string, string | null> =>
  Object.fromEntries(
    files.map(({ path: name, content }) => [name, content === null ? null : Buffer.from(content).toString()]),
  );

/** One way to keep commands apart. */
interface Level {
  readonly title: string;
  readonly isolation: Isolation;
  /** What a command of this level says besides. */
  readonly more?: Parameters<RunnerKit["run"]>[1];
  readonly options?: Partial<RunnerOptions>;
  /** How it names a program that is not there. */
  readonly missing: RegExp;
  /** Waits until it has no container any more. */
  isEmpty?(): Promise<unknown>;
  close?(): void;
}

/** Why a way is not on this machine, instead of the way. */
interface Absent {
  readonly reason: string;
}

const onPath = /no program 'no-such-program' on the PATH/;

async function sandboxLevel(sandbox: SandboxKind): Promise<Level | Absent> {
  const probe = fs.mkdtempSync(path.join(os.tmpdir(), "orket-probe-"));
  const found = await findSandbox(probe, sandbox);
  fs.rmSync(probe, { recursive: true, force: true });
  if (found.kind !== sandbox) return { reason: found.kind === "missing" ? found.message : sandbox };
  const isolation = sandbox === "missing" ? "view" : "sandbox";
  return { title: sandbox, isolation, options: { sandbox }, missing: onPath };
}

function fakeLevel(kind: "docker" | "podman"): Level | Absent {
  // It finds the processes of a container as Linux shows them.
  if (process.platform !== "linux") return { reason: "the stand-in of an engine needs /proc" };
  const engine = new FakeEngine([kind]);
  return {
    title: kind,
    isolation: "container",
    more: { image: engine.image },
    options: { env: engine.env() },
    missing: /the image python:3\.12-slim cannot run 'no-such-program'/,
    isEmpty: () => until("no container is left", () => engine.containers().length === 0),
    close: () => engine.dispose(),
  };
}

function realLevel(kind: "docker" | "podman"): Level | Absent {
  const engine = realEngine(kind);
  if ("reason" in engine) return engine;
  return {
    title: kind,
    isolation: "container",
    more: { image: engine.image },
    missing: /cannot run 'no-such-program'/,
    isEmpty: () => until("no container is left", () => engine.containers() === ""),
    close: () => engine.close(),
  };
}

/** Every way to keep commands apart; those that this machine does not have are named as skipped. */
const levels: readonly (readonly [title: string, find: () => Promise<Level | Absent>])[] = [
  ["namespaces", () => sandboxLevel("namespaces")],
  ["bubblewrap", () => sandboxLevel("bubblewrap")],
  ["a copy alone", () => sandboxLevel("missing")],
  ["a container of an engine that behaves like docker", () => Promise.resolve(fakeLevel("docker"))],
  ["a container of an engine that behaves like podman", () => Promise.resolve(fakeLevel("podman"))],
  ["a container of docker", () => Promise.resolve(realLevel("docker"))],
  ["a container of podman", () => Promise.resolve(realLevel("podman"))],
];

for (const [title, find] of levels) {
  describe(`commands kept apart by ${title}`, function () {
    this.timeout(60_000);
    let kit: RunnerKit;
    let level: Level;
    before(async function () {
      const found = await find();
      if ("reason" in found) {
        console.log(`    not on this machine: ${found.reason}`);
        this.skip();
      }
      level = found;
    });
    after(() => level?.close?.());
    afterEach(() => level.isEmpty?.());
    beforeEach(() => {
      kit = new RunnerKit({
        "a.txt": "project\n",
        "keep/b.txt": "b\n",
        "node_modules/dep/index.js": "module.exports = 'dep';\n",
        ".env": "KEY=very-secret-value\n",
        ".git/config": '[remote "o"]\n\turl = https://me:hunter22secret@host/x\n[core]\n\tbare = false\n',
        ".orket/sessions/x": "session\n",
      });
    });
    afterEach(() => kit.dispose());
    const run = (
      argv: readonly string[],
      more: Parameters<RunnerKit["run"]>[1] = {},
      options: Partial<RunnerOptions> = {},
    ) => {
      const env = { ...(level.options?.env ?? process.env), ...options.env };
      return kit.run(
        argv,
        { isolation: level.isolation, ...level.more, ...more },
        { ...level.options, ...options, env },
      );
    };

    it("sees the project with the session's artifacts over it, and leaves the project as it was", async () => {
      const before = kit.picture();
      const result = await run(
        node(`const fs = require("node:fs");
          console.log(fs.readFileSync("a.txt", "utf8") + fs.readFileSync("new/c.txt", "utf8") + fs.existsSync("keep/b.txt") + require("dep"));
          fs.writeFileSync("a.txt", "overwritten"); fs.rmSync("new", { recursive: true }); fs.writeFileSync("junk", "12345");
          fs.appendFileSync("node_modules/dep/index.js", "// changed")`),
        { overlay: { "a.txt": "artifact\n", "new/c.txt": "c\n", "keep/b.txt": null } },
      );
      assert.deepEqual(result.end, { kind: "exited", code: 0 }, result.output);
      assert.equal(result.output, "artifact\nc\nfalsedep\n");
      assert.equal(result.place, level.isolation);
      assert.deepEqual(textOf(result), {});
      assert.equal(result.discarded.files, 4);
      assert.equal(kit.picture(), before);
    });

    it("makes artifacts of what matches 'writes' and differs, and counts the rest", async () => {
      const result = await run(
        node(`const fs = require("node:fs"); fs.mkdirSync("out"); fs.writeFileSync("out/x.txt", "x", { mode: 0o755 });
          fs.writeFileSync("out/.env", "no"); fs.writeFileSync("out/f.flow.yaml", "no"); fs.symlinkSync("/etc/hostname", "out/link");
          fs.writeFileSync("out/back\\\\slash", "no"); fs.writeFileSync("a.txt", "project\\n"); fs.rmSync("keep/b.txt"); fs.writeFileSync("rest", "1234")`),
        { writes: ["out/**", "a.txt", "keep/*"] },
      );
      assert.deepEqual(textOf(result), { "keep/b.txt": null, "out/x.txt": "x" });
      assert.equal(result.files.find(({ path: name }) => name === "out/x.txt")?.executable, true);
      assert.equal(result.discarded.files, 5);
    });

    it("makes an artifact of a file that only became executable, of the project or of the session", async () => {
      if (process.platform === "win32") return;
      kit.write("again.sh", "there\n");
      const change = `const fs = require("node:fs"); for (const file of ["a.txt", "mine.txt"]) fs.chmodSync(file, 0o755);
        fs.writeFileSync("again.sh", "there\\n")`;
      const result = await run(node(change), { writes: ["**"], overlay: { "mine.txt": "mine\n" } });
      assert.deepEqual(textOf(result), { "a.txt": "project\n", "mine.txt": "mine\n" });
      assert.ok(result.files.every(({ executable }) => executable));
    });

    it("starts each view anew: nothing of an earlier command is there, what changed in the project is", async () => {
      await run(
        node(
          `const fs = require("node:fs"); fs.writeFileSync("left", "x"); fs.writeFileSync("a.txt", "bad"); fs.rmSync("keep", { recursive: true })`,
        ),
        {
          overlay: { "over.txt": "o" },
        },
      );
      kit.write("later.txt", "later");
      const { output } = await run(
        node(
          `const fs = require("node:fs"); console.log(fs.readdirSync(".").sort().join(), fs.readFileSync("a.txt", "utf8").trim())`,
        ),
      );
      assert.equal(output, ".git,a.txt,keep,later.txt,node_modules project\n");
    });

    it("hides files that usually hold secrets, git's credentials and Orket's folder, unless the policy lists them", async () => {
      const script = `const fs = require("node:fs"); console.log([".env", ".orket"].filter((f) => fs.existsSync(f)).join(), fs.readFileSync(".git/config", "utf8").includes("hunter22"))`;
      assert.equal((await run(node(script))).output, " false\n");
      const policy = {
        read_scope: ["domain" as const],
        write_scope: ["workspace" as const],
        allow: [".env"],
      };
      assert.equal((await run(node(script), {}, { policy })).output, ".env false\n");
    });

    it("passes on an allow-list of the environment, what the Flow adds, and secrets by name, which its output never shows", async () => {
      const env = { EDITOR_KEY: "leak", LANG: "C.UTF-8" };
      const { output } = await run(
        node(
          `console.log(process.env.EDITOR_KEY, process.env.PLAIN, process.env.KEY.length, process.env.KEY); process.stdout.write(process.env.KEY.slice(0, 9)); setTimeout(() => process.stdout.write(process.env.KEY.slice(9)), 20)`,
        ),
        { env: { PLAIN: { value: "secret:other" }, KEY: { secret: "deploy" } } },
        { env, secret: () => Promise.resolve("s3cr3t-value-of-the-key") },
      );
      assert.equal(output, "undefined secret:other 23 [key]\n[key]");
      const missing = await run(node(""), { env: { KEY: { secret: "deploy" } } });
      assert.deepEqual(missing.end, {
        kind: "refused",
        reason: "secret",
        message: "The secret deploy is not stored.",
      });
    });

    it("gives the standard input and then its end; without one the end comes at once", async () => {
      assert.equal((await run(["cat"], { stdin: "given" })).output, "given");
      assert.equal((await run(["cat"])).output, "");
    });

    it("says how it ended: exit codes, signals, time, output, and what could not be started", async () => {
      assert.deepEqual((await run(["sh", "-c", "exit 3"])).end, { kind: "exited", code: 3 });
      assert.deepEqual((await run(["sh", "-c", "kill -SEGV $$"])).end, {
        kind: "signalled",
        signal: "SIGSEGV",
      });
      assert.deepEqual(
        (await run(["sh", "-c", "trap '' TERM; sleep 60 & sleep 60"], { timeout_seconds: 0.3 })).end,
        { kind: "timeout", seconds: 0.3 },
      );
      const endless = await run(["yes"], {}, { bounds: { outputBytes: 100_000 } });
      assert.equal(endless.end.kind === "bound" && endless.end.bound, "output");
      assert.equal(endless.output.length, 100_000);
      const nothing = await run(["no-such-program"]);
      assert.equal(nothing.end.kind, "not_started");
      assert.match("message" in nothing.end ? nothing.end.message : "", level.missing);
      const many = await run(
        node(`const fs = require("node:fs"); for (let n = 0; n < 9; n++) fs.writeFileSync("f" + n, "x")`),
        { writes: ["f*"] },
        { bounds: { files: 5 } },
      );
      assert.equal(many.end.kind === "bound" && many.end.bound, "files");
      assert.deepEqual(many.files, []);
    });

    it("ends everybody within a second when cancelled, also those who ignore signals or left the group", async () => {
      const cancel = new CancelSource();
      const request = kit.request(
        ["sh", "-c", "trap '' TERM INT HUP; (setsid sleep 61.5 &) ; sleep 61.5 & echo ready; wait"],
        { isolation: level.isolation, ...level.more },
      );
      const started = performance.now();
      let asked = 0;
      const result = await kit.runner(level.options).run(
        request,
        () => {
          asked = performance.now();
          cancel.cancel();
        },
        cancel,
      );
      assert.deepEqual(result.end, { kind: "cancelled" });
      assert.ok(started < asked);
      assert.equal(running("61.5"), "");
    });

    it("ends everybody when the process that started it is killed", async () => {
      // At the level view, a process that leaves the group outlives it.
      const leave = level.isolation === "view" ? "" : "setsid";
      const script = `trap '' TERM INT HUP; (${leave} sh -c 'echo ready; exec sleep 64.5' &); sleep 64.5 & wait`;
      const { spec } = kit.request(["sh", "-c", script], { isolation: level.isolation, ...level.more });
      const { sandbox } = level.options ?? {};
      const options = { workDomain: kit.project, cache: kit.cache, ...defined({ sandbox }) };
      const host = spawn(process.execPath, ["-r", hook, hostFile, JSON.stringify({ options, spec })], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...level.options?.env },
      });
      let printed = "";
      host.stdout.on("data", (text) => (printed += String(text)));
      await until("the command started", () => printed.includes("\n"));
      assert.equal(printed, "ready\n");
      assert.notEqual(running("64.5"), "");
      host.kill("SIGKILL");
      await until("every process ended", () => running("64.5") === "");
      await level.isEmpty?.();
    });

    it("starts nothing before its beginning is recorded, and nothing when that fails", async () => {
      const request = {
        ...kit.request(["sh", "-c", "echo started"], { isolation: level.isolation, ...level.more }),
        recorded: Promise.reject(new Error("disk")),
      };
      await assert.rejects(
        kit.runner(level.options).run(request, () => assert.fail(), new CancelSource()),
        /disk/,
      );
    });

    it("ends as ever, and leaves nothing behind, when a command nests folders deeper than a path reaches", async () => {
      const nest = `const fs = require("node:fs"); const name = "d".repeat(200);
        for (let depth = 0; depth < 30; depth += 1) { fs.mkdirSync(name); process.chdir(name); fs.writeFileSync("f", "x"); }`;
      const { end } = await run(node(nest));
      assert.deepEqual(end, { kind: "exited", code: 0 });
      const { output } = await run(
        node(`console.log(require("node:fs").readdirSync(".").join().includes("ddd"))`),
      );
      assert.equal(output, "false\n");
      const left = fs.readdirSync(path.join(kit.cache, "views"), { recursive: true }).map(String);
      assert.deepEqual(
        left.filter((name) => name.includes("ddd")),
        [],
      );
    });

    it("leaves no folder of a command behind", async () => {
      await run(["sh", "-c", "mkdir -p x/y; touch x/y/z; chmod 000 x/y x"]);
      const views = fs.readdirSync(path.join(kit.cache, "views"));
      for (const view of views)
        assert.deepEqual(fs.readdirSync(path.join(kit.cache, "views", view, "runs")), []);
    });
  });
}

describe("what a person has not agreed to, and what this machine cannot do", () => {
  it("starts nothing without consent, and nothing at less isolation than the command accepts", async () => {
    const kit = new RunnerKit();
    const end = { kind: "refused", reason: "consent", message: "Nobody agreed." } as const;
    assert.deepEqual((await kit.run(["true"], {}, { agreed: () => Promise.resolve(end) })).end, end);
    const refused = await kit.run(["true"], { isolation: "sandbox" }, { sandbox: "missing" });
    assert.equal(refused.end.kind === "refused" && refused.end.reason, "isolation");
    assert.match("message" in refused.end ? refused.end.message : "", /isolation: view/);
    kit.dispose();
  });

  it("runs a command with effects outside on the project itself, and lists what it changed", async () => {
    const kit = new RunnerKit({ "a.txt": "a", "b.txt": "b", ".git/HEAD": "x" });
    const result = await kit.run(
      ["sh", "-c", "echo 1 > a.txt; rm b.txt; echo n > new.txt; echo y > .git/HEAD; echo z > .git/index"],
      { effects: "outside" },
    );
    assert.equal(result.place, "project");
    assert.deepEqual(result.changed, [".git", "a.txt", "b.txt", "new.txt"]);
    assert.deepEqual(result.files, []);
    kit.dispose();
  });
});
