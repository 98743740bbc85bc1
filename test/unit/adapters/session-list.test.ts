import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { environment, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";
import { note } from "../../contract/session-store/contract";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import type { SessionEnvironment } from "../../../src/adapters/journal/jsonl-session-store";
import { findSession, listSessions } from "../../../src/app/session/session-list";
import { createSession, openSession } from "../../../src/adapters/journal/session-folder";
import type { CreatedSession } from "../../../src/adapters/journal/session-folder";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft } from "../../../src/engine/event/event";
import { OrketError } from "../../../src/engine/error/orket-error";

const fs = new NodeFileSystem();

function paused(): EventDraft {
  return draft("session_paused", null, { reason: "person", message: "A person paused it." });
}
function ended(outcome: "completed" | "stopped"): EventDraft {
  return draft("session_end", null, { outcome, tokens: {}, model_calls: 0, artifacts: [] });
}

describe("The list of sessions", () => {
  let folder: { path: string; remove(): Promise<void> };
  let minute = 0;
  beforeEach(async () => {
    folder = await temporaryFolder();
    minute = 0;
  });
  afterEach(async () => {
    await folder.remove();
  });

  /** A session that began a minute after the one before. */
  async function begin(drafts: readonly EventDraft[], flow = "shapes"): Promise<CreatedSession> {
    minute += 1;
    const now = Date.UTC(2026, 10, 22, 10, minute, 3);
    const at: SessionEnvironment = {
      ...environment(),
      clock: { nowMs: () => now, sleep: () => Promise.resolve() },
    };
    const created = await createSession(at, folder.path, smallDefinition(flow));
    created.store.append([startOf(created.paths.id, created.definitionRef), ...drafts]);
    await created.store.flush();
    return created;
  }

  it("is empty where there is no session", async () => {
    assert.deepEqual(await listSessions(fs, folder.path), []);
    await assert.rejects(findSession(fs, folder.path, "last"), (error) =>
      OrketError.is(error, "session_not_found"),
    );
  });

  it("shows the newest first, with what the first and last lines say", async () => {
    const long = Array.from({ length: 300 }, (_, index) => note(`n${index}`, "x".repeat(100)));
    const all: [readonly EventDraft[], string][] = [
      [
        [...long, ended("completed"), draft("artifact_rejected", null, { path: "a", content: null })],
        "completed",
      ],
      [[ended("stopped")], "stopped"],
      [[paused()], "paused"],
      [[paused(), draft("session_resumed", null, { by: "person" }), note("a")], "interrupted"],
    ];
    for (const [drafts] of all) await (await begin(drafts)).store.close();
    const running = await begin([note("a")]);
    const listed = await listSessions(fs, folder.path);
    assert.deepEqual(
      listed.map((one) => one.status),
      ["running", "interrupted", "paused", "stopped", "completed"],
    );
    assert.deepEqual(
      listed.map((one) => one.events),
      [2, 4, 2, 2, 303],
    );
    assert.equal(listed[0]?.startedAt, "2026-11-22T10:05:03.000Z");
    assert.equal(listed[0]?.flow, "shapes");
    assert.ok(listed.every((one) => one.openable && one.problem === undefined));
    await running.store.close();
  });

  it("says that a session waits while a question is open, and not after its answer or the end of its step", async () => {
    const sha256 = "a".repeat(64);
    const asked = (id: string, step: string, kind: "ask" | "accept"): EventDraft =>
      draft("question_asked", step, { id, kind, text: { text: "Go on?" }, sha256 });
    const answered = draft("question_answered", "scope", { id: "q1", sha256, by: "person" });
    const over = draft("step_skipped", "take", { id: "take", role: "a person", by: "person", reason: "" });
    const sessions = [
      await begin([asked("q1", "scope", "ask")]),
      await begin([asked("q1", "scope", "ask"), answered]),
      await begin([asked("q2", "take", "accept")]),
      await begin([asked("q2", "take", "accept"), over]),
    ];

    const listed = await listSessions(fs, folder.path);

    assert.deepEqual(
      listed.map(({ status }) => status),
      ["running", "waiting", "running", "waiting"],
    );
    for (const { store } of sessions) await store.close();
  });

  it("finds the end of a session behind many decisions about its artifacts", async () => {
    const decisions = Array.from({ length: 400 }, (_, index) =>
      draft("artifact_rejected", null, {
        path: `src/file-${index}.ts`,
        content: null,
        reason: "x".repeat(80),
      }),
    );
    await (await begin([ended("completed"), ...decisions])).store.close();
    const [one] = await listSessions(fs, folder.path);
    assert.equal(one?.status, "completed");
    assert.equal(one.events, 402);
  });

  it("shows folders that never became a session, and damaged ones, and is not broken by any", async () => {
    const good = await begin([ended("completed")]);
    await good.store.close();
    const root = path.dirname(good.paths.dir);
    await mkdir(path.join(root, "2026-11-22T11-00-00Z-empty-aaaa"));
    await mkdir(path.join(root, "2026-11-22T11-00-01Z-no-lines-aaaa"));
    await writeFile(path.join(root, "2026-11-22T11-00-01Z-no-lines-aaaa", "journal.jsonl"), "");
    await mkdir(path.join(root, "2026-11-22T11-00-02Z-torn-aaaa"));
    await writeFile(path.join(root, "2026-11-22T11-00-02Z-torn-aaaa", "journal.jsonl"), '{"seq":0,');
    await mkdir(path.join(root, "2026-11-22T11-00-03Z-noise-aaaa"));
    await writeFile(path.join(root, "2026-11-22T11-00-03Z-noise-aaaa", "journal.jsonl"), "noise\nnoise\n");
    await mkdir(path.join(root, "2026-11-22T11-00-04Z-dir-aaaa", "journal.jsonl"), { recursive: true });
    await mkdir(path.join(root, "whatever"));
    await writeFile(path.join(root, "a-file"), "x");
    const listed = await listSessions(fs, folder.path);
    assert.deepEqual(
      listed.map((one) => [one.flow, one.status, one.problem !== undefined]),
      [
        ["dir", "unreadable", true],
        ["noise", "unreadable", true],
        ["torn", "not_started", false],
        ["no-lines", "not_started", false],
        ["empty", "not_started", false],
        ["shapes", "completed", false],
        ["", "not_started", false],
      ],
    );
    assert.equal((await findSession(fs, folder.path, "last")).id, good.paths.id);
    const empty = await findSession(fs, folder.path, "empty");
    await assert.rejects(openSession(environment(), empty.path), (error) =>
      OrketError.is(error, "session_not_found"),
    );
  });

  it("reads the last whole line when the last one is torn", async () => {
    const { store, paths } = await begin([ended("completed")]);
    await store.close();
    await appendFile(paths.journal, '{"seq":2,"at":"20');
    const [one] = await listSessions(fs, folder.path);
    assert.equal(one?.status, "completed");
    assert.equal(one.problem, undefined);
  });

  it("finds a session by last, by its id and by a part that no other has", async () => {
    const first = await begin([], "shapes");
    const second = await begin([], "colours");
    await first.store.close();
    await second.store.close();
    assert.equal((await findSession(fs, folder.path, "last")).id, second.paths.id);
    assert.equal((await findSession(fs, folder.path, first.paths.id)).id, first.paths.id);
    assert.equal((await findSession(fs, folder.path, "shapes")).id, first.paths.id);
    const ambiguous: unknown = await findSession(fs, folder.path, "2026-11-22").catch(
      (error: unknown) => error,
    );
    assert.ok(OrketError.is(ambiguous, "session_ambiguous"));
    assert.deepEqual(ambiguous.details.candidates, [second.paths.id, first.paths.id]);
    assert.ok(ambiguous.message.includes(first.paths.id));
    const none: unknown = await findSession(fs, folder.path, "nope").catch((error: unknown) => error);
    assert.ok(OrketError.is(none, "session_not_found"));
    assert.ok(none.hint?.includes(second.paths.id));
    await assert.rejects(findSession(fs, folder.path, ""), (error) =>
      OrketError.is(error, "session_not_found"),
    );
  });

  it("opens a session that was created and never started, without events", async () => {
    const { store, paths } = await createSession(environment(), folder.path, smallDefinition());
    await store.close();
    await rm(paths.journal);
    const opened = await openSession(environment(), paths.dir);
    assert.deepEqual(opened.events, []);
    opened.store.append([startOf(paths.id, opened.definitionRef)]);
    await opened.store.close();
    assert.equal((await readFile(paths.journal, "utf8")).split("\n").length, 2);
  });
});
