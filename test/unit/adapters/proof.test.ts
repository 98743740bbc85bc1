import assert from "node:assert/strict";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft } from "../../../src/engine/event/event";
import { OrketError } from "../../../src/engine/error/orket-error";
import { provenSentences, readProof, recordProof } from "../../../src/app/session/proof";
import { provenOfChecked } from "../../../src/app/session/proven";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { UserSessionMarks } from "../../../src/adapters/journal/session-marks";
import { createSession, openSession } from "../../../src/adapters/journal/session-folder";
import { FaultyFileSystem } from "../../fakes/faulty-file-system";
import { environment, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";

const machine = environment();
const replayed = { at: "2026-11-22T10:15:03.000Z", engine: "0.1.0" };
const repeated = {
  same: 3,
  of: 5,
  at: "2026-11-22T11:15:03.000Z",
  parted: [{ step: "build#2", count: 2 }],
};
const end = draft("session_end", null, { outcome: "completed", tokens: {}, model_calls: 0, artifacts: [] });
const accepted = draft("artifact_accepted", "plan", {
  path: "PLAN.md",
  content: null,
  replaced: null,
  mode: "whole",
});
const paused = draft("session_paused", null, { reason: "person", message: "Paused." });
const resumed = draft("session_resumed", null, { by: "person" });

describe("what was proven of a session", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  async function session(...events: readonly EventDraft[]): Promise<string> {
    const { store, paths, definitionRef } = await createSession(machine, folder.path, smallDefinition());
    store.append([startOf(paths.id, definitionRef), ...events]);
    await store.close();
    return paths.dir;
  }

  async function append(dir: string, ...events: readonly EventDraft[]): Promise<void> {
    const { store } = await openSession(machine, dir);
    store.append(events);
    await store.close();
  }

  async function proven(dir: string) {
    return provenOfChecked(await openSnapshot(dir, machine), machine);
  }

  it("is nothing for a session that has not ended, and recorded for one that has", async () => {
    assert.deepEqual(await proven(await session()), { recorded: false });
    assert.deepEqual(await proven(await session(end)), { recorded: true });
  });

  it("is only what this user has seen on this machine: a proof that came with a folder, or was edited, counts for nothing", async () => {
    const marksIn = (name: string) => new UserSessionMarks(() => path.join(folder.path, name));
    const mine = { ...machine, marks: marksIn("me") };
    const stranger = { ...machine, marks: marksIn("stranger") };
    const dir = await session(end);
    const unordered = { engine: replayed.engine, at: replayed.at };
    await recordProof(stranger, dir, { replayed: unordered, repeated });
    assert.deepEqual(await readProof(stranger, dir), { replayed, repeated });
    assert.deepEqual(await readProof(mine, dir), {});

    await recordProof(mine, dir, { replayed });
    assert.deepEqual(await readProof(mine, dir), { replayed });
    const file = path.join(dir, "proof.json");
    const proof = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...proof, repeated }));
    assert.deepEqual(await readProof(mine, dir), {});
    await writeFile(file, JSON.stringify({ ...proof, seal: undefined }));
    assert.deepEqual(await readProof(mine, dir), {});
  });

  it("adds one proof to another, as long as the journal ends where it did", async () => {
    const dir = await session(end);
    assert.equal(await recordProof(machine, dir, { replayed }), true);
    assert.equal(await recordProof(machine, dir, { repeated }), true);
    assert.deepEqual(await proven(dir), { recorded: true, replayed, repeated });
    assert.deepEqual(provenSentences(await proven(dir), "ollama"), [
      "recorded: the journal is complete and unbroken (orket verify checks its contents)",
      "replayed: a replay was identical (2026-11-22 10:15 UTC, Orket 0.1.0)",
      "repeated: 3 of 5 runs gave the same artifacts; 2 parted at build#2 (2026-11-22 11:15 UTC)",
    ]);
    assert.match(provenSentences(await proven(dir), "scripted").at(-1) ?? "", /no model was asked/);
  });

  it("claims less when calls moved to another model", async () => {
    const move = { call: 1, from: "desk", to: "rack", reason: "It died." };
    const dir = await session(
      draft("failover", "plan", { ...move, digest_changed: false }),
      draft("failover", "plan", { ...move, digest_changed: true }),
      end,
    );
    assert.deepEqual(await proven(dir), { recorded: true, digestChanges: 1 });
    assert.match(provenSentences(await proven(dir), "mesh")[0] ?? "", /not by one model: 1 move to a model/);
  });

  it("holds after decisions about artifacts, and no longer once the session itself has gone on", async () => {
    const ended = await session(end);
    await recordProof(machine, ended, { replayed });
    await append(ended, ...Array.from({ length: 900 }, () => accepted));
    assert.deepEqual(await proven(ended), { recorded: true, replayed });
    const halted = await session(paused);
    await recordProof(machine, halted, { replayed });
    assert.deepEqual(await proven(halted), { recorded: false, replayed });
    assert.match(provenSentences(await proven(halted), "ollama")[0] ?? "", /as far as the session got/);
    await append(halted, resumed);
    assert.deepEqual(await proven(halted), { recorded: false });
  });

  it("is not recorded when the journal has gone on since it was read", async () => {
    const dir = await session(paused);
    const { head } = JSON.parse(await proofOf(dir)) as { head: string };
    await append(dir, resumed);
    assert.equal(await recordProof(machine, dir, { replayed }, head), false);
  });

  async function proofOf(dir: string): Promise<string> {
    await recordProof(machine, dir, { replayed });
    return readFile(path.join(dir, "proof.json"), "utf8");
  }

  it("is nothing when a line was changed, the tail is cut or torn, or the proof's own file is damaged", async () => {
    const dir = await session(end);
    await recordProof(machine, dir, { replayed });
    const journal = path.join(dir, "journal.jsonl");
    const whole = await readFile(journal, "utf8");
    await writeFile(journal, whole.replace('"flow":"shapes"', '"flow":"shapez"'));
    assert.deepEqual(await proven(dir), { recorded: false });
    await writeFile(journal, `${whole.split("\n")[0] ?? ""}\n`);
    assert.deepEqual(await proven(dir), { recorded: false });
    await writeFile(journal, whole);
    await appendFile(journal, '{"seq":2');
    assert.deepEqual(await proven(dir), { recorded: false });
    await writeFile(journal, whole);
    await writeFile(path.join(dir, "proof.json"), '{"head":');
    assert.deepEqual(await proven(dir), { recorded: true });
  });

  it("is the old proof or the new one, at whichever operation the process is killed", async () => {
    const dir = await session(end);
    for (let kill = 1, done = false; !done; kill += 1) {
      await recordProof(machine, dir, { replayed });
      const fs = new FaultyFileSystem();
      fs.before = ({ number }) => {
        if (number === kill) fs.kill();
      };
      const other = { ...replayed, engine: "0.2.0" };
      done = await recordProof(environment(fs), dir, { replayed: other }).then(
        () => true,
        (error: unknown) => {
          assert.ok(OrketError.is(error, "disk_failed"), String(error));
          return false;
        },
      );
      assert.match((await proven(dir)).replayed?.engine ?? "", /^0\.[12]\.0$/);
    }
    await recordProof(machine, dir, { replayed });
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith("proof.json-")),
      [],
    );
  });
});
