import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import fc from "fast-check";
import { findSandbox } from "../../../src/adapters/command/isolation";
import type { RunnerOptions } from "../../../src/adapters/command/runner";
import type { Isolation } from "../../../src/engine/model/command";
import { resolveArgv } from "../../../src/engine/model/command-argv";
import { hostile } from "./hostile";
import type { Attack } from "./hostile";
import { running, RunnerKit } from "./kit";
import { realEngine } from "./real-engine";

/** All attacks with ORKET_ATTACKS=all; in the gate a sample, which the seed chooses. */
const all = process.env.ORKET_ATTACKS === "all";
const seed = Number(process.env.ORKET_SEED ?? 20_261_130);

function sample<T>(list: readonly T[], count: number): T[] {
  if (all) return [...list];
  return (
    fc.sample(
      fc.shuffledSubarray([...list], {
        minLength: Math.min(count, list.length),
        maxLength: Math.min(count, list.length),
      }),
      { seed, numRuns: 1 },
    )[0] ?? []
  );
}

/** Before the home folder is another one: an engine's client has its settings there. */
const ownEnv = { ...process.env };

/** What a command must not reach: files, a home with secrets, servers of every family, a process. */
class Surroundings {
  readonly kit = new RunnerKit({
    "a.txt": "project\n",
    "sub/b.txt": "b\n",
    "node_modules/dep/index.js": "x\n",
    ".git/HEAD": "ref\n",
  });
  readonly outside = path.join(this.kit.root, "outside");
  readonly home = path.join(this.kit.root, "home");
  readonly victim = spawn("sleep", ["1000"]);
  connections = 0;
  readonly #closing: (() => void)[] = [];
  readonly #oldHome = process.env.HOME;

  async open(): Promise<{ tcp: number; udp: number; socket: string; abstract: string }> {
    fs.mkdirSync(path.join(this.outside, "folder"), { recursive: true });
    fs.writeFileSync(path.join(this.outside, "file"), "outside\n");
    fs.mkdirSync(path.join(this.home, ".ssh"), { recursive: true });
    for (const name of [".ssh/id_ed25519", ".netrc", ".bashrc", ".config"])
      fs.writeFileSync(path.join(this.home, name), "CANARY-SECRET\n");
    fs.symlinkSync(path.join(this.outside, "file"), path.join(this.kit.project, "way-out"));
    fs.symlinkSync(this.outside, path.join(this.kit.project, "node_modules/way-out"));
    process.env.HOME = this.home;
    const tcp = net.createServer(() => (this.connections += 1));
    await new Promise<void>((resolve) => tcp.listen(0, "::", resolve));
    const udp = dgram.createSocket("udp6", () => (this.connections += 1));
    await new Promise<void>((resolve) => udp.bind(0, "::", resolve));
    const socket = path.join(this.outside, "socket");
    const unix = net.createServer(() => (this.connections += 1));
    await new Promise<void>((resolve) => unix.listen(socket, resolve));
    fs.symlinkSync(socket, path.join(this.kit.project, "socket-link"));
    const abstract = `\0orket-test-${process.pid}`;
    const hidden = net.createServer(() => (this.connections += 1));
    await new Promise<void>((resolve) => hidden.listen(abstract, resolve));
    this.#closing.push(
      () => tcp.close(),
      () => udp.close(),
      () => unix.close(),
      () => hidden.close(),
    );
    return { tcp: (tcp.address() as net.AddressInfo).port, udp: udp.address().port, socket, abstract };
  }

  picture(): string {
    return [this.kit.project, this.outside, this.home]
      .map((folder) => this.kit.picture(folder))
      .join("\n---\n");
  }

  close(): void {
    process.env.HOME = this.#oldHome;
    // Where a sandbox is missing, the suite is left and closed twice.
    for (const close of this.#closing.splice(0)) close();
    this.victim.kill("SIGKILL");
    this.kit.dispose();
  }
}

