import assert from "node:assert/strict";
import fc from "fast-check";
import type { StreamParser } from "../../../src/adapters/provider/http/chat-call";
import type { CallFacts } from "../../../src/adapters/provider/http/http-errors";
import { OllamaStream } from "../../../src/adapters/provider/ollama/stream";
import { OpenAiStream } from "../../../src/adapters/provider/openai/stream";
import { ReplyBuilder } from "../../../src/adapters/provider/http/reply-builder";
import { vendors } from "../../fakes/servers/vendors";
import type { Vendor } from "../../fakes/servers/vendors";

const facts: CallFacts = {
  server: "The server",
  address: "http://host",
  model: "m",
  toolsSent: false,
  fields: [],
  missingModelHint: "",
  redact: (text) => text,
};

function read(
  vendor: Vendor,
  pieces: readonly Uint8Array[],
): { text: string; reasoning: string; shown: string } {
  let shown = "";
  const reply = new ReplyBuilder({ startedMs: 0 }, (delta) => {
    if (delta.kind === "text") shown += delta.text;
  });
  const parser: StreamParser =
    vendor.name === "ollama"
      ? new OllamaStream(reply, facts)
      : new OpenAiStream(reply, facts, (name) => name);
  for (const piece of pieces) {
    parser.push(piece);
    reply.flush();
  }
  parser.end();
  const { text, reasoning = "" } = reply.finish({});
  return { text, reasoning, shown };
}

/** The bytes, cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => bytes.slice(sorted[index], end));
}

for (const vendor of vendors) {
  describe(`Stream of ${vendor.name}`, () => {
    it("gives the same reply however the network cuts it", () => {
      const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(
          fc.array(fc.record({ thought: fc.boolean(), word }), { maxLength: 12 }),
          fc.array(fc.nat(4000), { maxLength: 30 }),
          (words, places) => {
            const frames = words.map((piece) =>
              piece.thought ? vendor.reasoning(piece.word) : vendor.text(piece.word),
            );
            const reply = read(vendor, cut(Buffer.from(frames.join("") + vendor.finish(), "utf8"), places));
            const all = (thought: boolean): string =>
              words.map((piece) => (piece.thought === thought ? piece.word : "")).join("");
            assert.equal(reply.text, all(false));
            assert.equal(reply.shown, reply.text);
            assert.equal(reply.reasoning, all(true));
          },
        ),
        { numRuns: 300, seed: 1 },
      );
    });
  });
}
