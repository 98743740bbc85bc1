import { structuredPatch } from "diff";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { exportHtml } from "../export/html";
import { exportNdjson } from "../export/ndjson";
import { exportOtlp } from "../export/otlp";
import type { ExportSource } from "../export/source";
import { eventsOf } from "./event-pieces";
import { readTitle } from "./label";
import { provenOfSnapshot } from "./proven";
import type { Snapshot } from "./snapshot";
import { sha256 } from "../../adapters/system/sha256";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { defined } from "../../engine/model/defined";

export const exportFormats = ["ndjson", "otlp", "html"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Time limit for comparing one file, in milliseconds; beyond it the file is shown as replaced. */
const diffTimeoutMs = 2000;

function linesOf(text: string, mark: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${mark}${line}`);
}

/** A unified diff without its head. */
export function diffBody(before: string, after: string): string[] {
  const patch = structuredPatch("", "", before, after, "", "", { context: 3, timeout: diffTimeoutMs });
  if (patch === undefined) return [...linesOf(before, "-"), ...linesOf(after, "+")];
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    // Where a side has no lines, the format counts from the line before.
    `@@ -${oldLines === 0 ? oldStart - 1 : oldStart},${oldLines} +${newLines === 0 ? newStart - 1 : newStart},${newLines} @@`,
    ...lines,
  ]);
}

/** A session whose chain is checked as text to write, piece by piece. `contents`: with prompts, replies and files, where the format has the choice. */
export async function* exportPieces(
  seen: Snapshot,
  options: { readonly format: ExportFormat; readonly contents: boolean },
): AsyncGenerator<string, void, void> {
  const { state, definition, directory, problem } = seen;
  const { contents } = options;
  const source: ExportSource = {
    events: eventsOf(seen),
    state,
    definition,
    getText: (content) => seen.readText(content),
    getBytes: (ref) => seen.readBytes(ref),
    sha256,
    utf8: nodeUtf8,
  };
  switch (options.format) {
    case "otlp":
      yield* exportOtlp(source, { contents });
      return;
    case "html": {
      const title = await readTitle(nodeEnvironment.fs, directory);
      yield* exportHtml(source, {
        proven: await provenOfSnapshot(seen),
        diff: diffBody,
        ...defined({ title }),
        ...defined({ problem: problem?.message }),
      });
      return;
    }
    case "ndjson":
      yield* exportNdjson(source, { contents });
  }
}

function whyNot(error: unknown, file: string): string {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOENT":
      return `there is no folder ${path.dirname(file)}`;
    case "ENOTDIR":
      return `${path.dirname(file)} is not a folder`;
    case "EISDIR":
      return "it is a folder";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "writing there is not allowed";
    case "ENOSPC":
      return "the disk is full";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** Writes the file atomically. @throws {OrketError} usage */
export async function writeExport(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const aside = `${file}.${process.pid}.new`;
  try {
    const handle = await open(aside, "wx");
    try {
      for await (const piece of pieces) await handle.write(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    if (OrketError.is(error)) throw error;
    throw new OrketError("usage", `${file} cannot be written: ${whyNot(error, file)}.`, { cause: error });
  }
}
