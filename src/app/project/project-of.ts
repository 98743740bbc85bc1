import { Breath } from "../../adapters/system/breath";
import { createProject, parseSource } from "../../language";
import type { Project, ProjectFile, SourceDocument } from "../../language";

/** The project of these files; the thread is given away while they are parsed. */
export async function projectOf(files: Iterable<ProjectFile>): Promise<Project> {
  const breath = new Breath();
  const sources: SourceDocument[] = [];
  for (const { path, text } of files) {
    sources.push(parseSource(path, text));
    // The next file may be the longest.
    await breath.pause(Infinity);
  }
  return createProject(sources);
}
