import { resolveConditions } from "../../engine/model/condition";
import type { ConditionsFile } from "../../engine/model/condition";
import type { Act, PlanNode, StepNode } from "../../engine/model/definition";
import type { FieldMap } from "../../engine/model/field";
import type { Approval } from "../../engine/model/names";
import { acceptVerdicts, answered } from "../../engine/model/score";
import type { ScoreFile, ScoreItemFile } from "../../engine/model/score";
import { contentOf } from "../schema/contents";
import { pathId, scoreViewOf } from "../schema/score-view";
import type { ScoreView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { defined } from "../../engine/model/defined";

/** A Score in the form of a definition. */
export interface PlannedScore {
  readonly steps: PlanNode[];
  /** The whole id of the step or group whose result the Score returns. */
  readonly result: string;
  readonly inputs: FieldMap;
}

interface Context {
  readonly view: ScoreView;
  readonly approval: Approval;
  /** The whole id of the `use` around the Score. */
  readonly frame: string | undefined;
  /** Steps whose verdict a condition reads. */
  readonly looked: ReadonlySet<string>;
  /** The Scores that are used, in the order of a walk; `unknown`: a used Score is left empty. */
  readonly uses: (SourceDocument | undefined)[] | "unknown";
}

/**
 * Resolves a Score and the Scores that it uses.
 * @param uses the Scores of `use` steps in traversal order; each is taken from the front. `unknown`: the Score alone is
 * read, and what it uses has no steps.
 * @returns undefined where one of the files is absent or invalid.
 */
export function planScore(
  source: SourceDocument,
  approval: Approval,
  uses: (SourceDocument | undefined)[] | "unknown",
  frame?: string,
): PlannedScore | undefined {
  const content = contentOf(source, "score");
  if (content === undefined) return undefined;
  const view = scoreViewOf(source);
  const context: Context = { view, approval, frame, looked: lookedAt(content.steps), uses };
  const steps = planItems(content.steps, ["steps"], context);
  if (steps === undefined) return undefined;
  const last = view.idAt.get(pathId(["steps", content.steps.length - 1])) ?? "";
  return { steps, result: wholeId(content.result?.step ?? last, frame), inputs: content.inputs };
}

function wholeId(id: string, frame: string | undefined): string {
  return frame === undefined ? id : `${frame}.${id}`;
}

/** The steps whose verdict a condition of these items reads. */
function lookedAt(items: ScoreFile["steps"]): Set<string> {
  const looked = new Set<string>();
  const look = (conditions: ConditionsFile | undefined): void => {
    for (const one of conditions === undefined ? [] : [conditions].flat())
      if (one.step !== undefined && one.verdict !== undefined) looked.add(one.step);
  };
  const walk = (list: readonly ScoreItemFile[]): void => {
    for (const item of list) {
      if ("loop" in item) look(item.loop.until);
      const inner = groupOf(item);
      look(inner === undefined ? (item as { when?: ConditionsFile }).when : inner.when);
      if (inner !== undefined) walk(inner.steps);
    }
  };
  walk(items);
  return looked;
}

function groupOf(
  item: ScoreItemFile,
): { when?: ConditionsFile | undefined; steps: ScoreItemFile[] } | undefined {
  if ("loop" in item) return item.loop;
  if ("each" in item) return item.each;
  if ("parallel" in item) return item.parallel;
  return "sequence" in item ? item.sequence : undefined;
}

function planItems(
  items: readonly ScoreItemFile[],
  path: ValuePath,
  context: Context,
): PlanNode[] | undefined {
  const nodes: PlanNode[] = [];
  for (const [index, item] of items.entries()) {
    const node = planItem(item, [...path, index], context);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes;
}

function conditionsOf(
  file: ConditionsFile | undefined,
  { frame }: Context,
): ReturnType<typeof resolveConditions> | undefined {
  return file === undefined ? undefined : resolveConditions(file, (step) => wholeId(step, frame));
}

function planItem(item: ScoreItemFile, here: ValuePath, context: Context): PlanNode | undefined {
  const { view, frame } = context;
  const id = wholeId(view.idAt.get(pathId(here)) ?? "", frame);
  const inner = groupOf(item);
  const own = inner ?? (item as { note?: string; when?: ConditionsFile });
  const note = "note" in own && typeof own.note === "string" ? { note: own.note } : {};
  const conditions = conditionsOf(own.when, context);
  const shared = { id, ...note, ...defined({ when: conditions }) };
  const inFrame = frame === undefined ? {} : { frame };
  if (inner === undefined) {
    if ("use" in item) return planUse(item, shared, context);
    return { ...planLeaf(item as LeafFile, shared, context), ...inFrame };
  }
  const kind =
    "loop" in item ? "loop" : "each" in item ? "each" : "parallel" in item ? "parallel" : "sequence";
  const body = planItems(inner.steps, [...here, kind, "steps"], context);
  if (body === undefined) return undefined;
  if ("loop" in item) {
    const { max, on_exhausted } = item.loop;
    const until = conditionsOf(item.loop.until, context);
    return { kind: "loop", ...shared, max, ...defined({ until }), on_exhausted, body };
  }
  if ("each" in item) {
    const { max, at_once, on_failure, in: from } = item.each;
    const items =
      from.glob !== undefined
        ? { glob: from.glob }
        : from.input !== undefined
          ? { input: from.input }
          : { step: wholeId(from.step ?? "", frame), field: from.field ?? "" };
    return { kind: "each", ...shared, in: items, max, at_once, on_failure, body, ...inFrame };
  }
  if ("parallel" in item)
    return { kind: "parallel", ...shared, on_failure: item.parallel.on_failure, branches: body };
  return { kind: "sequence", ...shared, body };
}

type Shared = Pick<StepNode, "id" | "note" | "when">;

function planUse(
  item: Extract<ScoreItemFile, { use: string }>,
  shared: Shared,
  context: Context,
): PlanNode | undefined {
  const { uses } = context;
  const own = {
    kind: "use" as const,
    ...shared,
    ...(item.must === undefined ? {} : { must: [item.must].flat() }),
    with: item.with,
    ...defined({ frame: context.frame }),
  };
  if (uses === "unknown") return { ...own, score: "", source: "", inputs: {}, result: "", body: [] };
  const source = uses.shift();
  const used = source === undefined ? undefined : planScore(source, context.approval, uses, shared.id);
  if (source === undefined || used === undefined) return undefined;
  return {
    ...own,
    score: contentOf(source, "score")?.name ?? "",
    source: source.path,
    inputs: used.inputs,
    result: used.result,
    body: used.steps,
  };
}

type LeafFile = Exclude<
  ScoreItemFile,
  { use: string } | { loop: object } | { each: object } | { parallel: object } | { sequence: object }
>;

function planLeaf(item: LeafFile, shared: Shared, context: Context): StepNode {
  const base = {
    kind: "step" as const,
    ...shared,
    instruction: "",
    produces: [],
    approval: "none" as const,
    max_turns: 1,
    retry_attempts: 1,
  };
  const looked = context.looked.has(
    shared.id.slice(context.frame === undefined ? 0 : context.frame.length + 1),
  );
  const must = (preset: readonly string[] | undefined): { must?: string[] } => {
    const words = item.must === undefined ? (looked ? undefined : preset) : [item.must].flat();
    return words === undefined ? {} : { must: [...words] };
  };
  const doing = (role: string, does: Act): Pick<StepNode, "role" | "does"> => ({ role, does });
  if ("run" in item) {
    const { run: command, result } = item;
    return {
      ...base,
      ...doing(`command ${command}`, { kind: "run", command }),
      ...must(["pass"]),
      ...defined({ result }),
      approval: item.approval ?? "none",
      ...timesOf(item),
    };
  }
  if ("ask" in item) {
    const { ask, fields = {}, verdict = [answered] } = item;
    const question =
      typeof ask === "string"
        ? { question: ask }
        : { from: { ...ask.from, step: wholeId(ask.from.step, context.frame) } };
    const others = item.agent_may_answer === true ? { agent_may_answer: true as const } : {};
    return {
      ...base,
      ...doing("a person", { kind: "ask", ...question, fields, ...others }),
      verdict,
      ...must(undefined),
    };
  }
  if ("accept" in item) {
    return {
      ...base,
      ...doing("a person", { kind: "accept", paths: item.accept }),
      verdict: [...acceptVerdicts],
      ...must(["accepted", "partly"]),
    };
  }
  const { role, instruction = "", produces, verdict, result, max_turns, reads } = item;
  return {
    ...base,
    role,
    instruction,
    produces: [...new Set(produces)],
    ...(reads === undefined
      ? {}
      : { reads: reads === "all" ? reads : reads.map((id) => wholeId(id, context.frame)) }),
    ...defined({ verdict, result }),
    ...must(undefined),
    approval: item.approval ?? context.approval,
    max_turns,
    ...timesOf(item),
  };
}

function timesOf(item: Extract<LeafFile, { retry: object }>): Partial<StepNode> & { retry_attempts: number } {
  const { attempts, feedback, pause_seconds: pause } = item.retry;
  return {
    retry_attempts: attempts,
    ...(feedback === true ? { retry_feedback: true as const } : {}),
    ...(pause === undefined || pause === 0 ? {} : { retry_pause_seconds: pause }),
    ...defined({ timeout_seconds: item.timeout_seconds }),
  };
}
