import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileSystem } from "../../../src/adapters/files/file-system";
import { wholeLines } from "../../../src/adapters/journal/journal-scan";

/** A file in memory whose reads may return less than they could. */
function fileOf(bytes: Buffer, counts: readonly number[]): FileSystem {
  let reads = 0;
  return {
    read: (_: number, buffer: Uint8Array, position: number) => {
      const most = counts[reads++ % counts.length] ?? 1;
      return Promise.resolve(bytes.copy(buffer, 0, position, Math.min(bytes.length, position + most)));
    },
  } as unknown as FileSystem;
}

const short = fc.string({ maxLength: 30 });
/** Lines, the sizes of pieces to read them in, and what a read may return at most. */
const reading = fc.oneof(
  fc.tuple(fc.array(short, { maxLength: 20 }), fc.constantFrom(1, 7, 100), fc.constantFrom(1, 5, 60)),
  fc.tuple(
    fc.array(fc.oneof(short, fc.constantFrom("x".repeat(3000), "y".repeat(20_000))), { maxLength: 12 }),
    fc.constantFrom(4000, 30_000),
    fc.constantFrom(1500, 40_000),
  ),
);

describe("The lines of a file, in pieces", () => {
  it("are all its whole lines, once and in their places, however they are read", async () => {
    await fc.assert(
      fc.asyncProperty(
        reading,
        fc.string({ maxLength: 10 }),
        fc.boolean(),
        async ([texts, chunkBytes, most], torn, ahead) => {
          const plain = texts.map((text) => text.replaceAll("\n", "")).map((text) => `${text}\n`);
          const whole = Buffer.from(plain.join(""));
          const bytes = Buffer.concat([whole, Buffer.from(torn.replaceAll("\n", ""))]);
          const skipped = Buffer.byteLength(plain[0] ?? "");
          const pieces: Buffer[] = [];
          let expected = skipped;
          const fs = fileOf(bytes, [most, chunkBytes]);
          for await (const { data, at } of wholeLines(fs, 0, skipped, Infinity, { chunkBytes, ahead })) {
            assert.equal(at, expected);
            assert.equal(data.at(-1), 0x0a);
            expected += data.length;
            // The buffer is used again.
            pieces.push(Buffer.from(data));
          }
          assert.equal(Buffer.concat(pieces).compare(whole.subarray(skipped)), 0);
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  it("end where they are asked to", async () => {
    const bytes = Buffer.from("one\ntwo\nthree\n");
    for (const [to, expected] of [
      [8, "one\ntwo\n"],
      [9, "one\ntwo\n"],
      [0, ""],
    ] as const) {
      let read = "";
      for await (const { data } of wholeLines(fileOf(bytes, [100]), 0, 0, to, { chunkBytes: 5, ahead: true }))
        read += data.toString();
      assert.equal(read, expected);
    }
  });
});
