import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { WebviewPanel } from "vscode";
import type { Handle } from "../../../src/adapters/files/file-system";
import { OrketFileSystem } from "../../../src/adapters/files/orket-gate";
import type { SessionEnvironment } from "../../../src/adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../../src/adapters/journal/layout";
import { UserSessionMarks } from "../../../src/adapters/journal/session-marks";
import { answerOf, firstRows, keepFirstScreen, readFirstScreen } from "../../../src/app/panel/first-screen";
import type { FirstScreen } from "../../../src/app/panel/first-screen";
import { SessionController } from "../../../src/app/session/controller";
import { openLiveSession } from "../../../src/app/session/open";
import type { RuntimeOptions } from "../../../src/app/session/session";
import { PendingPanel } from "../../../src/host/event-panel/pending-panel";
import { SessionFeed } from "../../../src/host/event-panel/session-feed";
import { noFilter } from "../../../src/protocol/session-panel";
import type { PanelMessage } from "../../../src/protocol/session-panel";
import { writeLongSession } from "../../fakes/long-session";
import { environment, temporaryFolder } from "../../fakes/session";

/** A disk that counts what is read. */
class Counting extends OrketFileSystem {
  bytes = 0;

  override async read(handle: Handle, buffer: Uint8Array, position: number): Promise<number> {
    const count = await super.read(handle, buffer, position);
    this.bytes += count;
    return count;
  }

  override async readFile(file: string): Promise<Buffer> {
    const bytes = await super.readFile(file);
    this.bytes += bytes.length;
    return bytes;
  }
}

