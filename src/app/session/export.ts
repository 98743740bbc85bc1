import { providerOf } from "../../engine/model/called-venues";
import { structuredPatch } from "diff";
import { open, rename, rm } from "node:fs/promises";
import { OrketError } from "../../engine/error/orket-error";
import { exportHtml } from "../export/html";
import { exportNdjson } from "../export/ndjson";
import { exportOtlp } from "../export/otlp";
import type { ExportSource } from "../export/source";
import { readTitle } from "./label";
import { provenOf, provenSentences, readingOf, readProof } from "./proof";
import type { ReadSession } from "../../adapters/journal/session-folder";
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

/** A session as text to write, piece by piece. `contents`: with prompts, replies and files, where the format has the choice. */
export async function* exportPieces(
  record: ReadSession,
  directory: string,
  options: { readonly format: ExportFormat; readonly contents: boolean },
): AsyncGenerator<string, void, void> {
  const { events, definition, blobs, damage } = record;
  const { contents } = options;
  const source: ExportSource = {
    events,
    definition,
    getText: (content) => blobs.getText(content),
    getBytes: (ref) => blobs.getBytes(ref),
    sha256,
    utf8: nodeUtf8,
  };
  switch (options.format) {
    case "otlp":
      yield `${JSON.stringify(await exportOtlp(source, { contents }))}\n`;
      return;
    case "html": {
      const title = await readTitle(nodeEnvironment.fs, directory);
      const proven = provenSentences(
        provenOf(readingOf(record), await readProof(nodeEnvironment, directory)),
        providerOf(definition),
      );
      yield* exportHtml(source, {
        proven,
        diff: diffBody,
        ...defined({ title }),
        ...(damage === undefined ? {} : { problem: damage.message }),
      });
      return;
    }
    case "ndjson":
      yield* exportNdjson(source, { contents });
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new OrketError("usage", `The file cannot be written: ${reason}`, { cause: error });
  }
}
