import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { cp, readdir, rm, readFile, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { diskFailure, FaultyFileSystem, Killed } from "../../fakes/faulty-file-system";
import type { Operation } from "../../fakes/faulty-file-system";
import { environment, sharedContent, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";
import { note } from "../../contract/session-store/contract";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import type { FileSystem, Handle } from "../../../src/adapters/files/file-system";
import { spareBytesFor } from "../../../src/adapters/journal/journal-end";
import { followJournal } from "../../../src/adapters/journal/follow";
import { readJournal } from "../../../src/adapters/journal/journal-reader";
import { listSessions } from "../../../src/app/session/session-list";
import type { JsonlSessionStore } from "../../../src/adapters/journal/jsonl-session-store";
import { createSession, openSession, readSession } from "../../../src/adapters/journal/session-folder";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { encodeEvent, firstPrev } from "../../../src/engine/event/codec";
import type { Content } from "../../../src/engine/event/content";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft, SessionEvent } from "../../../src/engine/event/event";
import { OrketError } from "../../../src/engine/error/orket-error";
import { sha256 } from "../../../src/adapters/system/sha256";
import { until } from "../../until";
import { joined } from "../../fakes/joined";

const disk = new NodeFileSystem();

function noteOf(content: Content): EventDraft {
  return draft("tool_result", "make", { call_id: "c", tool: "read_file", ok: true, content });
}

/** A copy of a session as it lies on the disk, as if its writer had died there. */
async function copyOf(dir: string): Promise<string> {
  const copy = dir.slice(0, -4) + (await readdir(path.dirname(dir))).length.toString().padStart(4, "0");
  await cp(dir, copy, { recursive: true, filter: (file) => path.basename(file) !== "lock" });
  return copy;
}

async function begin(workDomain: string, fs: FileSystem = disk): Promise<JsonlSessionStore> {
  const { store, paths, definitionRef } = await createSession(environment(fs), workDomain, smallDefinition());
  store.append([startOf(paths.id, definitionRef)]);
  await store.flush();
  return store;
}

describe("A journal on the disk", () => {
  let folder: { path: string; remove(): Promise<void> };
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await folder.remove();
  });

  it("holds one line an event, each with the hash of the line before it, and makes .orket ignore itself", async () => {
    const store = await begin(folder.path);
    store.append([note("a"), note("b")]);
    await store.close();
    const lines = (await readFile(store.paths.journal, "utf8")).split("\n");
    assert.equal(lines.pop(), "");
    let prev = firstPrev;
    for (const line of lines) {
      const { prev: said, ...event } = JSON.parse(line) as SessionEvent & { prev: string };
      assert.equal(said, prev);
      assert.equal(encodeEvent(event, said), line);
      prev = sha256(line);
    }
    assert.match(store.paths.id, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-shapes-[a-z0-9]{4}$/);
    assert.equal(await readFile(path.join(folder.path, ".orket", ".gitignore"), "utf8"), "*\n");
    assert.deepEqual((await readdir(store.paths.dir)).sort(), [
      "contents",
      "definition.json",
      "head.json",
      "journal.jsonl",
      "workspace",
    ]);
  });

  it("writes and syncs once for everything that was flushed together", async () => {
    const fs = new FaultyFileSystem();
    const store = await begin(folder.path, fs);
    fs.log.length = 0;
    store.append([note("a")]);
    const first = store.flush();
    store.append([note("b"), note("c")]);
    await Promise.all([first, store.flush(), store.flush()]);
    assert.deepEqual(fs.log, ["writeNow", "syncData"]);
    await store.close();
  });

  it("writes a long content before the line that names it, and waits once for both", async () => {
    const fs = new FaultyFileSystem();
    const store = await begin(folder.path, fs);
    fs.log.length = 0;
    store.putText("x".repeat(2000));
    store.append([note("a")]);
    await store.flush();
    assert.deepEqual(fs.log, ["writeNow", "writeNow", "syncData", "syncData"]);
    assert.match(
      await readFile(store.paths.contents, "utf8"),
      /^\{"sha256":"[0-9a-f]{64}","bytes":2000,"after":1\}\nx{2000}\n/,
    );
    await store.close();
  });

  it("is closed once, by whoever asks for it, and takes nothing more from then on", async () => {
    const open = new Set<Handle>();
    let closedTwice = 0;
    class Counting extends NodeFileSystem {
      override async open(file: string, flags: number, mode?: number): Promise<Handle> {
        const handle = await super.open(file, flags, mode);
        open.add(handle);
        return handle;
      }

      override close(handle: Handle): Promise<void> {
        if (!open.delete(handle)) closedTwice += 1;
        return super.close(handle);
      }
    }
    const store = await begin(folder.path, new Counting());
    store.append([note("a")]);
    const both = Promise.all([store.close(), store.close()]);
    assert.throws(() => store.append([note("late")]), /after it was closed/);
    await both;
    await store.close();
    assert.deepEqual([closedTwice, open.size], [0, 0]);
    assert.equal((await readSession(environment(), store.paths.dir)).events.length, 2);
  });

  it("goes on where it stopped, with the same chain", async () => {
    const store = await begin(folder.path);
    store.append([note("a")]);
    await store.close();
    const again = await openSession(environment(), store.paths.dir);
    assert.equal(again.cutBytes, 0);
    assert.equal(again.events.length, 2);
    assert.deepEqual(again.definition, smallDefinition());
    again.store.append([note("b")]);
    await again.store.close();
    const read = await readSession(environment(), store.paths.dir);
    assert.equal(read.damage, undefined);
    assert.deepEqual(
      read.events.map((event) => event.seq),
      [0, 1, 2],
    );
  });

  it("cuts off a last line torn at any byte, says so, and keeps every line before it", async () => {
    const store = await begin(folder.path);
    store.append([note("a"), note("b", "ü".repeat(20))]);
    await store.close();
    const whole = await readFile(store.paths.journal);
    const lastStart = whole.subarray(0, -1).lastIndexOf(0x0a) + 1;
    for (let length = lastStart; length < whole.length; length += 1) {
      await writeFile(store.paths.journal, whole.subarray(0, length));
      // A writer that dies has closed nothing.
      await rm(store.paths.head);
      const read = await readSession(environment(), store.paths.dir);
      assert.equal(read.events.length, 2, `read at ${length}`);
      assert.equal(read.cutBytes, length - lastStart);
      const opened = await openSession(environment(), store.paths.dir);
      assert.equal(opened.events.length, 2, `opened at ${length}`);
      assert.equal(opened.cutBytes, length - lastStart);
      opened.store.append([note("c")]);
      await opened.store.close();
      const after = await readJournal(disk, store.paths.journal);
      assert.equal(after.damage, undefined);
      assert.equal(after.events.length, 3);
    }
  }).timeout(60_000);

  it("keeps zeros ready behind its lines while it is open, and takes them back when it is closed", async () => {
    const store = await begin(folder.path);
    for (let count = 0; count < 40; count += 1) {
      store.append([note("a", "x".repeat(count * 50))]);
      await store.flush();
      const bytes = await readFile(store.paths.journal);
      const lines = bytes.lastIndexOf(0x0a) + 1;
      assert.ok(bytes.subarray(lines).every((byte) => byte === 0));
      assert.ok(bytes.length - lines <= lines, "a short journal stays short");
      const { events, damage, cutBytes } = await readSession(environment(), store.paths.dir);
      assert.deepEqual([events.length, damage, cutBytes], [count + 2, undefined, 0]);
    }
    assert.ok((await readFile(store.paths.journal)).includes(0));
    await store.close();
    assert.ok(!(await readFile(store.paths.journal)).includes(0));
  });

  it("does without zeros on a disk that has no room for them", async () => {
    const fs = new FaultyFileSystem();
    const store = await begin(folder.path, fs);
    fs.before = ({ name, args }) => {
      const [handle, bytes, position] = args as [number, Buffer, number];
      if (name !== "writeNow" || !bytes.includes(0)) return;
      // The lines and some of the zeros still had room.
      writeSync(handle, bytes, 0, bytes.indexOf(0) + 20, position);
      throw diskFailure("ENOSPC");
    };
    for (let count = 0; count < 10; count += 1) {
      store.append([note("a")]);
      await store.flush();
    }
    await store.close();
    const { events, cutBytes } = await readSession(environment(), store.paths.dir);
    assert.deepEqual([events.length, cutBytes], [11, 0]);
    assert.ok(!(await readFile(store.paths.journal)).includes(0));
  });

  it("is read to where it ended when the reading began, however much is written meanwhile", async () => {
    const store = await begin(folder.path);
    class Overtaken extends NodeFileSystem {
      override async read(handle: Handle, buffer: Uint8Array, position: number): Promise<number> {
        const count = await super.read(handle, buffer, position);
        for (let line = 0; line < 4; line += 1) {
          store.append([note("a", "x".repeat(1000))]);
          await store.flush();
        }
        return count;
      }
    }
    for (let reading = 0; reading < 5; reading += 1) {
      const lines = (await readFile(store.paths.journal, "utf8")).split("\n").length - 1;
      const { events, damage, cutBytes } = await readSession(environment(new Overtaken()), store.paths.dir);
      assert.deepEqual([damage, cutBytes], [undefined, 0]);
      assert.ok(events.length >= lines);
    }
    await store.close();
  });

  it("tells a write that a power loss cut short from zeros that its writer left, wherever the write was cut", async () => {
    const store = await begin(folder.path);
    await store.close();
    const whole = await readFile(store.paths.journal);
    // A writer that dies has closed nothing.
    await rm(store.paths.head);
    const zeros = "\0".repeat(4096);
    const toSector = 512 - (whole.length % 512);
    for (const [torn, spare] of [
      ["", zeros],
      ['{"seq":1', zeros],
      [`${"\0".repeat(toSector)}"}\n`, ""],
      [`${"\0".repeat(toSector + 512)}"}\n{"seq":2}\n`, zeros],
      [`${'{"seq":1,'.padEnd(toSector)}${"\0".repeat(512)}"}\n${"x".repeat(60_000)}\n`, zeros],
    ] as const) {
      await writeFile(store.paths.journal, Buffer.concat([whole, Buffer.from(torn + spare)]));
      const read = await readSession(environment(), store.paths.dir);
      assert.equal(read.damage, undefined);
      assert.equal(read.events.length, 1);
      assert.equal(read.cutBytes, torn.length);
      const [listed] = await listSessions(disk, folder.path);
      assert.equal(listed?.events, 1);
      const opened = await openSession(environment(), store.paths.dir);
      assert.equal(opened.cutBytes, torn.length);
      await opened.store.close();
      assert.deepEqual(await readFile(store.paths.journal), whole);
      await rm(store.paths.head);
    }
  });

  it("takes a zero that no lost sector can have left for damage, and cuts nothing", async () => {
    const store = await begin(folder.path);
    store.append([note("a", "two words"), note("b"), note("c")]);
    await store.close();
    // A writer that dies has closed nothing.
    await rm(store.paths.head);
    const whole = await readFile(store.paths.journal);
    for (let at = 0; at < whole.length - 1; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = 0;
      await writeFile(store.paths.journal, bytes);
      const { damage } = await readJournal(disk, store.paths.journal);
      assert.ok(OrketError.is(damage, "journal_damaged"), `byte ${at}`);
    }
    await assert.rejects(openSession(environment(), store.paths.dir), (error) =>
      OrketError.is(error, "journal_damaged"),
    );
    assert.equal((await readFile(store.paths.journal)).length, whole.length);
  }).timeout(60_000);

  it("takes zeros for damage when more stands behind them than one write holds, or when it was closed without", async () => {
    const store = await begin(folder.path);
    await store.close();
    const whole = await readFile(store.paths.journal);
    const toSector = 512 - (whole.length % 512);
    const bytes = Buffer.concat([whole, Buffer.from(`${"\0".repeat(toSector)}"}\n${"x".repeat(70_000)}\n`)]);
    await writeFile(store.paths.journal, bytes);
    const { damage } = await readSession(environment(), store.paths.dir);
    assert.ok(OrketError.is(damage, "journal_damaged"));
    assert.equal(damage.details.line, 2);
    await assert.rejects(openSession(environment(), store.paths.dir), (error) =>
      OrketError.is(error, "journal_damaged"),
    );
    assert.deepEqual(await readFile(store.paths.journal), bytes);
    await writeFile(store.paths.journal, Buffer.concat([whole, Buffer.from("\0")]));
    assert.equal((await readSession(environment(), store.paths.dir)).cutBytes, 1);
  });

  it("names the line in which any bit of any earlier line has flipped, and keeps those before it", async () => {
    const store = await begin(folder.path);
    store.append([note("a", "two words"), note("b"), note("c")]);
    await store.close();
    const whole = await readFile(store.paths.journal);
    const lastStart = whole.subarray(0, -1).lastIndexOf(0x0a) + 1;
    let line = 1;
    for (let at = 0; at < lastStart; at += 1) {
      for (const bit of [0, 3, 5, 7]) {
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        await writeFile(store.paths.journal, flipped);
        const { damage, events, tornBytes } = await readJournal(disk, store.paths.journal);
        const where = `byte ${at}, bit ${bit}`;
        assert.ok(OrketError.is(damage, "journal_damaged"), where);
        assert.equal(damage.details.line, line, `${where}: ${damage.message}`);
        assert.match(damage.message, new RegExp(`line ${line}\\b`));
        assert.equal(events.length, line - 1, where);
        assert.equal(tornBytes, 0, where);
      }
      if (whole[at] === 0x0a) line += 1;
    }
    await assert.rejects(openSession(environment(), store.paths.dir), (error) => OrketError.is(error));
  }).timeout(60_000);

  it("says journal_damaged for a line that is missing, doubled or out of place", async () => {
    const store = await begin(folder.path);
    store.append([note("a"), note("b"), note("c")]);
    await store.close();
    const [a = "", b = "", c = "", d = ""] = (await readFile(store.paths.journal, "utf8"))
      .trimEnd()
      .split("\n");
    for (const [lines, named] of [
      [[a, c, d], 2],
      [[a, b, b, c, d], 3],
      [[a, c, b, d], 2],
      [[b, c, d], 1],
      [[a, "", b], 2],
    ] as const) {
      await writeFile(store.paths.journal, lines.map((one) => `${one}\n`).join(""));
      const { damage } = await readJournal(disk, store.paths.journal);
      assert.equal(damage?.details.line, named);
    }
  });

  it("says format_unsupported, not damaged, for what only a newer engine can have written", async () => {
    const store = await begin(folder.path);
    const [start = ""] = (await readFile(store.paths.journal, "utf8")).trimEnd().split("\n");
    await store.close();
    const next = {
      seq: 1,
      at: "2026-11-22T10:15:03.000Z",
      type: "notes_updated",
      step: null,
      prev: sha256(start),
    };
    const data = { call_id: "a", set: {} };
    for (const line of [
      { ...next, type: "applause", data },
      { ...next, data: { ...data, mood: "good" } },
      { ...next, data, signature: "x" },
    ]) {
      await writeFile(store.paths.journal, `${start}\n${JSON.stringify(line)}\n`);
      const { damage, events } = await readJournal(disk, store.paths.journal);
      assert.ok(OrketError.is(damage, "format_unsupported"), JSON.stringify(line));
      assert.match(damage.hint ?? "", /update Orket/);
      assert.equal(events.length, 1);
    }
  });

  it("does not open a session whose definition is not the one it was started with", async () => {
    const store = await begin(folder.path);
    await store.close();
    const text = await readFile(store.paths.definition, "utf8");
    await writeFile(store.paths.definition, text.replace("Build it.", "Build more."));
    await assert.rejects(openSession(environment(), store.paths.dir), /definition\.json/);
    const read = await readSession(environment(), store.paths.dir);
    assert.equal(read.events.length, 1);
    assert.match(read.damage?.message ?? "", /not the one/);
  });

  it("refuses a content that was changed on the disk, and finds those behind it", async () => {
    const store = await begin(folder.path);
    const [first, second] = [store.putText("x".repeat(2000)), store.putText("z".repeat(2000))];
    await store.close();
    const bytes = await readFile(store.paths.contents, "latin1");
    for (const changed of [bytes.replace("xxx", "xyx"), bytes.replace('"bytes":2000', '"bytes":2009')]) {
      await writeFile(store.paths.contents, changed, "latin1");
      const { blobs } = await readSession(environment(), store.paths.dir);
      await assert.rejects(blobs.getText(first), (error) => OrketError.is(error, "blob_missing"));
      assert.equal(await blobs.getText(second), "z".repeat(2000));
    }
  });

  it("reads the contents that an older Orket stored in a file each", async () => {
    const store = await begin(folder.path);
    const content = sharedContent(store.paths.blobs, "x".repeat(2000));
    assert.equal(await store.getText(content), "x".repeat(2000));
    await store.close();
    const { blobs } = await readSession(environment(), store.paths.dir);
    assert.equal(await blobs.getText(content), "x".repeat(2000));
  });

  it("reads a prompt whose parts divide a surrogate pair", async () => {
    const store = await begin(folder.path);
    const parts = [`${"x".repeat(600)}\ud83d`, `\ude00${"y".repeat(600)}`];
    const content = store.putText(...joined(parts));
    store.append([noteOf(content)]);
    await store.close();
    const { blobs } = await readSession(environment(), store.paths.dir);
    assert.equal(await blobs.getText(content), parts.join(""));
  });

  it("takes a line whose content a power loss kept from the disk for torn, wherever it was cut", async () => {
    const store = await begin(folder.path);
    const long = (letter: string): Content => store.putText(letter.repeat(1500));
    store.append([noteOf(long("a"))]);
    await store.flush();
    const confirmed = (await stat(store.paths.contents)).size - spareBytesFor(1500 + 100);
    store.append([note("between"), noteOf(long("b")), noteOf(long("c"))]);
    await store.flush();
    const [journal, contents] = [await readFile(store.paths.journal), await readFile(store.paths.contents)];
    const ends = contents.lastIndexOf("\n") + 1;
    const [b, c] = ["bbb", "ccc"].map((letters) => contents.indexOf(letters));
    assert.ok(b !== undefined && c !== undefined && confirmed < b && b < c);
    const end = contents.indexOf("\n", b) + 1;
    for (const [at, whole] of [
      [ends - 1, 4],
      [c, 4],
      [end, 4],
      [end - 1, 3],
      [b, 3],
      [contents.indexOf("\n", contents.indexOf("aaa")) + 1, 3],
    ] as const) {
      for (const rest of [Buffer.of(), Buffer.alloc(ends - at)]) {
        await writeFile(store.paths.journal, journal);
        await writeFile(store.paths.contents, Buffer.concat([contents.subarray(0, at), rest]));
        const seen = await readSession(environment(), store.paths.dir);
        assert.deepEqual([seen.events.length, seen.damage], [whole, undefined], `cut at ${at}`);
        assert.ok(seen.cutBytes > 0);
        const shown = await openSnapshot(store.paths.dir);
        assert.deepEqual(
          [shown.state.events, shown.cutBytes, shown.problem],
          [whole, seen.cutBytes, undefined],
          `shown when cut at ${at}`,
        );
      }
    }
    await store.close();
  });

  it("finds a content that was written again after a power loss had damaged it among whole ones", async () => {
    const store = await begin(folder.path);
    const [b, c] = ["b", "c"].map((letter) => store.putText(letter.repeat(1500)));
    assert.ok(b !== undefined && c !== undefined);
    store.append([noteOf(b), noteOf(c)]);
    await store.flush();
    const copy = await copyOf(store.paths.dir);
    const contents = await readFile(path.join(copy, "contents"), "latin1");
    await writeFile(path.join(copy, "contents"), contents.replace(/b{3}/, "bxb"), "latin1");
    const opened = await openSession(environment(), copy);
    assert.deepEqual([opened.events.length, opened.cutBytes > 0], [1, true]);
    const again = opened.store.putText("b".repeat(1500));
    opened.store.append([noteOf(again)]);
    await opened.store.flush();
    assert.equal(await opened.store.getText(again), "b".repeat(1500));
    await opened.store.close();
    const read = await readSession(environment(), copy);
    assert.deepEqual([read.events.length, read.damage], [2, undefined]);
    assert.equal(await read.blobs.getText(again), "b".repeat(1500));
    await store.close();
  });

  it("cuts a torn end on opening and goes on behind it, and cuts nothing that was confirmed", async () => {
    const store = await begin(folder.path);
    store.append([noteOf(store.putText("a".repeat(1500)))]);
    await store.flush();
    store.append([noteOf(store.putText("b".repeat(1500)))]);
    await store.flush();
    const copy = await copyOf(store.paths.dir);
    const contents = await readFile(path.join(copy, "contents"), "latin1");
    await writeFile(path.join(copy, "contents"), contents.slice(0, contents.indexOf("bbb")), "latin1");
    const opened = await openSession(environment(), copy);
    assert.deepEqual([opened.events.length, opened.cutBytes > 0], [2, true]);
    const again = opened.store.putText("c".repeat(1500));
    opened.store.append([noteOf(again)]);
    await opened.store.close();
    const read = await readSession(environment(), copy);
    assert.deepEqual([read.events.length, read.damage, read.sealed], [3, undefined, true]);
    assert.equal(await read.blobs.getText(again), "c".repeat(1500));

    // The first content was confirmed before the second was written: without it the journal is damaged, not torn.
    const other = await copyOf(store.paths.dir);
    await writeFile(path.join(other, "contents"), contents.replace(/a{3}/, "axa"), "latin1");
    const damaged = await openSession(environment(), other);
    assert.deepEqual([damaged.events.length, damaged.cutBytes], [3, 0]);
    await damaged.store.close();
    await store.close();
  });
});

