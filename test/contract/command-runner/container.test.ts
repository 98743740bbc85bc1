import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { containerPlace } from "../../../src/adapters/command/container";
import type { RunnerOptions } from "../../../src/adapters/command/runner";
import { viewFolders } from "../../../src/adapters/command/scratch";
import type { CommandResult } from "../../../src/engine/port/commands";
import { FakeEngine } from "../../fakes/fake-engine";
import { RunnerKit } from "./kit";
import { realEngine } from "./real-engine";
import type { RealEngine } from "./real-engine";

const messageOf = ({ end }: CommandResult): string =>
  "message" in end ? `${end.kind}: ${end.message}` : end.kind;

describe("a command in a container", function () {
  this.timeout(30_000);
  let kit: RunnerKit;
  let engine: FakeEngine;
  before(function () {
    // The stand-in of an engine finds the processes of a container as Linux shows them.
    if (process.platform !== "linux") this.skip();
  });
  beforeEach(() => {
    kit = new RunnerKit({ "a.txt": "project\n" });
    engine = new FakeEngine(["docker"]);
  });
  afterEach(() => {
    engine.dispose();
    kit.dispose();
  });

  const run = (
    argv: readonly string[],
    more: Parameters<RunnerKit["run"]>[1] = {},
    options: Partial<RunnerOptions> = {},
  ): Promise<CommandResult> =>
    kit.run(
      argv,
      { isolation: "container", image: engine.image, ...more },
      { env: engine.env(), ...options },
    );

  it("is started once, from the image that was looked at, with no value of a variable in any command line", async () => {
    const env = { KEY: { secret: "deploy" }, TEXT: { value: 'plain "text" of the session' } };
    const secret = (): Promise<string> => Promise.resolve("s3cr3t-value");
    const result = await run(["sh", "-c", "echo $TEXT ${#KEY}"], { env }, { secret });
    assert.equal(result.output, 'plain "text" of the session 12\n');
    assert.equal(
      result.isolatedBy,
      `docker 28.0.0, image ${engine.image} (sha256:${engine.imageId}), network none, mounts /work (the view) and /home/orket (empty)`,
    );
    const calls = engine.calls();
    assert.deepEqual(
      calls.map(([, verb]) => verb),
      ["info", "image", "ps", "run", "rm"],
    );
    assert.doesNotMatch(JSON.stringify(calls), /s3cr3t|plain/);
    const argv = calls.find(([, verb]) => verb === "run") ?? [];
    assert.ok(argv.includes("--pull=never") && argv.includes("--network=none"));
    assert.deepEqual(argv.slice(argv.indexOf("--entrypoint=sh")), [
      "--entrypoint=sh",
      `sha256:${engine.imageId}`,
      "-c",
      "echo $TEXT ${#KEY}",
    ]);
    await run(["true"]);
    const later = engine.calls().slice(calls.length);
    assert.deepEqual(
      later.map(([, verb]) => verb),
      ["image", "run", "rm"],
    );
  });

  it("has the network only where the Flow allows it", async () => {
    const { isolatedBy } = await run(["true"], { network: "allowed" });
    assert.match(isolatedBy ?? "", /network allowed/);
    const argv = engine.calls().find(([, verb]) => verb === "run") ?? [];
    assert.deepEqual(
      argv.filter((argument) => argument.includes("--net")),
      [],
    );
  });

  it("is refused where there is no engine, and the refusal says what to install", async () => {
    const none = new FakeEngine([]);
    const result = await run(["true"], {}, { env: none.env() });
    none.dispose();
    assert.match(messageOf(result), /^refused: .*neither docker nor podman.*Install.*'isolation: sandbox'/);
  });

  it("is refused where the engine's daemon does not run, and started once it does", async () => {
    engine.set({ down: true });
    assert.match(
      messageOf(await run(["true"])),
      /^refused: .*docker \(.*\): Cannot connect to the Docker daemon.*Start its daemon/,
    );
    engine.set({});
    assert.equal(messageOf(await run(["true"])), "exited");
    // It stops while Orket runs.
    engine.set({ down: true });
    assert.match(messageOf(await run(["true"])), /^refused: docker did not say.*Cannot connect/);
    assert.match(messageOf(await run(["true"])), /^refused: .*Start its daemon/);
  });

  it("is refused where the engine does not answer in time", async () => {
    engine.set({ silent: true });
    assert.match(
      messageOf(await run(["true"], {}, { engineAnswerMs: 300 })),
      /^refused: .*no answer within 0.3 s/,
    );
  });

  it("is refused where the engine cannot limit what it uses", async () => {
    engine.set({ info: { MemoryLimit: false } });
    assert.match(messageOf(await run(["true"])), /^refused: .*cannot limit the memory/);
  });

  it("is refused where the image is not there, and nothing is downloaded", async () => {
    assert.match(
      messageOf(await run(["true"], { image: "ghcr.io/a/b:1" })),
      /^refused: The image ghcr.io\/a\/b:1 is not on this machine.*Run 'docker pull ghcr.io\/a\/b:1'/,
    );
    assert.deepEqual(
      engine.calls().map(([, verb]) => verb),
      ["info", "image"],
    );
  });

  it("runs in the engine that answers, and in the one that has the image", async () => {
    const both = new FakeEngine(["podman"]);
    engine.set({ down: true });
    const bin = path.join(both.folder, "both");
    fs.mkdirSync(bin);
    // docker is down; podman answers.
    const env = { ...both.env(), PATH: `${both.bin}:${engine.bin}:${process.env.PATH ?? ""}` };
    fs.writeFileSync(
      path.join(both.bin, "docker"),
      `#!/bin/sh\nORKET_FAKE_ENGINE='${engine.folder}' exec '${path.join(engine.bin, "docker")}' "$@"\n`,
      { mode: 0o755 },
    );
    const { isolatedBy } = await run(["true"], {}, { env });
    assert.match(isolatedBy ?? "", /^podman 5\.0\.0, image/);
    // docker answers, and does not have the image.
    fs.writeFileSync(path.join(engine.folder, "settings.json"), JSON.stringify({ images: {} }));
    assert.match((await run(["true"], {}, { env })).isolatedBy ?? "", /^podman/);
    assert.match(messageOf(await run(["true"], { image: "x:1" }, { env })), /docker pull x:1/);
    both.dispose();
  });

  it("is never given to a program of the project that calls itself an engine", async () => {
    const bin = path.join(kit.project, "node_modules/.bin");
    fs.mkdirSync(bin, { recursive: true });
    engine.install("docker", bin);
    const none = new FakeEngine([]);
    const env = none.env();
    const result = await run(
      ["true"],
      {},
      { env: { ...env, PATH: `${bin}:${env.PATH ?? ""}`, ORKET_FAKE_ENGINE: engine.folder } },
    );
    none.dispose();
    assert.match(messageOf(result), /neither docker nor podman/);
    assert.deepEqual(engine.calls(), []);
  });

  it("is not started where a variable would have to be shown to others", async () => {
    const env = { TEXT: { value: "two\nlines" } };
    assert.match(
      messageOf(await run(["true"], { env })),
      /^not_started: .*variable TEXT has more than one line.*stdin/,
    );
    assert.ok(engine.calls().every(([, verb]) => verb !== "run"));
  });

  it("says that it was not started where the engine makes a container and cannot start it", async () => {
    engine.set({ breaks: "OCI runtime create failed: exec format error" });
    const result = await run(["true"]);
    assert.match(messageOf(result), /^not_started: .*exec format error/);
    assert.equal(result.place, undefined);
    assert.deepEqual(engine.containers(), []);
  });

  it("fails for its memory where the engine says so", async () => {
    fs.writeFileSync(path.join(engine.folder, "oom"), "");
    const { end } = await run(["sh", "-c", "kill -KILL $$"]);
    assert.deepEqual(end, {
      kind: "bound",
      bound: "memory",
      message: "It used more than 8192 MiB of memory.",
    });
  });

  it("removes the containers that a killed Orket left for this project, and no others", async () => {
    const { status, pid } = spawnSync("true");
    assert.equal(status, 0);
    const { runs } = viewFolders(kit.cache, kit.project);
    const label = `orket.place=${containerPlace(runs)}`;
    const write = (name: string, own = label): void =>
      fs.writeFileSync(path.join(engine.folder, `${name}.json`), JSON.stringify({ label: own, mark: name }));
    write(`orket-${pid}-aa`);
    write(`orket-${pid}-bb`, "orket.place=of-another-machine");
    write(`orket-${process.pid}-cc`);
    await run(["true"]);
    assert.deepEqual([...engine.containers()].sort(), [`orket-${pid}-bb`, `orket-${process.pid}-cc`].sort());
  });
});

