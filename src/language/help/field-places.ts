import { givenBack, speakersOf } from "../check/says";
import { partsFor } from "../project/links";
import { itemOfSteps, itemScope, namesIn } from "../project/occurrences";
import type { Occurrence } from "../project/occurrences";
import type { Project } from "../project/project";
import { usedBy } from "../project/results";
import { textAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { Closure, Found } from "./found";

/** Maximum nesting of `use` steps that is followed. */
const maxDepth = 20;

/** The steps that declare the fields of a scope (`plan`, `plan.files`), each with what leads there, across used Scores. */
function homesOf(project: Project, score: SourceDocument, scope: string, depth = 0): string[] {
  const [id = "", ...rest] = scope.split(".");
  const view = scoreViewOf(score);
  const item = view.byId.get(id) ?? view.groupById.get(id);
  if (item === undefined || depth > maxDepth) return [];
  return speakersOf(score, view, item).flatMap((step) => {
    if (step.kind !== "use") return [[score.path, step.id, ...rest].join("\n")];
    const used = usedBy(project, score, step);
    const given = used === undefined ? undefined : givenBack(used, scoreViewOf(used));
    if (used === undefined || given === undefined) return [];
    return homesOf(project, used, [given.id, ...rest].join("."), depth + 1);
  });
}

/** The steps of a Score for which a prompt or a command's text is filled in. */
function stepsFor(file: SourceDocument, score: SourceDocument, { path }: Occurrence): StepView[] {
  const name = path[1];
  return scoreViewOf(score).steps.filter((step) =>
    file.kind === "band"
      ? step.role === name
      : step.kind === "run" && textAt(score, [...step.path, "run"]) === name,
  );
}

function homesAt(project: Project, file: SourceDocument, occurrence: Occurrence): string[] {
  const { scope } = occurrence;
  if (scope === undefined) return [];
  return partsFor(project, file, "score").flatMap((score) => {
    if (!scope.startsWith(itemOfSteps)) return homesOf(project, score, scope);
    return stepsFor(file, score, occurrence).flatMap((step) => {
      const list = itemScope(score, step.path);
      return list === undefined ? [] : homesOf(project, score, scope.replace(itemOfSteps, list));
    });
  });
}

/** Every place of a field of a result: where it is declared and where it is named, also as the field of an item. */
export function fieldPlaces(project: Project, source: SourceDocument, occurrence: Occurrence): Closure {
  const homes = new Set(homesAt(project, source, occurrence));
  const found: Found[] = [];
  for (const file of project.sources.values())
    for (const one of namesIn(file).occurrences) {
      if (one.entity !== "field" || one.name !== occurrence.name) continue;
      const itself = file.path === source.path && one.span.start === occurrence.span.start;
      if (itself || homesAt(project, file, one).some((home) => homes.has(home)))
        found.push({ source: file, occurrence: one });
    }
  found.sort((a, b) => (a.source.path === b.source.path ? 0 : a.source.path < b.source.path ? -1 : 1));
  const owners = found.flatMap((one) => (one.occurrence.role === "definition" ? [one.source] : []));
  return { owners: [...new Set(owners)], found };
}