/** A level that isolates processes: how a command asks for it, and the runner of the tests is told. */
interface Level {
  readonly spec: { readonly isolation: Isolation; readonly image?: string };
  readonly options: Partial<RunnerOptions>;
  close?(): void;
}

async function levelOf(
  name: "namespaces" | "bubblewrap" | "docker" | "podman",
  probe: string,
): Promise<Level | { readonly reason: string }> {
  if (name === "docker" || name === "podman") {
    const engine = realEngine(name, ownEnv);
    if ("reason" in engine) return engine;
    const spec = { isolation: "container", image: engine.image } as const;
    return { spec, options: { env: ownEnv }, close: () => engine.close() };
  }
  const found = await findSandbox(probe, name);
  if (found.kind !== name) return { reason: found.kind === "missing" ? found.message : name };
  return { spec: { isolation: "sandbox" }, options: { sandbox: name } };
}

for (const [kind, place] of [
  ["namespaces", "sandbox, by namespaces"],
  ["bubblewrap", "sandbox, by bubblewrap"],
  ["docker", "container, by docker"],
  ["podman", "container, by podman"],
] as const) {
  describe(`hostile commands at level ${place}`, function () {
    this.timeout(1_200_000);
    let around: Surroundings;
    let attacks: readonly Attack[];
    let level: Level;
    before(async function () {
      around = new Surroundings();
      const ports = await around.open();
      const found = await levelOf(kind, path.join(around.kit.cache, "probe"));
      if ("reason" in found) {
        console.log(`    not on this machine: ${found.reason}`);
        around.close();
        this.skip();
      }
      level = found;
      attacks = hostile({
        ...ports,
        outside: around.outside,
        home: around.home,
        project: around.kit.project,
        victim: around.victim.pid ?? 0,
        own: process.pid,
      });
    });
    after(() => {
      level?.close?.();
      around.close();
    });

    it("change nothing outside, reach no server, read no secret of the home folder and hurt no process", async () => {
      const chosen = sample(attacks, 150);
      const before = around.picture();
      // One process for all of the gate's, one for each of the whole run's: some leave their process in ruins.
      const groups = all ? chosen.map((attack) => [attack]) : [chosen];
      for (const group of groups) {
        const { end, output } = await around.kit.run(
          ["node", "attack.cjs"],
          {
            overlay: { "attack.cjs": script },
            stdin: JSON.stringify(group),
            ...level.spec,
            timeout_seconds: 60,
          },
          level.options,
        );
        assert.ok(end.kind === "exited" || all, `${JSON.stringify(end)} ${output.slice(-500)}`);
        assert.doesNotMatch(output, /CANARY-SECRET/, JSON.stringify(group));
      }
      assert.equal(around.picture(), before);
      assert.equal(around.connections, 0);
      assert.equal(around.victim.exitCode ?? around.victim.signalCode, null);
      console.log(`    ${chosen.length} of ${attacks.length} attacks, ${groups.length} processes`);
    });

    const endings: readonly (readonly [title: string, argv: readonly string[], bound: string])[] = [
      // A bomb that grows as fast as it can takes processes from whatever else this machine runs: by hand only.
      process.env.ORKET_ATTACKS === "all"
        ? ["a fork bomb", ["sh", "-c", "b() { b | b & }; b; sleep 77.1"], "processes"]
        : [
            "thousands of processes",
            ["sh", "-c", "i=0; while [ $i -lt 3000 ]; do sleep 77.1 & i=$((i+1)); done; wait"],
            "processes",
          ],
      ["endless output", ["yes", "77.1"], "output"],
      [
        "memory without end",
        ["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(8 << 20, 1)) // 77.1"],
        "memory",
      ],
      [
        "everything ignored and daemons left behind",
        [
          "sh",
          "-c",
          "trap '' TERM INT HUP QUIT; (setsid sh -c 'trap \"\" TERM; (sleep 77.1 &) ; sleep 77.1' &); sleep 77.1",
        ],
        "time",
      ],
    ];
    for (const [title, argv, bound] of endings) {
      it(`ends ${title}, and nobody of it is left`, async () => {
        const bounds = { processes: 200, outputBytes: 1 << 20, memoryBytes: 400 << 20 };
        const { end } = await around.kit.run(
          argv,
          { ...level.spec, timeout_seconds: 5 },
          { ...level.options, bounds },
        );
        const inContainer = level.spec.isolation === "container";
        // Where the system itself refuses more processes, it ends by its time; many take much memory, too.
        const kinds = [end.kind === "bound" ? end.bound : end.kind === "timeout" ? "time" : end.kind];
        // In a container, the kernel refuses the processes; not every engine says that memory was the reason.
        if (inContainer && bound === "processes")
          kinds.push(end.kind === "exited" && end.code !== 0 ? bound : "");
        if (inContainer && bound === "memory") kinds.push(end.kind === "signalled" ? bound : "");
        assert.ok(
          kinds.includes(bound) ||
            (bound === "processes" && (kinds.includes("time") || kinds.includes("memory"))),
          JSON.stringify(end),
        );
        assert.equal(running("77.1"), "");
      });
    }

    it("takes hostile names that match 'writes' for no artifacts, or for plain paths within the project", async () => {
      const names = [
        "-rf",
        "a\nb",
        "a\u001b[31m",
        "a\\b",
        "..\\x",
        "con.txt",
        "a:b",
        "trailing. ",
        "\u202egpj.exe",
        "ok.txt",
        ".git",
        ".env",
        "x.flow.yaml",
        "é".repeat(120),
      ];
      const make = `const fs = require("node:fs"); for (const name of ${JSON.stringify(names)}) try { fs.writeFileSync(name, "x"); } catch {}
        try { fs.writeFileSync(Buffer.from([0x61, 0xff, 0x62]), "x"); } catch {} try { fs.mkdirSync(Buffer.from([0x64, 0xfe])); } catch {}`;
      const { files, end } = await around.kit.run(
        ["node", "-e", make],
        { writes: ["**"], ...level.spec },
        level.options,
      );
      assert.deepEqual(end, { kind: "exited", code: 0 });
      assert.deepEqual(
        files.map(({ path: name }) => name),
        ["-rf", "ok.txt", "é".repeat(120)].sort(),
      );
    });
  });
}

