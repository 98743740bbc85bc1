import assert from "node:assert/strict";
import { SessionController } from "../../../src/app/session/controller";
import { SessionFeed } from "../../../src/host/event-panel/session-feed";
import { noFilter } from "../../../src/protocol/session-panel";
import type { PanelMessage, StreamInfo } from "../../../src/protocol/session-panel";
import { writeLongSession } from "../../fakes/long-session";
import { temporaryFolder } from "../../fakes/session";
import { until } from "../../until";

describe("what a session panel is told", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let controller: SessionController;
  let feed: SessionFeed;
  let messages: PanelMessage[];
  const failures: unknown[] = [];

  const infos = (): readonly StreamInfo[] =>
    messages.flatMap((message) => (message.type === "info" ? [message.info] : []));
  const isDone = (): boolean => infos().at(-1)?.scanned === undefined;

  before(async () => {
    folder = await temporaryFolder();
    const { paths } = writeLongSession(folder.path, 20_000, 40);
    controller = await SessionController.read(paths.dir, {
      workDomain: folder.path,
      startDirectory: folder.path,
      engineVersion: "test",
      startedBy: "editor",
      resolveSecret: () => Promise.resolve(""),
    });
  });

  after(async () => {
    await controller.dispose();
    await folder.remove();
  });

  beforeEach(() => {
    messages = [];
    feed = new SessionFeed(controller, {
      send: (message) => Promise.resolve(messages.push(message)),
      artifacts: () => [],
      textOf: String,
      atRest: () => undefined,
      failed: (error) => failures.push(error),
    });
  });

  afterEach(() => {
    feed.stop();
    assert.deepEqual(failures, []);
  });

  it("sends the first rows that a text filter finds before it has looked through the session", async () => {
    await feed.handlers.ready({ type: "ready", filter: { ...noFilter, text: "turn 3 of" } });

    const [first] = infos();
    assert.ok(first?.scanned !== undefined && first.scanned < 1000, "the first answer waited for the scan");
    assert.ok(first.matching > 0);
    await until("the filter has looked through everything", isDone);
    assert.equal(infos().at(-1)?.matching, 40);
  });

  it("stops looking when it is told to, says so, and goes on when it is asked to", async () => {
    await feed.handlers.ready({ type: "ready", filter: { ...noFilter, text: "nowhere" } });
    await feed.handlers.look({ type: "look", on: false });
    const stopped = infos().at(-1);
    await feed.handlers.ping({ type: "ping" });

    assert.equal(stopped?.looks, false);
    assert.ok(stopped.scanned !== undefined && stopped.scanned < controller.total);
    assert.equal(infos().at(-1)?.scanned, stopped.scanned);
    await feed.handlers.look({ type: "look", on: true });
    await until("the filter has gone on to the end", isDone);
    assert.equal(infos().at(-1)?.looks, undefined);
  });
});
