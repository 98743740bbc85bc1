import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { isGiven, textAt, textsAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import { canSee, scoreViewOf } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { checkCompared, checkTogether } from "./compared";
import { saysOf, unknownField } from "./says";
import type { Says, UsedScore } from "./says";
import { defined } from "../../engine/model/defined";

/** The place of a condition: before a step or a group, or at the end of a loop. */
interface Stand {
  readonly path: ValuePath;
  readonly at: StepView | GroupView;
  /** The loop whose `until` it is. */
  readonly loop?: GroupView;
}

const groupPath = (group: GroupView): ValuePath => [...group.path, group.kind];

/** The conditions of a Score, each with its place. */
function conditionsOf(score: SourceDocument, view: ScoreView): Stand[] {
  const found: Stand[] = [];
  const add = (path: ValuePath, at: StepView | GroupView, loop?: GroupView): void => {
    const value = valueAt(score.value, path);
    const more = loop === undefined ? {} : { loop };
    if (Array.isArray(value))
      value.forEach((_, index) => found.push({ path: [...path, index], at, ...more }));
    else if (value !== undefined) found.push({ path, at, ...more });
  };
  for (const step of view.steps) add([...step.path, "when"], step);
  for (const group of view.groups) {
    add([...groupPath(group), "when"], group);
    if (group.kind === "loop") add([...groupPath(group), "until"], group, group);
  }
  return found;
}

/** A step or group by its id. */
export function targetOf(view: ScoreView, id: string): StepView | GroupView | undefined {
  return view.byId.get(id) ?? view.groupById.get(id);
}

function idsOf(view: ScoreView): string[] {
  return [...view.byId.keys(), ...view.groupById.keys()];
}

/** Why the result of a step cannot be known at a place; undefined: it can. */
function unseen(at: StepView | GroupView, to: StepView | GroupView): string | undefined {
  switch (canSee(at, to)) {
    case "yes":
      return undefined;
    case "itself":
      return "has not ended there";
    case "parallel":
      return "runs beside it in a parallel group";
    case "later":
      return "comes after it";
    case "items":
      return "runs once per item of a group that this does not stand in";
  }
}

function checkStep(
  score: SourceDocument,
  view: ScoreView,
  stand: Stand,
  report: Report,
): StepView | GroupView | undefined {
  const path = [...stand.path, "step"];
  const wanted = textAt(score, path);
  if (wanted === undefined) return undefined;
  const { loop } = stand;
  const target = targetOf(view, wanted);
  if (loop !== undefined) {
    const isInside = target?.around.includes(loop) === true;
    if (target !== undefined && isInside) return target;
    const inside = view.steps.filter(({ around }) => around.includes(loop));
    const hint = "Name a step of the loop that gives a verdict.";
    if (target !== undefined) {
      report.at(score, path, "orket/until-outside-loop", `The step ${quoted(wanted)} is not in this loop.`, {
        hint,
      });
    } else {
      const near = nearest(
        wanted,
        inside.filter(({ verdict }) => verdict !== undefined).map(({ id }) => id),
      );
      report.at(score, path, "orket/until-unknown-step", `There is no step ${quoted(wanted)}.`, {
        hint,
        ...replaceValue(score, path, near),
      });
    }
    return undefined;
  }
  if (target === undefined) {
    report.at(score, path, "orket/condition-unknown", `There is no step ${quoted(wanted)}.`, {
      ...replaceValue(score, path, nearest(wanted, idsOf(view))),
    });
    return undefined;
  }
  const why = unseen(stand.at, target);
  if (why === undefined) return target;
  report.at(
    score,
    path,
    "orket/condition-unknown",
    `The condition can never hold: ${quoted(wanted)} ${why}.`,
    {
      hint: "Name an earlier step, or put both into a loop.",
    },
  );
  return undefined;
}

/** The name of a step or a group in messages. */
function called(target: StepView | GroupView): string {
  return `${"verdict" in target ? "step" : target.kind} ${quoted(target.id)}`;
}

/** The words at a path, of which each must be a verdict of the step or group. */
function checkWords(
  score: SourceDocument,
  path: ValuePath,
  target: StepView | GroupView,
  says: Says,
  code: "orket/condition-unknown" | "orket/until-unknown-verdict",
  report: Report,
): void {
  const value = valueAt(score.value, path);
  const given = says.words;
  if (value === undefined) return;
  const words = Array.isArray(value) ? value : [value];
  words.forEach((word: unknown, index) => {
    if (typeof word !== "string" || given.includes(word)) return;
    const here = Array.isArray(value) ? [...path, index] : path;
    const message =
      given.length === 0
        ? `The ${called(target)} gives no verdict.`
        : `The ${called(target)} has no verdict ${quoted(word)}; it has ${given.join(", ")}.`;
    report.at(score, here, code, message, {
      ...(given.length === 0 ? { hint: wayToVerdict(target, word) } : {}),
      ...replaceValue(score, here, nearest(word, given)),
    });
  });
}

function wayToVerdict(target: StepView | GroupView, word: string): string {
  if ("verdict" in target) return `Give it 'verdict: [${word}, …]'.`;
  return target.kind === "loop" || target.kind === "sequence"
    ? "Its last step must give the verdict."
    : "Name a step after the group that judges what came of it.";
}

/** Why a field of a result can never be known; undefined: it can. */
export function fieldProblem(
  score: SourceDocument,
  view: ScoreView,
  target: StepView | GroupView,
  path: string,
  used?: UsedScore,
): { readonly message: string; readonly hint?: string; readonly near?: string | undefined } | undefined {
  const fields = saysOf(score, view, target, used)?.fields;
  if (fields === undefined) return undefined;
  const isStep = "verdict" in target;
  if (Object.keys(fields).length === 0) {
    const hint =
      isStep && target.kind !== "use"
        ? `Declare the field in its '${target.kind === "ask" ? "fields" : "result"}'.`
        : "Name a step of which the result is declared.";
    return { message: `The ${called(target)} has no result.`, hint };
  }
  const unknown = path === "" ? undefined : unknownField(fields, path);
  if (unknown === undefined) return undefined;
  const { name, known } = unknown;
  const near = nearest(name, known);
  const message = `The result of ${quoted(target.id)} has no field ${quoted(name)}; it has ${known.join(", ")}.`;
  return { message, near: near === undefined ? undefined : path.replace(name, near) };
}

function checkField(
  score: SourceDocument,
  view: ScoreView,
  path: ValuePath,
  target: StepView | GroupView,
  code: "orket/condition-unknown" | "orket/unknown-step",
  report: Report,
  used?: UsedScore,
): void {
  const field = textAt(score, path);
  const problem = field === undefined ? undefined : fieldProblem(score, view, target, field, used);
  if (problem === undefined) return;
  report.at(score, path, code, problem.message, {
    ...defined({ hint: problem.hint }),
    ...replaceValue(score, path, problem.near),
  });
}

/** Steps, verdicts and fields that conditions name, and verdicts that steps must give. */
export function checkConditions(score: SourceDocument, view: ScoreView, report: Report): void {
  for (const stand of conditionsOf(score, view)) {
    if (report.isFull(score)) return;
    if (stand.path.at(-1) === 0) checkTogether(score, stand.path.slice(0, -1), report);
    const target = checkStep(score, view, stand, report);
    // What a used Score gives back is declared in another file.
    const says = target === undefined ? undefined : saysOf(score, view, target);
    checkCompared(score, stand.path, says, report);
    if (target !== undefined && says !== undefined) checkSaid(score, view, stand, target, says, report);
  }
  for (const step of view.steps) {
    if (report.isFull(score)) return;
    const says = isGiven(score, [...step.path, "must"]) ? saysOf(score, view, step) : undefined;
    if (says !== undefined)
      checkWords(score, [...step.path, "must"], step, says, "orket/condition-unknown", report);
  }
}

function checkSaid(
  score: SourceDocument,
  view: ScoreView,
  stand: Stand,
  target: StepView | GroupView,
  says: Says,
  report: Report,
  used?: UsedScore,
): void {
  const code = stand.loop === undefined ? "orket/condition-unknown" : "orket/until-unknown-verdict";
  checkWords(score, [...stand.path, "verdict"], target, says, code, report);
  checkField(score, view, [...stand.path, "field"], target, "orket/condition-unknown", report, used);
}

/** The same for what used Scores give back, where the files of the Flow are known. */
export function checkUsedConditions(score: SourceDocument, used: UsedScore, report: Report): void {
  const view = scoreViewOf(score);
  const saysUsed = (target: StepView | GroupView): Says | undefined =>
    saysOf(score, view, target) === undefined ? saysOf(score, view, target, used) : undefined;
  for (const stand of conditionsOf(score, view)) {
    const target = targetOf(view, textAt(score, [...stand.path, "step"]) ?? "");
    const says = target === undefined ? undefined : saysUsed(target);
    if (target === undefined || says === undefined || report.isFull(score)) continue;
    checkCompared(score, stand.path, says, report);
    checkSaid(score, view, stand, target, says, report, used);
  }
  for (const step of view.steps) {
    const says = isGiven(score, [...step.path, "must"]) ? saysUsed(step) : undefined;
    if (says !== undefined)
      checkWords(score, [...step.path, "must"], step, says, "orket/condition-unknown", report);
  }
  for (const path of sourcesOf(view)) {
    const target = targetOf(view, textAt(score, [...path, "step"]) ?? "");
    if (target === undefined || saysUsed(target) === undefined) continue;
    checkField(score, view, [...path, "field"], target, "orket/unknown-step", report, used);
  }
}

/** Where groups and questions name the result that their list is in. */
function sourcesOf(view: ScoreView): ValuePath[] {
  return [
    ...view.groups.flatMap((group) => (group.kind === "each" ? [[...groupPath(group), "in"]] : [])),
    ...view.steps.flatMap((step) => (step.kind === "ask" ? [[...step.path, "ask", "from"]] : [])),
  ];
}

/** The lists that groups and questions take from results, and the step whose result a Score returns. */
export function checkSources(score: SourceDocument, view: ScoreView, report: Report): void {
  const look = (path: ValuePath, at: StepView | GroupView | undefined): void => {
    const wanted = textAt(score, [...path, "step"]);
    if (wanted === undefined || report.isFull(score)) return;
    const target = targetOf(view, wanted);
    const here = [...path, "step"];
    if (target === undefined) {
      report.at(score, here, "orket/unknown-step", `There is no step ${quoted(wanted)}.`, {
        ...replaceValue(score, here, nearest(wanted, idsOf(view))),
      });
      return;
    }
    const why = at === undefined ? undefined : unseen(at, target);
    if (why !== undefined)
      report.at(score, here, "orket/unknown-step", `Its result is not known here: ${quoted(wanted)} ${why}.`);
    else if (at !== undefined)
      checkField(score, view, [...path, "field"], target, "orket/unknown-step", report);
  };
  for (const group of view.groups) if (group.kind === "each") look([...groupPath(group), "in"], group);
  for (const step of view.steps) if (step.kind === "ask") look([...step.path, "ask", "from"], step);
  look(["result"], undefined);
}

/** The steps whose reports a step reads. */
export function checkReads(score: SourceDocument, view: ScoreView, report: Report): void {
  for (const step of view.steps) {
    for (const { text: wanted, path } of textsAt(score, [...step.path, "reads"])) {
      if (report.isFull(score)) return;
      const target = targetOf(view, wanted);
      if (target === undefined) {
        report.at(score, path, "orket/unknown-step", `There is no step ${quoted(wanted)}.`, {
          ...replaceValue(score, path, nearest(wanted, idsOf(view))),
        });
        continue;
      }
      const why = unseen(step, target);
      if (why !== undefined)
        report.at(
          score,
          path,
          "orket/unknown-step",
          `Its report is not known here: ${quoted(wanted)} ${why}.`,
        );
    }
  }
}

/** A person can be asked about artifacts only where no parallel work changes them. */
export function checkPlacement(score: SourceDocument, view: ScoreView, report: Report): void {
  for (const step of view.steps) {
    if (step.kind !== "accept") continue;
    const beside = besideOthers(score, step);
    if (beside === undefined) continue;
    report.at(
      score,
      [...step.path, "accept"],
      "orket/not-beside-others",
      `An accept step is not allowed in ${beside}.`,
      {
        hint: "Put it after the group.",
      },
    );
  }
}

/** The group around a step in which other steps run at the same time; undefined: there is none. */
export function besideOthers(score: SourceDocument, step: StepView): string | undefined {
  for (const group of step.around) {
    if (group.kind === "parallel") return "a parallel group";
    const atOnce = group.kind === "each" ? valueAt(score.value, [...groupPath(group), "at_once"]) : undefined;
    if (typeof atOnce === "number" && atOnce > 1) return "an each with at_once above 1";
  }
  return undefined;
}
