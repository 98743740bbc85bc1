import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { eventPieces, eventsOf } from "../../../src/app/session/event-pieces";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { openLiveSession, readSession, startSession } from "../../../src/app/session/open";
import type { LiveSession } from "../../../src/app/session/session";
import { notedLines } from "../../../src/adapters/journal/journal-reader";
import type { SessionPaths } from "../../../src/adapters/journal/layout";
import { draft } from "../../../src/engine/event/event";
import type { SessionEvent } from "../../../src/engine/event/event";
import { OrketError } from "../../../src/engine/error/orket-error";
import { viewSession } from "../../../src/engine/view/session-view";
import { runtimeOptions, journeyDefinition } from "../../survival/journey";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import { temporaryFolder } from "../../fakes/session";

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("A long session at first sight", function () {
  this.timeout(60_000);

  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let paths: SessionPaths;

  const options = (): Parameters<typeof openLiveSession>[1] =>
    runtimeOptions(folder.path, new NodeFileSystem(), 1);

  /** Lines about nothing that a fold remembers, but the state's own counters. */
  async function grow(session: LiveSession, events: number): Promise<void> {
    const adjustment = { kind: "set_limit", by: "person", limit: "model_calls", value: 1000 } as const;
    session.orchestrator.submit({ kind: "adjust", adjustment });
    for (let number = 0; number < events; number += 1) {
      await session.orchestrator.recordDecision(
        draft("artifact_rejected", null, { path: `f${number % 7}.md`, content: null }) as never,
      );
    }
  }

  before(async () => {
    folder = await temporaryFolder();
    const session = await startSession(journeyDefinition(), options());
    ({ paths } = session.store);
    await grow(session, 4500);
    await session.close();
  });

  after(() => folder.remove());

  async function same(indexed: boolean): Promise<void> {
    const snapshot = await openSnapshot(paths.dir);
    assert.equal(snapshot.indexed, indexed);
    const whole = await readSession(paths.dir);
    const { events: total } = snapshot.state;
    assert.equal(total, whole.events.length);
    assert.equal(snapshot.position.lines, total);
    assert.deepEqual(plain(viewSession(snapshot.state)), plain(viewSession(whole.state)));
    const pieces: SessionEvent[] = [];
    for await (const piece of eventPieces(eventsOf(snapshot))) pieces.push(...piece);
    assert.deepEqual(pieces, whole.events);
    for (const [from, count] of [
      [0, 3],
      [255, 2],
      [1000, 300],
      [total - 2, 10],
      [total + 5, 10],
    ] as const) {
      assert.deepEqual(await snapshot.readEvents(from, count), whole.events.slice(from, from + count));
    }
    assert.equal(await snapshot.checked(), snapshot);
    await snapshot.indexing;
  }

  it("comes from the index that closing it left, and is what the whole journal says", async () => {
    await same(true);
  });

  it("does without an index that is missing, changed or of another journal, and makes it anew", async () => {
    const good = readFileSync(paths.index);
    const edits: (() => void)[] = [
      () => {
        rmSync(paths.index);
      },
      () => {
        const bad = Buffer.from(good);
        const at = bad.length - 100;
        bad[at] = (bad[at] ?? 0) ^ 1;
        writeFileSync(paths.index, bad);
      },
      () => {
        truncateSync(paths.index, good.length - 10);
      },
      () => {
        writeFileSync(paths.index, "");
      },
      () => {
        const text = good.toString("latin1");
        writeFileSync(paths.index, text.replace(/"prev":"[0-9a-f]{4}/, '"prev":"0000'), "latin1");
      },
    ];
    for (const edit of edits) {
      edit();
      await same(false);
      await same(true);
    }
  });

  it("tells a change of an early line when the chain is checked, and at once without an index", async () => {
    const journal = readFileSync(paths.journal);
    const index = readFileSync(paths.index);
    const at = journal.indexOf('"f3.md"') + 1;
    const bad = Buffer.from(journal);
    bad[at] = 0x67;
    writeFileSync(paths.journal, bad);
    const snapshot = await openSnapshot(paths.dir);
    assert.equal(snapshot.problem, undefined);
    const { problem, state } = await snapshot.checked();
    assert.equal(problem?.code, "journal_damaged");
    // What is shown then is what stands before the damage.
    assert.equal(state.events, Number(problem.details["line"]) - 1);
    assert.ok(state.events < 10);
    await assert.rejects(openLiveSession(paths.dir, options()), (error) =>
      OrketError.is(error, "journal_damaged"),
    );
    rmSync(paths.index);
    const slow = await openSnapshot(paths.dir);
    assert.equal(slow.problem?.code, "journal_damaged");
    writeFileSync(paths.journal, journal);
    writeFileSync(paths.index, index);
  });

  it("is gone on with from the index, and what is added is seen beyond it", async () => {
    const session = await openLiveSession(paths.dir, options());
    const before = session.orchestrator.state.events;
    const early = await openSnapshot(paths.dir);
    await grow(session, 600);
    await session.close();
    const { events } = await readSession(paths.dir);
    // A second reading begins where the first one has come by.
    const noted = (Math.floor(before / notedLines) + 2) * notedLines;
    for (const [from, count] of [
      [before, 1000],
      [before + 550, 20],
      [noted, 20],
    ] as const) {
      assert.deepEqual(await early.readEvents(from, count), events.slice(from, from + count));
    }
    const snapshot = await openSnapshot(paths.dir);
    assert.equal(snapshot.indexed, true);
    assert.equal(snapshot.state.events, before + 601);
    await same(true);
  });
});
