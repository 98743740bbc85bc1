import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import type { Handle } from "../../../src/adapters/files/file-system";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { openLiveSession, readSession } from "../../../src/app/session/open";
import type { RuntimeOptions } from "../../../src/app/session/session";
import type { SessionPaths } from "../../../src/adapters/journal/layout";
import { draft } from "../../../src/engine/event/event";
import { EventIndex } from "../../../src/app/panel/event-index";
import { noFilter } from "../../../src/protocol/session-panel";
import { SessionController } from "../../../src/app/session/controller";
import { writeLongSession } from "../../fakes/long-session";
import { environment, temporaryFolder } from "../../fakes/session";
import { heldMb } from "../../fakes/held-memory";

/** A disk that answers for a file's last part only, until it is let go. */
class TailFirst extends NodeFileSystem {
  readonly free: Promise<void>;
  release: () => void = () => undefined;
  readonly #from: number;

  constructor(from: number) {
    super();
    this.#from = from;
    this.free = new Promise((resolve) => (this.release = resolve));
  }

  override async read(handle: Handle, buffer: Uint8Array, position: number): Promise<number> {
    const { size } = await this.statHandle(handle);
    if (Number(size) > this.#from && position < this.#from) await this.free;
    return super.read(handle, buffer, position);
  }
}

function until(controller: SessionController, what: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!what()) return;
      stop();
      resolve();
    };
    const stop = controller.listen({ changed: look });
    look();
  });
}

describe("a session of 100,000 events in a window", function () {
  this.timeout(60_000);

  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let paths: SessionPaths;
  let total: number;
  let journal: Buffer;

  const options = (fs = new NodeFileSystem()): RuntimeOptions => ({
    workDomain: folder.path,
    startDirectory: folder.path,
    engineVersion: "test",
    startedBy: "editor",
    resolveSecret: () => Promise.resolve(""),
    environment: environment(fs),
  });

  const open: SessionController[] = [];
  const read = async (fs?: NodeFileSystem): Promise<SessionController> => {
    const controller = await SessionController.read(paths.dir, options(fs));
    open.push(controller);
    return controller;
  };

  before(async () => {
    folder = await temporaryFolder();
    ({ paths, events: total } = writeLongSession(folder.path, 100_000, 200));
    journal = readFileSync(paths.journal);
    await (
      await openSnapshot(paths.dir)
    ).indexing;
  });

  afterEach(async () => {
    for (const controller of open.splice(0)) await controller.dispose();
    writeFileSync(paths.journal, journal);
    rmSync(paths.head, { force: true });
  });

  after(() => folder.remove());

  it("shows its first screen before the journal is read, and checks it anyway", async () => {
    const disk = new TailFirst(journal.length * 0.9);
    const controller = await read(disk);
    const index = new EventIndex(controller);

    assert.equal(controller.total, total);
    const rows = await index.rows(total - 40, total);
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      Array.from({ length: 40 }, (_, place) => total - 40 + place),
    );

    disk.release();
    assert.equal((await index.rows(0, 40))[0]?.type, "session_start");
    assert.deepEqual(await controller.proven(), []);
    assert.equal(controller.problem, undefined);
  });

  it("never holds its events, however far one scrolls or filters", async () => {
    const before = heldMb();
    const whole = await readSession(paths.dir);
    const ofEvents = heldMb() - before;
    assert.equal(whole.events.length, total);

    const start = heldMb();
    const controller = await read();
    const index = new EventIndex(controller);
    for (let from = total; from > 0; from -= 1000) await index.rows(Math.max(0, from - 1000), from);
    index.setFilter({ ...noFilter, kind: "replies" });
    while (index.scanned < index.total) await index.scan();
    await controller.proven();
    const held = heldMb() - start;

    assert.ok(index.matching > 10_000);
    assert.ok(
      held < ofEvents / 5,
      `${held.toFixed(1)} MB are held; all events are ${ofEvents.toFixed(1)} MB`,
    );
    assert.equal(whole.events.length, controller.total);
  });

  it("says a damage that stands far before its first screen, and shows what stands before it", async () => {
    const bad = Buffer.from(journal);
    bad[bad.indexOf('"Turn 3 of s1:') + 2] = 0x74;
    writeFileSync(paths.journal, bad);
    const controller = await read();
    assert.equal(controller.total, total);
    await until(controller, () => controller.problem !== undefined);

    assert.equal(controller.problem?.code, "journal_damaged");
    const line = Number(controller.problem.details["line"]);
    assert.equal(controller.total, line - 1);
    assert.deepEqual(await controller.proven(), []);
    // Looking again does not believe the index a second time.
    await controller.refresh();
    assert.equal(controller.total, line - 1);
  });

  it("notices what others write when nobody tells it", async () => {
    const controller = await read();
    await controller.notice();
    assert.equal(controller.total, total);
    const other = await openLiveSession(paths.dir, options());
    await controller.notice();
    assert.equal(controller.holder, "elsewhere");
    await other.orchestrator.recordDecision(
      draft("artifact_rejected", null, { path: "a.md", content: null }) as never,
    );
    await other.close();
    await until(controller, () => controller.holder === "nobody");
    assert.equal(controller.total, total + 1);

    const again = await openLiveSession(paths.dir, options());
    await again.orchestrator.recordDecision(
      draft("artifact_rejected", null, { path: "b.md", content: null }) as never,
    );
    await again.close();
    await controller.notice();
    assert.equal(controller.total, total + 2);
  });

  it("reads along from where it is while another writer is at it, and can be gone on with afterwards", async () => {
    const other = await openLiveSession(paths.dir, { ...options(), startedBy: "command_line" });
    const controller = await read(new TailFirst(statSync(paths.journal).size * 0.9));
    assert.equal(controller.holder, "elsewhere");
    assert.match(
      controller.heldBy ?? "",
      new RegExp(`^orket \\(process ${process.pid} on .*\\) holds it since`),
    );
    await assert.rejects(controller.resume(), /is open for writing in orket \(process/);
    for (const path of ["a.md", "b.md"]) {
      await other.orchestrator.recordDecision(
        draft("artifact_rejected", null, { path, content: null }) as never,
      );
    }
    await until(controller, () => controller.total === total + 2);
    const [last] = await controller.readEvents(total + 1, 10);
    assert.equal(last?.type, "artifact_rejected");
    assert.equal(controller.resumable, false);

    await other.close();
    await until(controller, () => controller.holder === "nobody");
    assert.equal(controller.resumable, true);
    assert.equal(controller.heldBy, undefined);
  });
});
