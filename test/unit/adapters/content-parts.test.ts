import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { environment, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";
import { encodeContents, encodeParts } from "../../../src/adapters/journal/contents";
import type { ContentPart } from "../../../src/adapters/journal/contents";
import type { JsonlSessionStore } from "../../../src/adapters/journal/jsonl-session-store";
import { createSession, openSession, readSession } from "../../../src/adapters/journal/session-folder";
import { sha256, sha256Bytes } from "../../../src/adapters/system/sha256";
import type { BlobRef, Content } from "../../../src/engine/event/content";
import { OrketError } from "../../../src/engine/error/orket-error";
import { joined } from "../../fakes/joined";

const machine = environment();
const reply = "What the step before said.\n".repeat(100);
const heading = "# What the steps before reported\n\n";

function refOf(text: string): BlobRef {
  return { sha256: sha256(text), bytes: Buffer.byteLength(text) };
}

describe("A content that is stored by its parts", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let store: JsonlSessionStore;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const made = await createSession(machine, folder.path, smallDefinition());
    store = made.store;
    store.append([startOf(made.paths.id, made.definitionRef)]);
    await store.flush();
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  /** The text as somebody reads it who was not there when it was written. */
  async function readAgain(content: Content): Promise<string> {
    return (await readSession(machine, store.paths.dir)).blobs.getText(content);
  }

  async function putAndMeasure(put: () => Content): Promise<{ content: Content; bytes: number }> {
    await store.flush();
    const before = await usedBytes();
    const content = put();
    await store.flush();
    return { content, bytes: (await usedBytes()) - before };
  }

  async function usedBytes(): Promise<number> {
    const bytes = await readFile(store.paths.contents);
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end -= 1;
    return end;
  }

  it("takes no room for what was said before, and reads as the text", async () => {
    store.putText(reply);
    const { content, bytes } = await putAndMeasure(() =>
      store.putText(...joined([heading, reply, "\nGo on."])),
    );
    const text = `${heading}${reply}\nGo on.`;
    assert.ok(bytes < 600, `${bytes} bytes for ${Buffer.byteLength(text)}`);
    assert.equal(await store.getText(content), text);
    assert.equal(await readAgain(content), text);
  });

  it("stores a longer part once, whatever stands around it, and each whole text once", async () => {
    const first = store.putText(...joined(["one ", reply, " end"]));
    const { content, bytes } = await putAndMeasure(() => store.putText(...joined(["two ", reply, " end"])));
    assert.ok(bytes < 500, `${bytes} bytes`);
    assert.equal(await readAgain(first), `one ${reply} end`);
    assert.equal(await readAgain(content), `two ${reply} end`);
    assert.equal((await putAndMeasure(() => store.putText(...joined(["two ", reply, " end"])))).bytes, 0);
  });

  it("can be a part of another, as its text, and be stored whole as well", async () => {
    const inner = store.putText(...joined([heading, reply]));
    const outer = store.putText(...joined([`${heading}${reply}`, " and more"]));
    await store.flush();
    assert.equal(await readAgain(inner), `${heading}${reply}`);
    assert.equal(await readAgain(outer), `${heading}${reply} and more`);
  });

  it("is there for a session that is opened again, and goes on", async () => {
    const content = store.putText(...joined([heading, reply]));
    await store.close();
    const opened = await openSession(machine, store.paths.dir);
    store = opened.store;
    assert.equal(await store.getText(content), `${heading}${reply}`);
    const more = store.putText(...joined([heading, reply, "more"]));
    assert.equal(await readAgain(content), `${heading}${reply}`);
    await store.flush();
    assert.equal(await readAgain(more), `${heading}${reply}more`);
  });

  it("ends where the session was closed: opening cuts nothing, even when the last one was damaged since", async () => {
    store.putText(reply);
    await store.close();
    const damaged = (await readFile(store.paths.contents, "latin1")).replace("before said.", "before sand.");
    await writeFile(store.paths.contents, damaged, "latin1");
    ({ store } = await openSession(machine, store.paths.dir));
    await store.close();
    assert.equal(await readFile(store.paths.contents, "latin1"), damaged);
  });

  it("is searched for a torn end when something was added after the session was closed", async () => {
    store.putText(reply);
    await store.close();
    const closed = await readFile(store.paths.contents);
    await writeFile(store.paths.contents, Buffer.concat([closed, Buffer.from('{"sha256":"')]));
    ({ store } = await openSession(machine, store.paths.dir));
    await store.close();
    assert.deepEqual(await readFile(store.paths.contents), closed);
  });

  it("is missing when a part of it was changed on the disk, or its own record was", async () => {
    store.putText(reply);
    const content = store.putText(...joined([heading, reply]));
    const other = store.putText("y".repeat(2000));
    await store.close();
    const bytes = await readFile(store.paths.contents, "latin1");
    for (const [from, to] of [
      ["before said.", "before sand."],
      ["# What the steps", "# That the steps"],
      ['"parts":"', '"parts":"0'],
    ] as const) {
      assert.ok(bytes.includes(from));
      await writeFile(store.paths.contents, bytes.replace(from, to), "latin1");
      const { blobs } = await readSession(machine, store.paths.dir);
      await assert.rejects(blobs.getText(content), (error) => OrketError.is(error, "blob_missing"), from);
      assert.equal(await blobs.getText(other), "y".repeat(2000));
    }
    await writeFile(store.paths.contents, bytes, "latin1");
    assert.equal(await readAgain(content), `${heading}${reply}`);
  });

  it("is stored whole where it is too long to be assembled", async () => {
    const half = "h".repeat(33 << 20);
    const content = store.putText(...joined([half, half]));
    await store.close();
    assert.equal((await readAgain(content)).length, 2 * half.length);
  });

  it("of a stranger names nothing that is not there, not itself, and no more than it says", async () => {
    const whole = "w".repeat(1 << 20);
    const claimed = (bytes: number): BlobRef => ({ sha256: "a".repeat(64), bytes });
    const hostile: readonly (readonly [what: string, BlobRef, readonly ContentPart[] | string])[] = [
      ["a part that is not there", claimed(4000), [refOf("nobody stored this")]],
      ["itself", claimed(8), [claimed(8)]],
      ["more than it says", claimed(1 << 20), Array<BlobRef>(1000).fill(refOf(whole))],
      ["more than can be", claimed(2 ** 40), Array<BlobRef>(1000).fill(refOf(whole))],
      ["no list", claimed(2), "{}"],
      ["no JSON", claimed(2), "[["],
    ];
    store.putText(whole);
    await store.close();
    const sound = await readFile(store.paths.contents);
    for (const [what, ref, parts] of hostile) {
      const stored = Buffer.from(typeof parts === "string" ? parts : encodeParts(parts));
      const record = encodeContents([{ sha256: ref.sha256, stored, parts: sha256Bytes(stored) }], 0).bytes;
      await writeFile(store.paths.contents, Buffer.concat([sound, record]));
      const { blobs } = await readSession(machine, store.paths.dir);
      const before = process.memoryUsage().arrayBuffers;
      await assert.rejects(blobs.getText(ref), (error) => OrketError.is(error, "blob_missing"), what);
      assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20, what);
    }
    assert.ok((await stat(store.paths.contents)).size > 0);
  });
});