describe("The first screen of a session that was shown before", function () {
  this.timeout(60_000);

  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let controller: SessionController;
  let feed: SessionFeed;
  let directory: string;
  let messages: PanelMessage[];
  let screen: FirstScreen;
  let kept: Buffer;
  let journal: Buffer;

  const user = (name: string, fs = new OrketFileSystem()): SessionEnvironment => ({
    ...environment(fs),
    marks: new UserSessionMarks(() => path.join(folder.path, name)),
  });
  const options = (workDomain = folder.path): RuntimeOptions => ({
    workDomain,
    startDirectory: workDomain,
    engineVersion: "test",
    startedBy: "editor",
    resolveSecret: () => Promise.resolve(""),
    environment: environment(),
  });
  const feedOf = (of: SessionController): SessionFeed =>
    new SessionFeed(of, {
      send: (message) => Promise.resolve(messages.push(message)),
      artifacts: () => [],
      textOf: String,
      atRest: () => undefined,
      failed: assert.ifError,
    });
  const file = (): string => sessionPaths(directory).firstScreen;

  async function shown(events: number, steps: number, place: string): Promise<SessionController> {
    ({
      paths: { dir: directory },
    } = writeLongSession(place, events, steps));
    return SessionController.read(directory, options(place));
  }

  async function keep(of: SessionController, by: SessionFeed): Promise<FirstScreen> {
    const found = await by.firstScreen();
    assert.ok(found !== undefined);
    await keepFirstScreen(user("me"), of.directory, of.position, found, "test");
    return found;
  }

  before(async () => {
    folder = await temporaryFolder();
    messages = [];
    controller = await shown(6000, 300, folder.path);
    feed = feedOf(controller);
    screen = await keep(controller, feed);
    kept = readFileSync(file());
    journal = readFileSync(sessionPaths(directory).journal);
  });
  beforeEach(() => {
    messages = [];
  });
  afterEach(() => {
    writeFileSync(file(), kept);
    writeFileSync(sessionPaths(directory).journal, journal);
  });
  after(async () => {
    feed.stop();
    await controller.dispose();
    await folder.remove();
  });

  it("is what the panel of the open session is told", async () => {
    const read = await readFirstScreen(user("me"), directory, "test");
    assert.ok(read !== undefined);
    assert.deepEqual(read, JSON.parse(JSON.stringify(screen)));
    const { total } = controller;
    await feed.handlers.ready({ type: "ready", filter: noFilter });
    for (const [from, to] of [
      [total - 40, total],
      [total - firstRows, total - 80],
    ] as const) {
      await feed.handlers.transcript({ type: "transcript", edition: 1, from, to });
      await feed.handlers.rows({ type: "rows", edition: 1, from, to });
    }
    // What was proven is told later, by one more head.
    const told = messages.filter(
      ({ type }, index) => index === 0 || type === "transcript" || type === "rows",
    );
    const answers = [
      answerOf(read, { type: "ready", filter: noFilter }),
      ...[total - 40, total - firstRows].flatMap((from) =>
        (["transcript", "rows"] as const).map((type) =>
          answerOf(read, { type, edition: 1, from, to: from + 40 }),
        ),
      ),
    ];
    const plain = JSON.parse(JSON.stringify(told)) as { info?: { proven?: unknown } }[];
    delete plain[0]?.info?.proven;
    assert.deepEqual(answers, plain);
  });

  it("leaves to the session what it does not hold", () => {
    const { total } = controller;
    assert.equal(answerOf(screen, { type: "ready", filter: { ...noFilter, text: "a" } }), undefined);
    for (const [edition, from, to] of [
      [2, total - 40, total],
      [1, total - firstRows - 1, total],
      [1, total - 40, total + 1],
    ] as const)
      assert.equal(answerOf(screen, { type: "transcript", edition, from, to }), undefined);
    assert.equal(answerOf(screen, { type: "usage" }), undefined);
  });

  it("is not read where it is another's, another version's, changed or of another journal", async () => {
    const { journal: lines } = sessionPaths(directory);
    const changed = Buffer.from(journal);
    changed[changed.lastIndexOf('"Done."') + 1] = 0x64;
    const edits: Record<string, () => void> = {
      "no file": () => rmSync(file()),
      empty: () => writeFileSync(file(), ""),
      "cut off": () => truncateSync(file(), kept.length - 3),
      "another text": () => writeFileSync(file(), kept.toString().replace("Turn 3", "Turn 4")),
      "no seal": () => writeFileSync(file(), kept.toString().replace(/,"seal":"[0-9a-f]+"/, "")),
      "too long": () => writeFileSync(file(), kept.toString().padEnd(3 << 20)),
      "one more line": () => appendFileSync(lines, "{}\n"),
      "another last line": () => writeFileSync(lines, changed),
    };
    for (const [name, edit] of Object.entries(edits)) {
      edit();
      assert.equal(await readFirstScreen(user("me"), directory, "test"), undefined, name);
      writeFileSync(file(), kept);
      writeFileSync(lines, journal);
    }
    assert.equal(await readFirstScreen(user("them"), directory, "test"), undefined);
    assert.equal(await readFirstScreen(user("me"), directory, "another"), undefined);
    assert.notEqual(await readFirstScreen(user("me"), directory, "test"), undefined);
  });

  it("is neither read nor kept while somebody performs the session", async () => {
    const live = await openLiveSession(directory, options());
    try {
      assert.equal(await readFirstScreen(user("me"), directory, "test"), undefined);
      const watching = await SessionController.read(directory, options());
      const watched = feedOf(watching);
      assert.equal(await watched.firstScreen(), undefined);
      watched.stop();
      await watching.dispose();
    } finally {
      await live.close();
    }
  });

  it("is not kept of a damaged journal, though it was found damaged behind what is shown", async () => {
    const changed = Buffer.from(journal);
    changed[changed.indexOf('"Turn 3 of s1:') + 2] = 0x74;
    writeFileSync(sessionPaths(directory).journal, changed);
    const damaged = await SessionController.read(directory, options());
    const watched = feedOf(damaged);
    assert.equal(await watched.firstScreen(), undefined);
    watched.stop();
    await damaged.dispose();
  });

  it("is shown by a panel that hands over to the session what only that can answer", () => {
    const posted: unknown[] = [];
    let receive: ((message: unknown) => void) | undefined;
    const webview = {
      postMessage: (message: unknown) => Promise.resolve(posted.push(message)),
      onDidReceiveMessage: (listener: (message: unknown) => void) => {
        receive = listener;
        return { dispose: () => (receive = undefined) };
      },
    };
    const pending = new PendingPanel({ webview } as unknown as WebviewPanel, screen);
    const { total } = screen.info;
    const ready = { type: "ready", filter: noFilter };
    const page = { type: "transcript", edition: 1, from: total - 40, to: total };
    const usage = { type: "usage" };
    for (const message of [ready, page, usage, { type: "ping" }, "nonsense"]) receive?.(message);
    assert.deepEqual(
      posted.map((message) => (message as PanelMessage).type),
      ["info", "transcript", "info"],
    );
    assert.deepEqual(pending.handOver(), [ready, usage, "nonsense"]);
    assert.equal(receive, undefined);
  });

  it("is read with as many bytes of a long session as of a short one", async () => {
    const read: number[] = [];
    for (const events of [6000, 30_000]) {
      const other = await temporaryFolder();
      try {
        const opened = await shown(events, events / 20, other.path);
        const showing = feedOf(opened);
        await keep(opened, showing);
        showing.stop();
        await opened.dispose();
        const disk = new Counting();
        assert.notEqual(await readFirstScreen(user("me", disk), directory, "test"), undefined);
        read.push(disk.bytes);
      } finally {
        directory = controller.directory;
        await other.remove();
      }
    }
    const [short = NaN, long = NaN] = read;
    assert.ok(long < 1.05 * short && short < 500_000, read.join());
  });

  it("is not kept of a short session", async () => {
    const other = await temporaryFolder();
    try {
      const opened = await shown(2000, 100, other.path);
      const showing = feedOf(opened);
      assert.equal(await showing.firstScreen(), undefined);
      showing.stop();
      await opened.dispose();
      assert.equal(existsSync(file()), false);
    } finally {
      directory = controller.directory;
      await other.remove();
    }
  });
});
