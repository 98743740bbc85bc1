import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { root } from "../integration/server";

/** A copy of the sample project to work in. */
export async function sampleProject(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "orket-person-"));
  await cp(path.join(root, "examples", "shapes"), folder, { recursive: true });
  return folder;
}

export async function removeProject(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
