import type { Definition } from "../../engine/model/definition";
import { planScore } from "../flow/plan-score";
import type { FlowParts } from "../project/flow-parts";
import type { Report } from "../schema/report";
import { isGroupKind, scoreViewOf } from "../schema/score-view";
import type { DiagnosticCode, ProblemInit } from "../text/diagnostic";
import { ofVersion } from "../text/memo";
import { valuePlace, valueSpan } from "../text/places";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { reachabilityOf } from "./never";
import type { Never } from "./never";
import { targetOf } from "./references";
import { scoresOf } from "./use";

const noCommands: ReadonlySet<string> = new Set();

const codes: Record<Never["at"], DiagnosticCode> = {
  when: "orket/never-runs",
  until: "orket/until-never",
  run: "orket/accept-missing",
};

const hints: Record<Never["at"], string> = {
  when: "Change one of the conditions, or remove what never runs.",
  until: "Change one of the conditions.",
  run: "Put 'accept' before it, so that the user decides about the artifacts first.",
};

/** What can never happen in a Score as its own file shows it. */
const aloneIn = ofVersion((score: SourceDocument): readonly Never[] => {
  if (!/\b(?:when|until)\b/.test(score.text)) return [];
  const planned = planScore(score, "none", "unknown");
  return planned === undefined ? [] : reachabilityOf(planned.steps, noCommands).causes;
});

function pathOf(score: SourceDocument, id: string, at: Never["at"]): ValuePath | undefined {
  const target = targetOf(scoreViewOf(score), id);
  if (target === undefined) return undefined;
  return [...target.path, ...(isGroupKind(target.kind) ? [target.kind] : []), at];
}

function add(score: SourceDocument, never: Never, id: string, report: Report): void {
  const path = pathOf(score, id, never.at);
  if (path === undefined) return;
  const { start, end } = valueSpan(score, path) ?? valuePlace(score, path);
  // What is wrong within the condition has been reported there.
  if (
    report.diagnostics.some(({ file, span }) => file === score.path && span.start >= start && span.end <= end)
  )
    return;
  report.span(score, valuePlace(score, path), codes[never.at], never.message, {
    hint: hints[never.at],
    ...(never.at === "run" ? { replace: acceptBefore(score, path.slice(0, -1)) } : { severity: "warning" }),
  });
}

/** The edit that puts an accept step before an entry. */
function acceptBefore(score: SourceDocument, entry: ValuePath): ProblemInit["replace"] {
  const span = valueSpan(score, entry);
  if (span === undefined) return undefined;
  const title = "Add an accept step before it";
  const at = { start: span.start, end: span.start };
  const line = score.text.slice(score.text.lastIndexOf("\n", span.start - 1) + 1, span.start);
  const [dash] = /^\s*-\s+$/.exec(line) ?? [];
  if (dash !== undefined) return { title, span: at, with: `accept: ["**"]\n${dash}` };
  return {
    title,
    span: at,
    with: score.format === "json" ? '{ "accept": ["**"] }, ' : '{ accept: ["**"] }, ',
  };
}

/** Conditions that can never hold, in a Score by itself. */
export function checkReachable(score: SourceDocument, report: Report): void {
  for (const never of aloneIn(score)) add(score, never, never.id, report);
}

/** The same for all of a Flow: what used Scores give back is known, and which commands have effects outside. */
export function checkReachableIn(parts: FlowParts, definition: Definition, report: Report): void {
  const commands = Object.entries(definition.flow.commands ?? {});
  const outside = new Set(commands.flatMap(([name, { effects }]) => (effects === "outside" ? [name] : [])));
  // Then nothing is known beyond what the Score says by itself.
  if (outside.size === 0 && parts.uses.length === 0) return;
  const { causes } = reachabilityOf(definition.score.steps, outside);
  if (causes.length === 0) return;
  const scores = scoresOf(parts);
  for (const never of causes) {
    const at = never.id.lastIndexOf(".") + 1;
    const id = never.id.slice(at);
    const score = scores.find(({ prefix }) => prefix === never.id.slice(0, at))?.score;
    if (score === undefined) continue;
    const isKnown = aloneIn(score).some((one) => one.id === id && one.at === never.at);
    if (!isKnown) add(score, never, id, report);
  }
}
