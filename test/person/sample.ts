import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { root } from "../integration/server";

/**
 * A copy of the sample project to work in.
 * @param wordDelayMs how slowly the scripted replies arrive, for tests that act in mid-stream
 */
export async function sampleProject(wordDelayMs = 15): Promise<string> {
  const folder = path.join(await mkdtemp(path.join(os.tmpdir(), "orket-person-")), "shapes");
  await cp(path.join(root, "examples", "shapes"), folder, { recursive: true });
  const replies = path.join(folder, "flows", "shapes.replies.yaml");
  const text = await readFile(replies, "utf8");
  await writeFile(replies, text.replace(/^chunk_delay_ms: .*$/m, `chunk_delay_ms: ${wordDelayMs}`));
  return folder;
}

/** Adds files to a project: paths and texts. */
export async function addFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
}

export async function removeProject(folder: string): Promise<void> {
  await rm(path.dirname(folder), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
