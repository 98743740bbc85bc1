import path from "node:path";
import type { FileSystem } from "../../adapters/files/file-system";
import { OrketError } from "../../engine/error/orket-error";
import { blameLines, readProvenance } from "../artifact/provenance";
import type { Origin } from "../artifact/provenance";
import { bare, textsOf } from "../artifact/text";

/** A line of a project's file, and its origin. */
export interface BlamedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** null: a person wrote it, or the author is unknown. */
  readonly origin: Origin | null;
}

/**
 * Who wrote the lines of a project's file as it is now.
 * @param file relative to the project, with forward slashes.
 * @param unsaved the text in an editor, where it differs.
 * @throws {OrketError} usage when it cannot be read or is not text.
 */
export async function blameFile(
  fs: FileSystem,
  workDomain: string,
  file: string,
  unsaved?: string,
): Promise<BlamedLine[]> {
  let bytes: Uint8Array;
  try {
    bytes = unsaved === undefined ? await fs.readFile(path.join(workDomain, file)) : Buffer.from(unsaved);
  } catch (error) {
    throw new OrketError("usage", `${file} cannot be read.`, {
      hint: "Name a file of the project.",
      cause: error,
    });
  }
  const lines = textsOf([bytes])?.lines[0];
  if (lines === undefined)
    throw new OrketError("usage", `${file} is not text, so it has no lines to ask about.`);
  const origins = blameLines(await readProvenance(fs, workDomain, file), lines);
  return lines.map((text, index) => ({ line: index + 1, text: bare(text), origin: origins[index] ?? null }));
}
