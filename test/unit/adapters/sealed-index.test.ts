import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SessionEnvironment } from "../../../src/adapters/journal/jsonl-session-store";
import type { SessionPaths } from "../../../src/adapters/journal/layout";
import { UserSessionMarks } from "../../../src/adapters/journal/session-marks";
import { readSession } from "../../../src/app/session/open";
import { openSnapshot } from "../../../src/app/session/snapshot";
import type { Snapshot } from "../../../src/app/session/snapshot";
import { encodeEvent } from "../../../src/engine/event/codec";
import { draft } from "../../../src/engine/event/event";
import { freezeState } from "../../../src/engine/state/freeze";
import { writeLongSession } from "../../fakes/long-session";
import { environment, temporaryFolder } from "../../fakes/session";

const sha256 = (data: string | Uint8Array): string => hash("sha256", data, "hex");

interface Stored {
  head: Record<string, unknown>;
  lines: { offsets: number[]; checked: { end: number; sha256: string }[] };
  state: Buffer;
}

describe("An index that was sealed", function () {
  this.timeout(60_000);

  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let paths: SessionPaths;
  let journal: Buffer;
  let index: Buffer;

  const user = (name: string): SessionEnvironment => ({
    ...environment(),
    marks: new UserSessionMarks(() => path.join(folder.path, name)),
  });
  const opened = async (who: SessionEnvironment): Promise<Snapshot> => {
    const snapshot = await openSnapshot(paths.dir, who);
    await snapshot.indexing;
    return snapshot;
  };

  function read(): Stored {
    const bytes = readFileSync(paths.index);
    const headEnd = bytes.indexOf(10);
    const linesEnd = bytes.indexOf(10, headEnd + 1);
    return {
      head: JSON.parse(bytes.toString("utf8", 0, headEnd)) as Stored["head"],
      lines: JSON.parse(bytes.toString("utf8", headEnd + 1, linesEnd)) as Stored["lines"],
      state: bytes.subarray(linesEnd + 1),
    };
  }

  /** Writes an index whose digests are right, as anyone could. */
  function write({ head, lines, state }: Stored): void {
    const known = `${JSON.stringify(lines)}\n`;
    const right = { ...head, lines_bytes: known.length, lines_sha256: sha256(known) };
    writeFileSync(paths.index, Buffer.concat([Buffer.from(`${JSON.stringify(right)}\n${known}`), state]));
  }

  /** Changes a letter of an early line, in place. */
  function change(): Buffer {
    const bad = Buffer.from(journal);
    bad[bad.indexOf('"Turn 3 of s1:') + 2] = 0x74;
    writeFileSync(paths.journal, bad);
    return bad;
  }

  before(async () => {
    folder = await temporaryFolder();
    ({ paths } = writeLongSession(folder.path, 6000, 300));
    journal = readFileSync(paths.journal);
    await opened(user("me"));
    index = readFileSync(paths.index);
  });
  beforeEach(() => {
    writeFileSync(paths.journal, journal);
    writeFileSync(paths.index, index);
    rmSync(paths.head, { force: true });
  });
  after(() => folder.remove());

  it("gives the state that the whole journal gives, to whoever opens it", async () => {
    const { state } = await readSession(paths.dir);
    assert.ok(state.steps.length > 256);
    assert.match(String(read().head["seal"]), /^[0-9a-f]{64}$/);
    for (const name of ["me", "them"]) {
      const snapshot = await opened(user(name));
      assert.equal(snapshot.indexed, true);
      assert.deepEqual(
        JSON.parse(JSON.stringify(freezeState(snapshot.state))),
        JSON.parse(JSON.stringify(freezeState(state))),
      );
      assert.equal(await snapshot.checked(), snapshot);
    }
  });

  it("lets no changed byte pass, whoever opens it", async () => {
    change();
    for (const name of ["me", "them"]) {
      const snapshot = await opened(user(name));
      assert.equal(snapshot.problem, undefined);
      assert.equal((await snapshot.checked()).problem?.code, "journal_damaged");
    }
  });

  it("counts for nothing where another than its user can have made it", async () => {
    const bad = change();
    const { head, lines, state } = read();
    const end = Number(head["bytes"]);
    const forged = { offsets: lines.offsets, checked: [{ end, sha256: sha256(bad.subarray(0, end)) }] };
    const { seal: _, ...unsealed } = head;
    for (const one of [head, unsealed, { ...head, seal: sha256("a guess") }]) {
      write({ head: one, lines: forged, state });
      const snapshot = await opened(user("me"));
      assert.equal(snapshot.indexed, true);
      assert.equal((await snapshot.checked()).problem?.code, "journal_damaged");
    }
  });

  it("that an unsealed one has grown from is not sealed before the whole chain was checked", async () => {
    const { head, lines, state } = read();
    const { seal: _, ...unsealed } = head;
    write({ head: unsealed, lines, state });
    grow(4200);
    await opened(user("me"));
    assert.equal(read().head["lines"], Number(head["lines"]) + 4200);
    assert.equal(read().head["seal"], undefined);
  });

  it("grows by parts, and each is checked", async () => {
    const before = read().lines.checked;
    grow(4200);
    await opened(user("me"));
    const { head, lines } = read();
    assert.notEqual(head["seal"], undefined);
    assert.deepEqual(lines.checked.slice(0, -1), before);
    const whole = readFileSync(paths.journal);
    assert.equal(lines.checked.at(-1)?.sha256, sha256(whole.subarray(before[0]?.end)));
    const snapshot = await opened(user("me"));
    assert.equal(await snapshot.checked(), snapshot);
    for (const at of [whole.indexOf('"Turn 3 of s1:') + 2, whole.length - 2000]) {
      const bad = Buffer.from(whole);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(paths.journal, bad);
      assert.equal((await (await opened(user("me"))).checked()).problem?.code, "journal_damaged");
    }
  });

  it("knows the line that the session was last closed with, wherever it stands", async () => {
    const digests = journal.toString("utf8").trimEnd().split("\n").map(sha256);
    for (const events of [1, 256, 257, 3000, digests.length]) {
      writeFileSync(paths.head, JSON.stringify({ format: 1, events, sha256: digests[events - 1] }));
      const good = await opened(user("me"));
      assert.equal(await good.checked(), good, `${events}`);
      writeFileSync(paths.head, JSON.stringify({ format: 1, events, sha256: sha256("another") }));
      assert.equal(
        (await (await opened(user("me"))).checked()).problem?.code,
        "journal_damaged",
        `${events}`,
      );
    }
  });

  /** Adds lines that change nothing but the count of events. */
  function grow(events: number): void {
    const lines = journal.toString("utf8").trimEnd().split("\n");
    let prev = sha256(lines.at(-1) ?? "");
    const added: string[] = [];
    for (let number = 0; number < events; number += 1) {
      const seq = lines.length + number;
      const one = draft("artifact_rejected", null, { path: `f${number % 7}.md`, content: null });
      const line = encodeEvent({ ...one, seq, at: "2026-11-23T00:00:00.000Z" }, prev);
      prev = sha256(line);
      added.push(`${line}\n`);
    }
    appendFileSync(paths.journal, added.join(""));
  }
});
