import { createHash } from "node:crypto";
import type { ExportSource } from "../../src/app/export/source";
import type { Definition } from "../../src/engine/model/definition";
import type { Harness } from "./engine-harness";

/** The source of an export, from a session in memory. */
export function exportSourceOf({ store }: Harness, definition: Definition): ExportSource {
  return {
    events: store.events,
    definition,
    getText: (content) => store.getText(content),
    getBytes: (ref) => store.getBytes(ref),
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    utf8: {
      encode: (text) => Buffer.from(text),
      decode: (bytes) => (bytes.includes(0) ? null : Buffer.from(bytes).toString("utf8")),
    },
  };
}

export async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}
