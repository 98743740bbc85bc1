import assert from "node:assert/strict";
import { inlineContentMaxBytes, isInline } from "../../../src/engine/event/content";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft, SessionEvent } from "../../../src/engine/event/event";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { SessionStore } from "../../../src/engine/port/session-store";
import { joined } from "../../fakes/joined";

/** A store to try, and how to look at what it keeps. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /** The events that would be there after a crash at this moment. */
  durable(): Promise<readonly SessionEvent[]>;
  /** The Workspace's files, path to text. */
  workspace(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

export function note(key: string, value = "x"): EventDraft {
  return draft("notes_updated", "plan", { call_id: key, set: { [key]: value } });
}

/** What every SessionStore does, whatever it stands on. */
export function sessionStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a SessionStore`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(async () => {
      await under.close();
    });

    it("numbers events from 0 without a gap, across calls", () => {
      const first = under.store.append([note("a"), note("b")]);
      const second = under.store.append([note("c")]);
      assert.deepEqual(
        [...first, ...second].map((event) => event.seq),
        [0, 1, 2],
      );
    });

    it("gives each event its time in UTC with milliseconds, and its draft's fields", () => {
      const [event] = under.store.append([note("a", "1")]);
      assert.match(event?.at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(event?.type, "notes_updated");
      assert.equal(event.step, "plan");
      assert.deepEqual(event.data, { call_id: "a", set: { a: "1" } });
    });

    it("has nothing on disk before flush, everything after", async () => {
      const appended = under.store.append([note("a"), note("b")]);
      assert.deepEqual(await under.durable(), []);
      await under.store.flush();
      assert.deepEqual(await under.durable(), appended);
    });

    it("flushes what was appended while an earlier flush was under way", async () => {
      under.store.append([note("a")]);
      const first = under.store.flush();
      under.store.append([note("b")]);
      const second = under.store.flush();
      await Promise.all([first, second]);
      assert.equal((await under.durable()).length, 2);
    });

    it("resolves a flush with nothing queued", async () => {
      await under.store.flush();
      await under.store.flush();
    });

    it("keeps a text of up to the limit inline, counted in bytes, and a longer one as a blob", async () => {
      const short = "é".repeat(inlineContentMaxBytes / 2);
      const long = `${short}.`;
      assert.deepEqual(under.store.putText(short), { text: short });
      const content = under.store.putText(long);
      assert.ok(!isInline(content));
      assert.equal(content.bytes, inlineContentMaxBytes + 1);
      assert.equal(await under.store.getText(content), long);
      await under.store.flush();
      assert.equal(await under.store.getText(content), long);
    });

    it("takes a text by its parts for the same content as the text, before and after flush", async () => {
      const parts = ["# Heading\n", "é".repeat(700), "", "short", "x".repeat(2000), "é".repeat(700)];
      const text = parts.join("");
      const content = under.store.putText(...joined(parts));
      assert.deepEqual(content, under.store.putText(text));
      assert.equal(await under.store.getText(content), text);
      await under.store.flush();
      assert.equal(await under.store.getText(content), text);
      assert.deepEqual(under.store.putText(...joined(["a", "b"])), { text: "ab" });
      assert.equal(await under.store.getText(under.store.putText(...joined(["a\ud800", "b"]))), "a\ufffdb");
    });

    it("tells texts of the same length apart, as contents and as parts, in any order", async () => {
      const [a, b] = ["a".repeat(2000), "b".repeat(2000)];
      const refs = [a, b, a].map((text) => under.store.putText(text));
      assert.deepEqual(refs[0], refs[2]);
      assert.notDeepEqual(refs[0], refs[1]);
      const whole = under.store.putText(...joined([b, a, b]));
      await under.store.flush();
      assert.equal(await under.store.getText(whole), `${b}${a}${b}`);
      for (const [index, text] of [a, b, a].entries())
        assert.equal(await under.store.getText(refs[index] ?? whole), text);
    });

    it("gives back the bytes it was given, before and after flush", async () => {
      const bytes = Uint8Array.from({ length: 3000 }, (_, index) => index % 256);
      const ref = under.store.putBytes(bytes);
      assert.deepEqual(Uint8Array.from(await under.store.getBytes(ref)), bytes);
      await under.store.flush();
      assert.deepEqual(Uint8Array.from(await under.store.getBytes(ref)), bytes);
    });

    it("keeps its own copy of bytes that the caller changes later", async () => {
      const bytes = new Uint8Array(10).fill(1);
      const ref = under.store.putBytes(bytes);
      bytes.fill(2);
      await under.store.flush();
      assert.deepEqual(Uint8Array.from(await under.store.getBytes(ref)), new Uint8Array(10).fill(1));
    });

    it("stores the empty file", async () => {
      const ref = under.store.putBytes(new Uint8Array());
      await under.store.flush();
      assert.equal((await under.store.getBytes(ref)).length, 0);
    });

    it("gives a text the same content whether or not it holds half a surrogate pair", async () => {
      const content = under.store.putText("a\ud800b");
      assert.equal(await under.store.getText(content), "a\ufffdb");
    });

    it("says blob_missing for a blob that nobody stored", async () => {
      await assert.rejects(under.store.getBytes({ sha256: "0".repeat(64), bytes: 1 }), (error) =>
        OrketError.is(error, "blob_missing"),
      );
    });

    it("materialises, replaces and removes files of the Workspace", async () => {
      const one = under.store.putBytes(Buffer.from("one"));
      const two = under.store.putBytes(Buffer.from("two"));
      await under.store.flush();
      await under.store.materialise("src/deep/a.ts", one);
      await under.store.materialise("b.ts", one);
      await under.store.materialise("b.ts", two);
      assert.deepEqual(await under.workspace(), { "src/deep/a.ts": "one", "b.ts": "two" });
      await under.store.materialise("src/deep/a.ts", null);
      await under.store.materialise("never/was.ts", null);
      await under.store.materialise("b.ts/below/a/file.ts", null);
      assert.deepEqual(await under.workspace(), { "b.ts": "two" });
    });
  });
}
