import { checkUnused } from "../check/unused";
import { diagnose } from "../check/file";
import { inOrder } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { findingsOf } from "./check-flow";
import { findParts } from "../project/flow-parts";
import type { FlowLink } from "../project/links";
import { checkOwnName, hasNamesake } from "../check/own-name";
import type { Project } from "../project/project";
import { Report } from "../schema/report";

/** What is wrong in a project in its current state. */
export interface Diagnosis {
  readonly project: Project;
  /** The problems of each file that has some, whichever file causes them; in the order of their places, including hints. */
  readonly byFile: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** The problems of these files, for each in the order of their places, including hints. */
export function problemsOf(project: Project, paths: ReadonlySet<string>): Map<string, Diagnostic[]> {
  const byFile = new Map<string, Diagnostic[]>();
  const add = (some: readonly Diagnostic[]): void => {
    for (const one of some) {
      if (!paths.has(one.file)) continue;
      const list = byFile.get(one.file);
      if (list === undefined) byFile.set(one.file, [one]);
      else list.push(one);
    }
  };
  const report = new Report();
  const flows = new Set<FlowLink>();
  for (const path of paths) {
    const source = project.sources.get(path);
    if (source === undefined) continue;
    add(diagnose(source));
    checkOwnName(project, source, report);
    checkUnused(project, source, report);
    for (const link of project.links.through.get(path) ?? []) flows.add(link);
  }
  for (const link of flows) {
    const flow = project.sources.get(link.flow);
    if (flow !== undefined) add(findingsOf(findParts(project, flow, report)).diagnostics);
  }
  add(report.diagnostics);
  for (const [path, list] of byFile) byFile.set(path, inOrder(list));
  return byFile;
}

/** The files whose problems may have changed: the changed ones, and those that share a Flow with them. */
function affected(before: Project, now: Project): ReadonlySet<string> | "all" {
  const isSame =
    before.names === now.names && before.links === now.links && before.materials === now.materials;
  if (!isSame) return "all";
  const paths = new Set<string>();
  for (const source of now.sources.changedSince(before.sources)) {
    // Problems of otherwise unrelated files point to the place of the name.
    if (hasNamesake(now, source)) return "all";
    paths.add(source.path);
    for (const { parts, uses, venues } of now.links.through.get(source.path) ?? [])
      for (const part of [...parts.values(), ...uses, ...venues]) paths.add(part);
  }
  return paths;
}

/**
 * Everything that is wrong with the files of a project: each by itself, duplicate names, and each Flow. Given the result
 * from before a change, only the files that the change can affect are checked, and the lists of the others remain the
 * same objects, so that this can be called after each keystroke.
 */
export function examine(project: Project, before?: Diagnosis): Diagnosis {
  const touched = before === undefined ? "all" : affected(before.project, project);
  if (before === undefined || touched === "all") {
    return { project, byFile: problemsOf(project, new Set(project.sources.keys())) };
  }
  const byFile = new Map(before.byFile);
  for (const path of touched) byFile.delete(path);
  for (const [path, list] of problemsOf(project, touched)) byFile.set(path, list);
  return { project, byFile };
}

/** Everything that is wrong with the files of a project, in the order of files and places; hints only on request. */
export function diagnoseProject(project: Project, { hints = false } = {}): Diagnostic[] {
  const { byFile } = examine(project);
  return [...byFile.keys()]
    .sort()
    .flatMap((path) => byFile.get(path)?.filter(({ severity }) => hints || severity !== "hint") ?? []);
}
