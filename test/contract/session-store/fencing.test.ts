import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import type { SessionPaths } from "../../../src/adapters/journal/layout";
import { lockState } from "../../../src/adapters/journal/lock";
import { createSession, openSession, readSession } from "../../../src/adapters/journal/session-folder";
import { OrketError } from "../../../src/engine/error/orket-error";
import { environment, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";
import { note } from "./contract";
import { until } from "../../until";

const root = path.resolve(__dirname, "../../..");

/** A writer in a process of its own, which does as it is told and answers with a line. */
class Writer {
  readonly #lines: Interface;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    assert.ok(child.stdout);
    this.#lines = createInterface({ input: child.stdout });
  }

  static async open(directory: string): Promise<Writer> {
    const hook = path.join(root, "scripts", "transpile-hook.cjs");
    const script = path.join(root, "test", "fakes", "writer-child.ts");
    const writer = new Writer(
      spawn(process.execPath, ["--require", hook, script, directory], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    assert.match(await writer.answer(), /^ready/);
    return writer;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async answer(): Promise<string> {
    const [line] = (await once(this.#lines, "line")) as [string];
    return line;
  }

  tell(command: string): Promise<string> {
    const answer = this.answer();
    this.#child.stdin?.write(`${command}\n`);
    return answer;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.signal("SIGKILL");
    await ended;
  }
}

describe("The right to write, while its holder sleeps", function () {
  this.timeout(30_000);
  before(function () {
    if (process.platform === "win32") this.skip();
  });

  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let paths: SessionPaths;
  let sleeper: Writer;

  const journal = (): string => readFileSync(paths.journal, "utf8");

  async function sleep(): Promise<void> {
    sleeper.signal("SIGSTOP");
    const fs = new NodeFileSystem();
    await until(
      "it is seen as suspended",
      async () => (await lockState(fs, paths.lock))?.liveness === "suspended",
    );
  }

  /** What the message says that a person may do about a holder that cannot be seen. */
  function removeLock(): void {
    rmSync(paths.lock);
  }

  beforeEach(async () => {
    folder = await temporaryFolder();
    const {
      store,
      paths: made,
      definitionRef,
    } = await createSession(environment(), folder.path, smallDefinition());
    paths = made;
    store.append([startOf(paths.id, definitionRef)]);
    await store.close();
    sleeper = await Writer.open(paths.dir);
    assert.equal(await sleeper.tell("append"), "done");
  });

  afterEach(async () => {
    await sleeper.end();
    await folder.remove();
  });

  it("is not taken from it, and who asks is told that it is suspended and what to do", async () => {
    await sleep();
    const error: unknown = await openSession(environment(), paths.dir).catch((one: unknown) => one);
    assert.ok(OrketError.is(error, "session_locked"));
    assert.match(error.message, new RegExp(`orket \\(process ${sleeper.pid} on .*\\), since .*suspended`));
    assert.ok(error.hint?.includes(`kill -CONT ${sleeper.pid}`));

    sleeper.signal("SIGCONT");
    assert.equal(await sleeper.tell("append"), "done");
    assert.equal(await sleeper.tell("close"), "done");
    const { events, damage, sealed } = await readSession(environment(), paths.dir);
    assert.equal(damage, undefined);
    assert.equal(sealed, true);
    assert.equal(events.length, 3);
  });

  it("is lost when a person took it away: woken, it refuses to write and says who has it", async () => {
    await sleep();
    removeLock();
    const { store } = await openSession({ ...environment(), program: "editor" }, paths.dir);
    store.append([note("mine")]);
    await store.flush();
    const before = journal();

    sleeper.signal("SIGCONT");
    const refusal = await sleeper.tell("append");
    assert.match(refusal, /^session_locked: .*may not be written here any more/);
    assert.match(refusal, new RegExp(`VS Code \\(process ${process.pid} on `));
    assert.match(await sleeper.tell("append"), /^session_locked/);
    assert.match(await sleeper.tell("materialise"), /^session_locked/);
    assert.equal(journal(), before);
    await sleeper.tell("close");
    assert.equal((await lockState(new NodeFileSystem(), paths.lock))?.holder?.pid, process.pid);

    // The new writer has noticed nothing of all that.
    store.append([note("mine", "again")]);
    const content = store.putBytes(Buffer.from("mine"));
    await store.materialise("a.txt", content);
    await store.close();
    const { events, damage, sealed } = await readSession(environment(), paths.dir);
    assert.equal(damage, undefined);
    assert.equal(sealed, true);
    assert.equal(events.length, 4);
    assert.equal(readFileSync(path.join(paths.workspace, "a.txt"), "utf8"), "mine");
  });

  it("is lost even when the other one has come and gone meanwhile", async () => {
    await sleep();
    removeLock();
    const { store } = await openSession(environment(), paths.dir);
    store.append([note("mine")]);
    await store.close();
    const before = journal();

    sleeper.signal("SIGCONT");
    assert.match(await sleeper.tell("append"), /^session_locked: .*its lock was removed/);
    await sleeper.tell("close");
    assert.equal(journal(), before);
    assert.equal((await readSession(environment(), paths.dir)).sealed, true);
  });

  it("is lost for closing, too: where the journal ended is the new writer's to say", async () => {
    await sleep();
    removeLock();
    const { store } = await openSession(environment(), paths.dir);
    store.append([note("mine")]);
    await store.close();

    sleeper.signal("SIGCONT");
    assert.match(await sleeper.tell("close"), /^session_locked/);
    assert.equal((await readSession(environment(), paths.dir)).sealed, true);
  });
});
