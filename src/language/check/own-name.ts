import { quoted } from "../text/diagnostic";
import { fileKinds } from "../text/file-kind";
import { nameIn } from "../project/project";
import type { Project } from "../project/project";
import { namePlace } from "../project/reference";
import type { Report } from "../schema/report";
import type { SourceDocument } from "../text/source";

function namesakes({ names }: Project, source: SourceDocument): readonly string[] {
  const { kind } = source;
  const name = nameIn(source);
  if (kind === undefined || kind === "replies" || name === undefined) return [];
  return names.get(kind)?.get(name) ?? [];
}

/** Whether another file of the kind has the same name. */
export function hasNamesake(project: Project, source: SourceDocument): boolean {
  return namesakes(project, source).length > 1;
}

/** Reports a name that another file of the same kind also has. */
export function checkOwnName(project: Project, source: SourceDocument, report: Report): void {
  if (!hasNamesake(project, source)) return;
  const others = namesakes(project, source).filter((path) => path !== source.path);
  const label = fileKinds[source.kind ?? "flow"].label;
  const related = others.flatMap((path) => {
    const other = project.sources.get(path);
    return other === undefined ? [] : [namePlace(other, `another ${label} of this name`)];
  });
  const message = `Another ${label} is named ${quoted(nameIn(source) ?? "")} too: ${others.join(", ")}.`;
  report.at(source, ["name"], "orket/duplicate-name", message, { related, hint: "Rename one of them." });
}