/** Performs attacks one after the other; each may fail, none may stop the rest. */
const script = fs.readFileSync(path.join(__dirname, "attack.cjs"), "utf8");

describe("arguments of commands", () => {
  it("a value is one argument, as it is, and never an option", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const resolved = resolveArgv(["git", "{{inputs.x}}", "end"], () => value);
        if ("problem" in resolved) return true;
        assert.deepEqual(resolved.argv, ["git", value, "end"]);
        return !value.startsWith("-") && value !== "" && !value.includes("\0");
      }),
      { seed },
    );
    for (const value of [
      "--upload-pack=x",
      "-",
      "",
      "a\nb",
      "a\0b",
      null,
      [],
      {},
      undefined,
      "x".repeat(5000),
    ]) {
      assert.ok("problem" in resolveArgv(["git", "{{inputs.x}}"], () => value), JSON.stringify(value));
    }
    for (const entry of [
      "--x={{inputs.x}}",
      "{{task}}",
      "{{steps.a.summary}}",
      "{{inputs.x}} ",
      "{{nothing}}",
    ]) {
      assert.ok("problem" in resolveArgv(["git", entry], () => "x"), entry);
    }
    assert.deepEqual(
      resolveArgv(["a", "\\{{literal"], () => "x"),
      { argv: ["a", "{{literal"] },
    );
    assert.deepEqual(
      resolveArgv(["a", "{{inputs.x}}"], () => "{{task}}"),
      { argv: ["a", "{{task}}"] },
    );
  });
});