/** Everything that a session does to the disk, in a fixed order; what was confirmed goes to `confirmed`. */
async function work(fs: FileSystem, workDomain: string, confirmed: SessionEvent[]): Promise<void> {
  const { store, paths, definitionRef } = await createSession(environment(fs), workDomain, smallDefinition());
  const keep = async (events: readonly SessionEvent[]): Promise<void> => {
    await store.flush();
    confirmed.push(...events);
  };
  await keep(store.append([startOf(paths.id, definitionRef)]));
  for (let step = 0; step < 3; step += 1) {
    store.putText(...joined(["What was said:\n", `${step}`.repeat(2000), "x".repeat(300)]));
    const ref = store.putBytes(Buffer.from(`file ${step}`));
    await keep(store.append([note(`s${step}`, "y".repeat(200)), note(`t${step}`)]));
    await store.materialise(`src/f${step}.txt`, ref);
  }
  await store.materialise("src/f0.txt", null);
  await store.close();
}

async function onlySession(workDomain: string): Promise<string | undefined> {
  const root = path.join(workDomain, ".orket", "sessions");
  const [name] = await readdir(root).catch(() => []);
  return name === undefined ? undefined : path.join(root, name);
}

async function operations(): Promise<number> {
  const folder = await temporaryFolder();
  const fs = new FaultyFileSystem();
  await work(fs, folder.path, []);
  await folder.remove();
  return fs.count;
}

