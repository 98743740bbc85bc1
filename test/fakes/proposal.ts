import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openLiveSession, startSession } from "../../src/app/session/open";
import type { LiveSession } from "../../src/app/session/session";
import type { FileSystem } from "../../src/adapters/files/file-system";
import type { SessionMarks } from "../../src/adapters/journal/session-marks";
import type { RepliesFile } from "../../src/engine/model/venue";
import { definitionOf, step } from "./engine-harness";
import { FaultyFileSystem } from "./faulty-file-system";
import { runtimeOptions } from "../survival/journey";

/** What a step proposes: paths to contents; null deletes, `from` moves a file there. */
export type Proposed = Readonly<Record<string, string | null | { readonly from: string }>>;

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [file, content] of Object.entries(files)) {
    const place = path.join(folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
  }
}

/** A disk that does not wait for syncs. */
export function quickDisk(): FaultyFileSystem {
  const fs = new FaultyFileSystem();
  fs.unsynced = true;
  return fs;
}

/** A session over a project whose steps `write1`, `write2` … proposed files; it has ended and awaits decisions. @param marks show that this machine wrote it; without them it is foreign. */
export async function proposing(
  folder: string,
  steps: readonly Proposed[],
  fs: FileSystem = quickDisk(),
  marks?: SessionMarks,
): Promise<LiveSession> {
  const definition = definitionOf(steps.map((_, index) => step(`write${index + 1}`, "writer")));
  const replies: RepliesFile = { version: 1, chunk_delay_ms: 0, steps: {} };
  steps.forEach((files, index) => {
    const calls = Object.entries(files).map(([file, content]) =>
      content === null
        ? { tool: "delete_file", args: { path: file } }
        : typeof content === "string"
          ? { tool: "write_file", args: { path: file, content } }
          : { tool: "move_file", args: { from: content.from, to: file } },
    );
    replies.steps[`write${index + 1}`] = [
      { text: "", tool_calls: calls },
      { text: "Done.", tool_calls: [] },
    ];
  });
  definition.venue.replies = replies;
  const options = runtimeOptions(folder, fs, 7);
  const { environment } = options;
  const session = await startSession(
    definition,
    marks === undefined || environment === undefined
      ? options
      : { ...options, environment: { ...environment, marks } },
  );
  await session.orchestrator.run();
  return session;
}

/** The session as another process opens it. */
export function reopened(session: LiveSession, fs: FileSystem = quickDisk()): Promise<LiveSession> {
  return openLiveSession(session.directory, runtimeOptions(session.workDomain, fs, 8));
}
