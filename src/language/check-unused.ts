import { quoted } from "./diagnostic";
import { linksOf } from "./links";
import { keySpan, valuePlace } from "./places";
import { type Project } from "./project";
import { keysAt, textAt, type Report } from "./report";
import { scoreViewOf } from "./score-view";
import { type SourceDocument } from "./source";

/** Verdicts within a loop that no loop around looks at. */
function checkVerdicts(score: SourceDocument, report: Report): void {
  for (const step of scoreViewOf(score).steps) {
    const loops = step.around.filter(({ kind }) => kind === "loop");
    if (step.verdict === undefined || loops.length === 0) continue;
    const asked = loops.some(({ path }) => textAt(score, [...path, "loop", "until", "step"]) === step.id);
    if (asked) continue;
    const message = `Nothing asks for the verdict of ${quoted(step.id)}: no loop around it ends by it.`;
    report.span(score, valuePlace(score, [...step.path, "verdict"]), "orket/verdict-not-asked", message, {
      severity: "hint",
      mend: `Add 'until: { step: ${step.id}, verdict: … }' to the loop.`,
    });
  }
}

/** Roles that no Score of any Flow gives a step, and verdicts that nothing asks for. */
export function checkUnused(project: Project, report: Report): void {
  const links = linksOf(project);
  for (const source of project.sources.values()) {
    if (source.kind === "score") checkVerdicts(source, report);
    if (source.kind !== "band") continue;
    const scores = (links.through.get(source.path) ?? []).map(({ parts }) => parts.get("score"));
    // Without a Score that can be read nothing is known.
    if (scores.length === 0 || scores.some((score) => score?.tree === undefined)) continue;
    const used = new Set(
      scores.flatMap((score) =>
        score === undefined ? [] : scoreViewOf(score).steps.map(({ role }) => role),
      ),
    );
    for (const role of keysAt(source, ["roles"])) {
      const span = used.has(role) ? undefined : keySpan(source, ["roles", role]);
      if (span === undefined) continue;
      const message = `No step is given to the role ${quoted(role)}.`;
      report.span(source, span, "orket/unused-role", message, { severity: "hint" });
    }
  }
}