async function assertNothingLost(
  workDomain: string,
  confirmed: readonly SessionEvent[],
  label: string,
): Promise<void> {
  const dir = await onlySession(workDomain);
  if (dir === undefined) {
    assert.equal(confirmed.length, 0, label);
    return;
  }
  try {
    const { store, events, paths, definitionRef } = await openSession(environment(), dir);
    assert.deepEqual(events.slice(0, confirmed.length), confirmed, label);
    store.append([events.length === 0 ? startOf(paths.id, definitionRef) : note("after")]);
    await store.close();
    assert.equal((await readSession(environment(), dir)).damage, undefined, label);
  } catch (error) {
    assert.ok(OrketError.is(error, "session_not_found"), `${label}: ${String(error)}`);
    assert.equal(confirmed.length, 0, label);
  }
}

describe("A disk that fails", () => {
  for (const code of ["ENOSPC", "EIO", "EROFS"]) {
    it(`with ${code} at any operation gives a clear error, and the next opening finds everything confirmed`, async () => {
      const total = await operations();
      for (let at = 1; at <= total; at += 1) {
        const folder = await temporaryFolder();
        const fs = new FaultyFileSystem();
        fs.torn = 7;
        fs.before = ({ number }) => {
          if (number >= at) throw diskFailure(code);
        };
        const confirmed: SessionEvent[] = [];
        const error: unknown = await work(fs, folder.path, confirmed).catch((one: unknown) => one);
        if (error !== undefined) {
          assert.ok(
            OrketError.is(error, code === "ENOSPC" ? "disk_full" : "disk_failed"),
            `operation ${at} gave another error`,
          );
          assert.ok(error.hint, `operation ${at} has no hint`);
        }
        // The failing lock could not be given back; this process is alive, so it would be respected.
        const dir = await onlySession(folder.path);
        if (dir) await new NodeFileSystem().unlink(path.join(dir, "lock")).catch(() => undefined);
        await assertNothingLost(folder.path, confirmed, `operation ${at}`);
        await folder.remove();
      }
    }).timeout(120_000);
  }

  it("poisons the store: every later flush fails with the same error", async () => {
    const folder = await temporaryFolder();
    const fs = new FaultyFileSystem();
    const store = await begin(folder.path, fs);
    fs.before = ({ name }) => {
      if (name === "syncData") throw diskFailure("EIO");
    };
    store.append([note("a")]);
    const first: unknown = await store.flush().catch((error: unknown) => error);
    assert.ok(OrketError.is(first, "disk_failed"));
    fs.before = () => undefined;
    store.append([note("b")]);
    assert.equal(await store.flush().catch((error: unknown) => error), first);
    assert.equal(await store.flush().catch((error: unknown) => error), first);
    await store.close();
    const again = await openSession(environment(), store.paths.dir);
    assert.equal(again.events.length, 1);
    await again.store.close();
    await folder.remove();
  });
});

