import { fieldMapSchema } from "../../engine/model/field";
import type { FieldMap } from "../../engine/model/field";
import type { FlowParts } from "../project/flow-parts";
import { usesIn } from "../project/uses";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { keySpan, nearestPlace } from "../text/places";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { keysAt, textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import { besideOthers, checkUsedConditions } from "./references";
import type { UsedScore } from "./says";
import { pathId, scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";

/** A Score of a Flow: its own, or one that is used. */
export interface ScoreOfFlow {
  readonly score: SourceDocument;
  /** The `use` step that leads to it; undefined: the Flow's own. */
  readonly by: { readonly score: SourceDocument; readonly path: readonly (string | number)[] } | undefined;
  /** The group around one of the `use` steps that lead to it in which other steps run at the same time. */
  readonly beside: string | undefined;
  /** What precedes the ids of its steps: `harden.`; empty for the Flow's own. */
  readonly prefix: string;
}

/** The Scores of a Flow, once for each place where they are used. */
export function scoresOf({ score, uses }: Pick<FlowParts, "score" | "uses">): ScoreOfFlow[] {
  if (score === undefined) return [];
  const left = [...uses];
  const found: ScoreOfFlow[] = [];
  const walk = (one: ScoreOfFlow): void => {
    found.push(one);
    for (const step of usesIn(one.score)) {
      const next = left.shift();
      if (next === undefined) continue;
      const beside = one.beside ?? besideOthers(one.score, step);
      const prefix = `${one.prefix}${step.id}.`;
      walk({ score: next, by: { score: one.score, path: step.path }, beside, prefix });
    }
  };
  walk({ score, by: undefined, beside: undefined, prefix: "" });
  return found;
}

/** The Score that each `use` step of a Flow's Scores leads to. */
export function usedIn(parts: Pick<FlowParts, "score" | "uses">): UsedScore {
  const found = new Map<SourceDocument, Map<string, SourceDocument>>();
  for (const { score, by } of scoresOf(parts)) {
    if (by === undefined) continue;
    const ofScore = found.get(by.score) ?? new Map<string, SourceDocument>();
    found.set(by.score, ofScore.set(pathId(by.path), score));
  }
  return (score, { path }) => found.get(score)?.get(pathId(path));
}

/** Verdicts and results of used Scores that conditions, lists and `must` name. */
export function checkUsedSays(parts: FlowParts, report: Report): void {
  if (parts.uses.length === 0) return;
  const used = usedIn(parts);
  for (const score of new Set(scoresOf(parts).map((one) => one.score)))
    checkUsedConditions(score, used, report);
}

function inputsOf(score: SourceDocument): FieldMap {
  const read = fieldMapSchema.safeParse(valueAt(score.value, ["inputs"]) ?? {});
  return read.success ? read.data : {};
}

const isNeeded = (spec: FieldMap[string]): boolean => spec.optional !== true && spec.default === undefined;

/** The inputs that Scores take, checked against those that they are given. */
export function checkUses(parts: FlowParts, report: Report): void {
  const ofFlow = keysAt(parts.flow, ["inputs"]);
  for (const { score, by } of scoresOf(parts)) {
    const inputs = inputsOf(score);
    if (by === undefined) {
      for (const [name, spec] of Object.entries(inputs)) {
        if (!isNeeded(spec) || ofFlow.includes(name)) continue;
        const span = keySpan(score, ["inputs", name]) ?? nearestPlace(score, ["inputs"]);
        const message = `The Flow ${parts.flow.path} has no input ${quoted(name)}, which the Score takes.`;
        report.span(score, span, "orket/use-input", message, {
          hint: "Add it to the Flow's 'inputs', or give it a default here.",
        });
      }
      continue;
    }
    const path = [...by.path, "with"];
    const given = keysAt(by.score, path);
    const known = Object.keys(inputs);
    for (const name of given) {
      if (known.includes(name) || score.tree === undefined) continue;
      const span = keySpan(by.score, [...path, name]) ?? nearestPlace(by.score, path);
      const near = nearest(name, known);
      const all = known.length === 0 ? "It takes none." : `It takes ${known.join(", ")}.`;
      report.span(
        by.score,
        span,
        "orket/use-input",
        `The Score ${score.path} has no input ${quoted(name)}.`,
        {
          hint: near === undefined ? all : `Did you mean ${quoted(near)}?`,
        },
      );
    }
    const top = by.score === parts.score ? ofFlow : [];
    for (const [name, spec] of Object.entries(inputs)) {
      if (!isNeeded(spec) || given.includes(name) || top.includes(name)) continue;
      const message = `The Score ${score.path} takes the input ${quoted(name)}, which is not given.`;
      report.at(by.score, [...by.path, "use"], "orket/use-input", message, {
        hint: `Add ${name} under 'with'.`,
      });
    }
  }
}

/** Steps that cannot be undone or that wait for a person must have no parallel work, also in a used Score. */
export function checkBeside(parts: FlowParts, report: Report): void {
  for (const { score, by, beside } of scoresOf(parts)) {
    for (const step of scoreViewOf(score).steps) {
      if (report.isFull(score)) return;
      const command = step.kind === "run" ? textAt(score, [...step.path, "run"]) : undefined;
      const isOutside =
        command !== undefined && textAt(parts.flow, ["commands", command, "effects"]) === "outside";
      const own = besideOthers(score, step);
      // The place of an accept step is checked in its own Score.
      if (isOutside && own !== undefined) {
        const message = `The command ${quoted(command)} has effects outside and cannot run in ${own}.`;
        report.at(score, [...step.path, "run"], "orket/not-beside-others", message, {
          hint: "Put it after the group.",
        });
      } else if (own === undefined && beside !== undefined && by !== undefined) {
        if (!isOutside && step.kind !== "accept") continue;
        const what = isOutside ? `the command ${quoted(command)} with effects outside` : "an accept step";
        const message = `The Score ${score.path} holds ${what} and cannot be used in ${beside}.`;
        report.at(by.score, [...by.path, "use"], "orket/not-beside-others", message, {
          hint: "Put it after the group.",
        });
      }
    }
  }
}

/** Commands that steps run, checked against the Flow's table. */
export function checkCommands(parts: FlowParts, report: Report): void {
  const known = keysAt(parts.flow, ["commands"]);
  const seen = new Set<SourceDocument>();
  for (const { score } of scoresOf(parts)) {
    if (seen.has(score)) continue;
    seen.add(score);
    for (const step of scoreViewOf(score).steps) {
      const path = [...step.path, "run"];
      const command = step.kind === "run" ? textAt(score, path) : undefined;
      if (command === undefined || known.includes(command) || report.isFull(score)) continue;
      const message = `The Flow ${parts.flow.path} has no command ${quoted(command)}.`;
      report.at(score, path, "orket/unknown-command", message, {
        hint:
          known.length === 0
            ? "Add it to the Flow's 'commands'."
            : `Its commands are ${known.slice(0, 20).join(", ")}.`,
        ...replaceValue(score, path, nearest(command, known)),
      });
    }
  }
}