for (const kind of ["docker", "podman"] as const) {
  describe(`a container of ${kind}, from an image that declares much`, function () {
    this.timeout(60_000);
    let kit: RunnerKit;
    let engine: RealEngine;
    before(function () {
      const found = realEngine(kind);
      if ("reason" in found) {
        console.log(`    not on this machine: ${found.reason}`);
        this.skip();
      }
      engine = found;
      kit = new RunnerKit({ "a.txt": "project\n" });
    });
    after(() => {
      engine?.close();
      kit?.dispose();
    });

    it("runs exactly the Flow's arguments as this user, and nothing that it writes outlives it", async () => {
      const image = engine.declaring([
        'ENTRYPOINT ["/bin/cat", "/etc/passwd"]',
        'CMD ["/etc/passwd"]',
        "USER 12345",
        "WORKDIR /tmp",
        "VOLUME /data /var/lib/x",
        "ENV FROM_IMAGE=yes",
        "ENV TERM=xterm",
      ]);
      const before = engine.volumes();
      const script = `const fs = require("node:fs"); const tried = (file) => { try { fs.writeFileSync(file, "x"); return file; } catch (error) { return error.code; } };
        console.log([process.getuid(), process.cwd(), process.env.FROM_IMAGE, process.env.TERM, process.env.HOME, process.argv.at(-1),
          ...["/data/x", "/var/lib/x/y", "/tmp/x", "/var/tmp/x", "/home/orket/x", "/work/x", "/x", "/etc/passwd"].map(tried)].join(" "))`;
      const result = await kit.run(["node", "-e", script, "--", "--rm"], {
        isolation: "container",
        image,
        writes: ["*"],
      });
      assert.equal(
        result.output,
        `${process.getuid?.()} /work yes dumb /home/orket --rm /data/x /var/lib/x/y /tmp/x /var/tmp/x /home/orket/x /work/x EROFS EROFS\n`,
        messageOf(result),
      );
      assert.deepEqual(
        result.files.map(({ path: name }) => name),
        ["x"],
      );
      assert.equal(engine.volumes(), before);
    });

    it("mounts a view whose folder has commas, quotes and spaces in its name", async () => {
      const cache = path.join(kit.root, 'a "cache", readonly');
      const { output } = await kit.run(
        ["sh", "-c", "cat a.txt; touch b.txt"],
        { isolation: "container", image: engine.image },
        { cache },
      );
      assert.equal(output, "project\n");
    });
  });
}
