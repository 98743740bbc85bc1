import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { environment, temporaryFolder } from "../../fakes/session";
import { lockState, SessionLock } from "../../../src/adapters/journal/lock";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import { ownIdentity } from "../../../src/adapters/system/process-identity";
import { OrketError } from "../../../src/engine/error/orket-error";

const root = path.resolve(__dirname, "../../..");

function start(file: string, turns: number, mode: string): ChildProcess {
  const hook = path.join(root, "scripts", "transpile-hook.cjs");
  const child = path.join(root, "test", "fakes", "lock-child.ts");
  return spawn(process.execPath, ["--require", hook, child, file, String(turns), mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describe("The lock of a session", () => {
  let folder: { path: string; remove(): Promise<void> };
  let file: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(path.join(folder.path, "session"));
    file = path.join(folder.path, "session", "lock");
  });
  afterEach(async () => {
    await folder.remove();
  });

  it("is held by one at a time, and the refusal names process, host and since when", async () => {
    const lock = await SessionLock.acquire(environment(), file);
    const error: unknown = await SessionLock.acquire(environment(), file).catch((one: unknown) => one);
    assert.ok(OrketError.is(error, "session_locked"));
    const { host } = await ownIdentity();
    assert.match(error.message, new RegExp(`process ${process.pid} on ${host}, since \\d{4}-`));
    assert.equal(error.details.pid, process.pid);
    await lock.release();
    await (await SessionLock.acquire(environment(), file)).release();
    assert.deepEqual(await readdir(path.dirname(file)), []);
  });

  it("is not taken from a living process", async () => {
    const child = start(file, 1, "hold");
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await assert.rejects(SessionLock.acquire(environment(), file), (error) =>
      OrketError.is(error, "session_locked"),
    );
    assert.equal((await lockState(new NodeFileSystem(), file))?.alive, true);
    child.kill("SIGKILL");
    await ended(child);
    assert.equal((await lockState(new NodeFileSystem(), file))?.alive, false);
    await (await SessionLock.acquire(environment(), file)).release();
  }).timeout(20_000);

  it("is given back when the process exits without a word", async () => {
    const { code } = await ended(start(file, 1, "exit"));
    assert.equal(code, 0);
    assert.equal(existsSync(file), false);
  }).timeout(20_000);

  it("is taken over from a process whose number another one has now", async function () {
    const own = await ownIdentity();
    if (own.started === "") this.skip();
    const dead = { nonce: "a".repeat(16), ...own, started: "1", since: "2026-11-22T10:15:03.000Z" };
    await writeFile(file, JSON.stringify(dead));
    await (await SessionLock.acquire(environment(), file)).release();
  });

  it("is taken over after the machine was started again, where machines can be told apart", async function () {
    const own = await ownIdentity();
    if (own.machine === "" || own.boot === "") this.skip();
    const dead = { nonce: "a".repeat(16), ...own, boot: "other", since: "2026-11-22T10:15:03.000Z" };
    await writeFile(file, JSON.stringify(dead));
    await (await SessionLock.acquire(environment(), file)).release();
  });

  for (const [name, change] of [
    ["another host", { host: "elsewhere" }],
    ["another machine of the same name", { machine: "ffffffffffffffff" }],
    ["another container", { pids: "pid:[1]" }],
  ] as const) {
    it(`is not taken from ${name}, whose processes cannot be seen, and the refusal says what to do`, async () => {
      const other = {
        nonce: "a".repeat(16),
        ...(await ownIdentity()),
        pid: 999_999_999,
        since: "x",
        ...change,
      };
      await writeFile(file, JSON.stringify(other));
      const error: unknown = await SessionLock.acquire(environment(), file).catch((one: unknown) => one);
      assert.ok(OrketError.is(error, "session_locked"));
      assert.match(error.message, /cannot be seen from this machine/);
      assert.ok(error.hint?.includes(file));
    });
  }

  it("is not taken when its file cannot be read", async () => {
    await writeFile(file, "{");
    await assert.rejects(SessionLock.acquire(environment(), file), (error) =>
      OrketError.is(error, "session_locked"),
    );
  });

  it("goes to exactly one of many processes that find the same dead holder, again and again", async () => {
    for (let round = 0; round < 4; round += 1) {
      const own = await ownIdentity();
      const dead = { nonce: `dead${round}`.padEnd(16, "0"), ...own, pid: 999_999_999, since: "x" };
      await writeFile(file, JSON.stringify(dead));
      const children = Array.from({ length: 6 }, (_, index) =>
        ended(start(file, 60, index < 2 ? "die" : "free")),
      );
      const results = await Promise.all(children);
      for (const [index, { code }] of results.entries()) if (index >= 2) assert.equal(code, 0);
      assert.equal(existsSync(path.join(folder.path, "collisions")), false, "two were inside at once");
      const entries = (await readFile(path.join(folder.path, "entries"), "utf8")).trimEnd().split("\n");
      assert.ok(entries.length > 6);
      await (await SessionLock.acquire(environment(), file)).release();
      assert.deepEqual(await readdir(path.dirname(file)), []);
    }
  }).timeout(120_000);

  it("goes to exactly one of many within a process", async () => {
    const own = await ownIdentity();
    await writeFile(file, JSON.stringify({ nonce: "a".repeat(16), ...own, pid: 999_999_999, since: "x" }));
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, () => SessionLock.acquire(environment(), file)),
    );
    const won = tries.filter((one) => one.status === "fulfilled");
    assert.equal(won.length, 1);
    await won[0]?.value.release();
  });
});
