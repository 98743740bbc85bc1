import { quoted, type Diagnostic } from "./diagnostic";
import { linksOf } from "./links";
import { keySpan, valuePlace } from "./places";
import { type Project } from "./project";
import { keysAt, Report, textAt } from "./report";
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

function checkRoles(band: SourceDocument, scores: readonly SourceDocument[], report: Report): void {
  const used = new Set(scores.flatMap((score) => scoreViewOf(score).steps.map(({ role }) => role)));
  for (const role of keysAt(band, ["roles"])) {
    const span = used.has(role) ? undefined : keySpan(band, ["roles", role]);
    if (span === undefined) continue;
    const message = `No step is given to the role ${quoted(role)}.`;
    report.span(band, span, "orket/unused-role", message, { severity: "hint" });
  }
}

interface Found {
  /** What it was found in, besides the file itself. */
  readonly scores: readonly (SourceDocument | undefined)[];
  readonly diagnostics: readonly Diagnostic[];
}
const known = new WeakMap<SourceDocument, Found>();

function find(source: SourceDocument, scores: Found["scores"]): readonly Diagnostic[] {
  const before = known.get(source);
  const same =
    before?.scores.length === scores.length && before.scores.every((score, at) => score === scores[at]);
  if (before !== undefined && same) return before.diagnostics;
  const report = new Report();
  if (source.kind === "score") checkVerdicts(source, report);
  // Without a Score that can be read nothing is known.
  const read = scores.filter((score) => score?.tree !== undefined) as SourceDocument[];
  if (source.kind === "band" && scores.length > 0 && read.length === scores.length)
    checkRoles(source, read, report);
  known.set(source, { scores, diagnostics: report.diagnostics });
  return report.diagnostics;
}

/** Roles that no Score of any Flow gives a step, and verdicts that nothing asks for. */
export function checkUnused(project: Project): Diagnostic[] {
  const links = linksOf(project);
  const found: Diagnostic[] = [];
  for (const source of project.sources.values()) {
    const { kind, path } = source;
    if (kind === "score") found.push(...find(source, []));
    if (kind !== "band") continue;
    found.push(
      ...find(
        source,
        (links.through.get(path) ?? []).map(({ parts }) => parts.get("score")),
      ),
    );
  }
  return found;
}
