import fs from "node:fs";
import path from "node:path";
import { detectTestRunners, testRunnerFiles } from "../../language/templates";
import type { TestRunnerId } from "../../language/templates";

/** A file that defines how tests run is smaller. */
const maxBytes = 1024 * 1024;

/** The text of a regular file of bounded size; undefined where there is none. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    const stat = await fs.promises.lstat(file);
    return stat.isFile() && stat.size <= maxBytes ? await fs.promises.readFile(file, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** The test runners that the project in a folder seems to use; nothing is started. Never rejects. */
export async function offeredTestRunners(workDomain: string): Promise<TestRunnerId[]> {
  const texts = new Map<string, string>();
  for (const name of testRunnerFiles) {
    const text = await textOf(path.join(workDomain, name));
    if (text !== undefined) texts.set(name, text);
  }
  const names: string[] = [];
  for (const folder of [".", "test", "tests"]) {
    names.push(...(await fs.promises.readdir(path.join(workDomain, folder)).catch(() => [])));
  }
  return detectTestRunners(texts, names);
}
