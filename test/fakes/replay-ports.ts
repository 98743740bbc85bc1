import { createHash } from "node:crypto";
import type { ReplayPorts } from "../../src/engine/history/replay";
import { MemorySessionStore } from "./memory-session-store";

/** Reads an in-memory session; the replay writes to a store of its own. */
export function replayPorts(recorded: MemorySessionStore, definitionChanged = false): ReplayPorts {
  const scratch = new MemorySessionStore();
  return {
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    utf8: {
      encode: (text) => Buffer.from(text),
      decode: (bytes) => Buffer.from(bytes).toString("utf8"),
    },
    definitionChanged,
    getText: (content) =>
      "sha256" in content && scratch.blobs.has(content.sha256) && !recorded.blobs.has(content.sha256)
        ? scratch.getText(content)
        : recorded.getText(content),
    getBytes: (ref) =>
      scratch.blobs.has(ref.sha256) && !recorded.blobs.has(ref.sha256)
        ? scratch.getBytes(ref)
        : recorded.getBytes(ref),
    refText: (text) => scratch.putText(text),
    refBytes: (bytes) => scratch.putBytes(bytes),
  };
}
