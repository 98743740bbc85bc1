import assert from "node:assert/strict";
import { Coalescer } from "../../../src/host/webview/coalesce";
import { SessionController } from "../../../src/app/session/controller";
import { SessionFeed } from "../../../src/host/event-panel/session-feed";
import { noFilter } from "../../../src/protocol/session-panel";
import { writeLongSession } from "../../fakes/long-session";
import { temporaryFolder } from "../../fakes/session";
import { until } from "../../until";

describe("coalesced work that fails", () => {
  const lost: unknown[] = [];
  const note = (reason: unknown): void => void lost.push(reason);

  // Mocha's own listener would end the run at the first one.
  let others: NodeJS.UnhandledRejectionListener[];
  beforeEach(() => {
    lost.length = 0;
    others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", note);
  });
  afterEach(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  });

  it("is reported, and the next request runs it again", async () => {
    const failures: unknown[] = [];
    let runs = 0;
    const coalescer = new Coalescer(
      1,
      async () => {
        runs += 1;
        await Promise.resolve();
        if (runs === 1) throw new Error("the webview is gone");
      },
      (error) => failures.push(error),
    );

    coalescer.request();
    await until("the first run has failed", () => failures.length === 1);
    coalescer.request();
    await until("it ran again", () => runs === 2);
    await new Promise(setImmediate);

    assert.match(String(failures[0]), /the webview is gone/);
    assert.equal(failures.length, 1);
    assert.deepEqual(lost, []);
  });

  it("is reported when it fails at once, and not after it was stopped", async () => {
    const failures: unknown[] = [];
    const throws = new Coalescer(
      1,
      () => {
        throw new Error("at once");
      },
      (error) => failures.push(error),
    );
    throws.request();
    await until("it has failed", () => failures.length === 1);

    let release = (): void => undefined;
    let began = false;
    const slow = new Coalescer(
      1,
      async () => {
        began = true;
        await new Promise<void>((resolve) => (release = resolve));
        throw new Error("too late");
      },
      (error) => failures.push(error),
    );
    slow.request();
    await until("it has begun", () => began);
    slow.stop();
    release();
    await new Promise(setImmediate);

    assert.equal(failures.length, 1);
    assert.deepEqual(lost, []);
  });

  it("is reported by a session panel whose page can no longer be reached", async () => {
    const folder = await temporaryFolder();
    const { paths } = writeLongSession(folder.path, 10, 2);
    const controller = await SessionController.read(paths.dir, {
      workDomain: folder.path,
      startDirectory: folder.path,
      engineVersion: "test",
      startedBy: "editor",
      resolveSecret: () => Promise.resolve(""),
    });
    const failures: unknown[] = [];
    let reachable = true;
    const feed = new SessionFeed(controller, {
      send: () => (reachable ? Promise.resolve() : Promise.reject(new Error("disposed"))),
      artifacts: () => [],
      textOf: String,
      atRest: () => undefined,
      failed: (error) => failures.push(error),
    });
    try {
      await feed.handlers.ready({ type: "ready", filter: noFilter });
      reachable = false;
      feed.changed();
      await until("the failure is reported", () => failures.length > 0);
      await new Promise(setImmediate);
      assert.match(String(failures[0]), /disposed/);
      assert.deepEqual(lost, []);
    } finally {
      feed.stop();
      await controller.dispose();
      await folder.remove();
    }
  });
});