describe("A process that is killed", () => {
  for (const when of ["before", "after"] as const) {
    it(`${when} any operation leaves a session that opens without repair`, async () => {
      const total = await operations();
      for (let at = 1; at <= total; at += 1) {
        const folder = await temporaryFolder();
        const fs = new FaultyFileSystem();
        fs.torn = at % 50;
        fs[when] = (operation: Operation) => {
          if (operation.number === at) fs.kill();
        };
        const confirmed: SessionEvent[] = [];
        await work(fs, folder.path, confirmed).catch((error: unknown) => {
          assert.ok(error instanceof Killed || error instanceof OrketError, String(error));
        });
        const dir = await onlySession(folder.path);
        if (dir) await new NodeFileSystem().unlink(path.join(dir, "lock")).catch(() => undefined);
        await assertNothingLost(folder.path, confirmed, `operation ${at}`);
        await folder.remove();
      }
    }).timeout(120_000);
  }
});

describe("Following a journal", () => {
  it("yields whole lines as they are written, and nothing twice when a torn line is cut", async () => {
    const folder = await temporaryFolder();
    const store = await begin(folder.path);
    const stop = new AbortController();
    const seen: number[] = [];
    const fs = new NodeFileSystem();
    let readTo = 0;
    const read = fs.read.bind(fs);
    fs.read = async (handle, buffer, position) => {
      const count = await read(handle, buffer, position);
      readTo = Math.max(readTo, position + count);
      return count;
    };
    const following = (async () => {
      for await (const events of followJournal(environment(fs), store.paths.dir, stop.signal)) {
        seen.push(...events.map((event) => event.seq));
        if (seen.length === 4) stop.abort();
      }
    })();
    store.append([note("a")]);
    await store.flush();
    await store.close();
    const whole = await readFile(store.paths.journal);
    await writeFile(store.paths.journal, Buffer.concat([whole, Buffer.from('{"seq":2,')]));
    await until("the torn line was read", () => readTo > whole.length);
    await truncate(store.paths.journal, whole.length);
    const again = await openSession(environment(), store.paths.dir);
    again.store.append([note("b"), note("c")]);
    await again.store.flush();
    await following;
    assert.deepEqual(seen, [0, 1, 2, 3]);
    await again.store.close();
    await folder.remove();
  });

  it("works where the file system gives no notices", async () => {
    const folder = await temporaryFolder();
    const store = await begin(folder.path);
    const stop = new AbortController();
    const fs = new NodeFileSystem();
    fs.watch = () => {
      throw diskFailure("ENOSYS");
    };
    const following = followJournal(environment(fs), store.paths.dir, stop.signal);
    assert.equal((await following.next()).value?.length, 1);
    const next = following.next();
    store.append([note("a")]);
    await store.flush();
    assert.equal((await next).value?.length, 1);
    stop.abort();
    assert.equal((await following.next()).done, true);
    await store.close();
    await folder.remove();
  });
});
