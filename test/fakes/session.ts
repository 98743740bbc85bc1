import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SessionEnvironment } from "../../src/adapters/journal/jsonl-session-store";
import { OrketFileSystem as NodeFileSystem } from "../../src/adapters/files/orket-gate";
import type { FileSystem } from "../../src/adapters/files/file-system";
import { blobFile } from "../../src/adapters/journal/blob-store";
import { sha256Bytes } from "../../src/adapters/system/sha256";
import { systemRandom } from "../../src/adapters/system/random";
import { SystemClock } from "../../src/adapters/system/clock";
import type { BlobRef } from "../../src/engine/event/content";
import { draft } from "../../src/engine/event/event";
import type { EventDraft } from "../../src/engine/event/event";
import { definitionSchema } from "../../src/engine/model/definition-schema";
import type { Definition } from "../../src/engine/model/definition";

/** A folder for one test, removed afterwards. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), "orket-")));
  return {
    path: dir,
    // What is being closed may still write for a moment.
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

export function environment(fs: FileSystem = new NodeFileSystem()): SessionEnvironment {
  return { fs, clock: new SystemClock(), random: systemRandom };
}

/** The smallest valid definition. */
export function smallDefinition(name = "shapes"): Definition {
  return definitionSchema.parse({
    format: 1,
    flow: {
      name,
      source: `${name}.flow.yaml`,
      task: "Build it.",
      inputs: {},
      references: [],
      policy: { read_scope: ["workspace", "reference", "domain"], write_scope: ["workspace"], allow: [] },
      approval: "none",
      limits: {},
      conductor: { disabled_roles: [], drift: "off" },
    },
    band: {
      name: "standard",
      source: "standard.band.yaml",
      roles: { coder: { prompt: "You code.", tools: [] } },
    },
    venue: {
      version: 1,
      name: "local",
      provider: "scripted",
      source: "local.venue.yaml",
      params: {},
      roles: {},
    },
    score: { name: "standard", source: "standard.score.yaml", steps: [] },
  });
}

export function startOf(session: string, definition: BlobRef): EventDraft {
  return draft("session_start", null, {
    format: 1,
    engine: "0.1.0",
    session,
    flow: "shapes",
    definition,
    provider: "scripted",
    started_by: "library",
  });
}

/** Stores a content as Orket 0.1 did: a separate file that all sessions share. @param blobs `.orket/blobs/sha256`. */
export function sharedContent(blobs: string, text: string): BlobRef {
  const bytes = Buffer.from(text);
  const digest = sha256Bytes(bytes);
  const file = blobFile(blobs, digest);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return { sha256: digest, bytes: bytes.length };
}
