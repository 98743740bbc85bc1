import { quoted } from "../text/diagnostic";
import { keySpan, valuePlace } from "../text/places";
import { namesIn } from "../project/occurrences";
import type { Project } from "../project/project";
import type { Report } from "../schema/report";
import { isGiven, keysAt, textAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";

/** The steps whose verdict is read in the Score: by a condition, a `must`, a placeholder, or its own result. */
function askedSteps(score: SourceDocument): Set<string | undefined> {
  const { occurrences, templates } = namesIn(score);
  const asked = new Set([textAt(score, ["result", "step"])]);
  for (const { entity, role, scope } of occurrences)
    if (entity === "verdict" && role === "reference") asked.add(scope);
  for (const segment of templates.flatMap(({ segments }) => segments))
    if (segment.kind === "placeholder" && segment.placeholder.kind === "verdict")
      asked.add(segment.placeholder.step);
  return asked;
}

/** Verdicts within a loop that are never read. */
function unaskedVerdicts(score: SourceDocument, report: Report): void {
  const asked = askedSteps(score);
  for (const step of scoreViewOf(score).steps) {
    const loops = step.around.filter(({ kind }) => kind === "loop");
    const path = [...step.path, "verdict"];
    // The verdict of a command, a question without words or an accept step exists whether it is requested or not.
    if (!isGiven(score, path) || loops.length === 0 || asked.has(step.id)) continue;
    const message = `Nothing asks for the verdict of ${quoted(step.id)}: no condition, 'must' or placeholder names it.`;
    report.span(score, valuePlace(score, path), "orket/verdict-not-asked", message, {
      severity: "hint",
      hint: `Add 'until: { step: ${step.id}, verdict: … }' to the loop.`,
    });
  }
}

/** The Scores that run with a Band; none when one of them cannot be read, since then nothing is known. */
function scoresOf({ sources, links }: Project, band: SourceDocument): SourceDocument[] {
  const scores: SourceDocument[] = [];
  for (const { parts, uses } of links.through.get(band.path) ?? []) {
    for (const path of [parts.get("score") ?? "", ...uses]) {
      const score = sources.get(path);
      if (score?.tree === undefined || isDamaged(score)) return [];
      scores.push(score);
    }
  }
  return scores;
}

/** Roles to which no Score of any Flow gives a step. */
function idleRoles(project: Project, band: SourceDocument, report: Report): void {
  const scores = scoresOf(project, band);
  if (scores.length === 0) return;
  const used = new Set(scores.flatMap((score) => scoreViewOf(score).steps.map(({ role }) => role)));
  for (const role of keysAt(band, ["roles"])) {
    const span = used.has(role) ? undefined : keySpan(band, ["roles", role]);
    if (span === undefined) continue;
    const message = `No step uses the role ${quoted(role)}.`;
    report.span(band, span, "orket/unused-role", message, { severity: "hint" });
  }
}

/** Roles of a Band that are not used, and verdicts of a Score that are not requested. */
export function checkUnused(project: Project, source: SourceDocument, report: Report): void {
  if (isDamaged(source)) return;
  if (source.kind === "score") unaskedVerdicts(source, report);
  else if (source.kind === "band") idleRoles(project, source, report);
}
