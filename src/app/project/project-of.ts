import { setImmediate } from "node:timers/promises";
import { createProject, parseSource } from "../../language";
import type { Project, ProjectFile, SourceDocument } from "../../language";

/** The project of these files; the thread is given away after each file that is parsed. */
export async function projectOf(files: Iterable<ProjectFile>): Promise<Project> {
  const sources: SourceDocument[] = [];
  for (const { path, text } of files) {
    sources.push(parseSource(path, text));
    await setImmediate();
  }
  return createProject(sources);
}
