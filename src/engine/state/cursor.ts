import { nodesIn } from "../model/definition";
import type { GroupPlanNode, LoopNode, PlanNode, StepNode } from "../model/definition";
import type { Json } from "../model/field";
import { checkConditions } from "./conditions";
import { activeRuns, conflictText, hasEnded, openConflict } from "./front";
import type { ActiveItem, ActiveRun, Branch, FanItem, SequenceCursor, SerialItem } from "./front";
import { inItem, inRound, inUse, keyAt, topPlace } from "./place";
import type { Place } from "./place";
import { withProduces } from "./produces";
import { emptyScope, joinScopes, resultOf, takenBack, withPass } from "./scope";
import type { Scope } from "./scope";
import { newRun } from "./step-run";
import type { GroupGate, PartEnd, StepRun } from "./step-run";
import { defined } from "../model/defined";

export { activeRuns, conflictText, isLeftOut, openConflict } from "./front";
export type { ActiveRun, Branch, FrontRun } from "./front";

/** What the cursor must know about the session. */
interface Walk {
  readonly inputs: Readonly<Record<string, Json>>;
}
const noInputs: Walk = { inputs: {} };

const start: SequenceCursor = { index: 0, active: null };

/** The Score before its first step. */
export function startBranch(
  nodes: readonly PlanNode[],
  scope: Scope = emptyScope,
  place: Place = topPlace,
  walk: Walk = noInputs,
): Branch {
  return settle(nodes, { at: start, scope }, place, walk);
}

/** The ids of steps and groups below a node, its own first. */
function idsIn(node: PlanNode): string[] {
  return [
    ...(node.id === undefined ? [] : [node.id]),
    ...(node.kind === "step" ? [] : nodesIn(node).flatMap(idsIn)),
  ];
}

/** Records for every step of these nodes that it was passed without a result. */
function passAll(nodes: readonly PlanNode[], scope: Scope, place: Place): Scope {
  let passed = scope;
  for (const id of nodes.flatMap(idsIn)) passed = withPass(passed, { id, key: `${keyAt(id, place)} ` });
  return passed;
}

/** Enters the next item, turns loops and joins groups until a step is current, or the end is reached. */
function settle(nodes: readonly PlanNode[], branch: Branch, place: Place, walk: Walk): Branch {
  let { at, scope } = branch;
  for (;;) {
    const node = nodes[at.index];
    if (node === undefined) return { at: { index: at.index, active: null }, scope };
    const active = at.active ?? begin(node, scope, place, walk);
    const next = advance(node, active, scope, place, walk);
    if (next === "stay") return { at: { index: at.index, active }, scope };
    scope = next.scope;
    at =
      next.active === null ? { index: at.index + 1, active: null } : { index: at.index, active: next.active };
  }
}

type Advance =
  | "stay"
  /** `active` null: the item is over. */
  | { readonly active: ActiveItem | null; readonly scope: Scope };

function advance(node: PlanNode, active: ActiveItem, scope: Scope, place: Place, walk: Walk): Advance {
  if (node.kind === "step" || active.kind === "step" || active.kind === "gate" || active.end !== null)
    return "stay";
  if (active.kind === "fan") return advanceFan(node, active, scope, place, walk);
  return active.body.active === null ? turn(node, active, scope, place, walk) : "stay";
}

/** The group's own step in which its beginning or its end is decided. */
function gateRun(node: GroupPlanNode, place: Place, gate: GroupGate): StepRun {
  const step: StepNode = {
    kind: "step",
    id: node.id ?? "",
    role: node.kind,
    does: { kind: "group", group: node.kind },
    instruction: "",
    produces: [],
    approval: "none",
    max_turns: 1,
    retry_attempts: 1,
    ...defined({ note: node.note, when: node.when }),
    ...(node.kind === "use" && node.must !== undefined ? { must: node.must } : {}),
  };
  return newRun(step, place, gate);
}

function closing(node: GroupPlanNode, place: Place, turns: number, ends: readonly PartEnd[]): StepRun {
  return gateRun(node, place, { stage: "close", turns, ends, exhausted: false });
}

/** Enters a node, or stops before it where something must be known first. */
function begin(node: PlanNode, scope: Scope, place: Place, walk: Walk): ActiveItem {
  if (node.kind === "step")
    return { kind: "step", run: newRun(withProduces(node, place, walk.inputs), place) };
  const waits = node.when !== undefined || node.kind === "each" || node.kind === "use";
  if (!waits) return enter(node, scope, place, walk, [], null);
  return { kind: "gate", run: gateRun(node, place, { stage: "open", turns: 0, ends: [], exhausted: false }) };
}

function enter(
  node: GroupPlanNode,
  scope: Scope,
  place: Place,
  walk: Walk,
  items: readonly Json[],
  inputs: Readonly<Record<string, Json>> | null,
): ActiveItem {
  if (node.kind === "parallel" || (node.kind === "each" && node.at_once > 1)) {
    const branches =
      node.kind === "parallel"
        ? node.branches.map((branch) => startBranch([branch], scope, place, walk))
        : startItems(node, [], items, scope, place, walk);
    return {
      kind: "fan",
      base: scope,
      branches,
      items,
      conflict: undefined,
      goesOn: goesOn(node),
      end: null,
    };
  }
  const fresh: SerialItem = {
    kind: "serial",
    turn: 1,
    most: node.kind === "loop" ? node.max : 1,
    body: start,
    items,
    inputs,
    ends: [],
    since: { changes: scope.changes.length, notes: scope.notes },
    goesOn: goesOn(node),
    end: null,
  };
  if (node.kind === "each" && items.length === 0)
    return { ...fresh, turn: 0, end: closing(node, place, 0, []) };
  return { ...fresh, body: bodyFrom(node, fresh, scope, place, walk).at };
}

/** The place of the steps of a serial group. */
function placeIn(node: GroupPlanNode, active: SerialItem, place: Place): Place {
  switch (node.kind) {
    case "loop":
      return inRound(place, node.id ?? "", active.turn);
    case "each":
      return inItem(place, node.id, active.turn, active.items[active.turn - 1] ?? null);
    case "use":
      return inUse(place, active.inputs ?? {});
    default:
      return place;
  }
}

function bodyFrom(node: GroupPlanNode, active: SerialItem, scope: Scope, place: Place, walk: Walk): Branch {
  return startBranch(nodesIn(node), scope, placeIn(node, active, place), walk);
}

/** What comes after a part of a serial group: the next round or item, or the group's end. */
function turn(node: GroupPlanNode, active: SerialItem, scope: Scope, place: Place, walk: Walk): Advance {
  if (node.kind === "loop") {
    const more = active.turn < active.most && !isUntil(node, active, scope, place, walk);
    if (more) return nextTurn(node, active, scope, place, walk);
    if (node.id === undefined) return { active: null, scope };
    return { active: { ...active, end: closing(node, place, active.turn, []) }, scope };
  }
  if (node.kind !== "each") return { active: { ...active, end: closing(node, place, 1, []) }, scope };
  const within = placeIn(node, active, place);
  const ends = [...active.ends, endOf(node.body, scope, within, labelOf(node.id, active.turn, active.items))];
  return afterItem(node, { ...active, ends }, scope, place, walk);
}

function afterItem(node: GroupPlanNode, active: SerialItem, scope: Scope, place: Place, walk: Walk): Advance {
  if (active.turn < active.items.length) return nextTurn(node, active, scope, place, walk);
  return { active: { ...active, end: closing(node, place, active.turn, active.ends) }, scope };
}

function nextTurn(node: GroupPlanNode, active: SerialItem, scope: Scope, place: Place, walk: Walk): Advance {
  const next: SerialItem = {
    ...active,
    turn: active.turn + 1,
    end: null,
    since: { changes: scope.changes.length, notes: scope.notes },
  };
  const body = bodyFrom(node, next, scope, place, walk);
  return { active: { ...next, body: body.at }, scope: body.scope };
}

/** Whether a loop's `until` holds in the round that ended. */
function isUntil(node: LoopNode, active: SerialItem, scope: Scope, place: Place, walk: Walk): boolean {
  const { until } = node;
  if (until === undefined) return false;
  const within = placeIn(node, active, place);
  if (Array.isArray(until))
    return checkConditions(until, { scope, place: within, inputs: walk.inputs }).holds;
  const result = resultOf(scope, until.step);
  return result?.key === keyAt(until.step, within) && result.verdict === until.verdict;
}

/** The end of a part that reached one: its last step or group that left a result. */
function endOf(nodes: readonly PlanNode[], scope: Scope, place: Place, label: string): PartEnd {
  for (const node of [...nodes].reverse()) {
    if (node.id === undefined) continue;
    const key = keyAt(node.id, place);
    if (resultOf(scope, node.id)?.key === key) return { key, label, failed: undefined };
  }
  return { key: "", label, failed: undefined };
}

/** `docs[3]`, and the item where it is short text. */
function labelOf(each: string, number: number, items: readonly Json[]): string {
  const item = items[number - 1];
  const text = typeof item === "object" && item !== null && "title" in item ? item.title : item;
  const shown = typeof text === "string" || typeof text === "number" ? ` ${String(text)}` : "";
  return `${each}[${number}]${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}`;
}

/** The content of a fan's branch, and its place. */
function partOf(
  node: GroupPlanNode,
  active: FanItem,
  number: number,
  place: Place,
): { nodes: readonly PlanNode[]; place: Place; label: string } {
  if (node.kind === "each") {
    return {
      nodes: node.body,
      place: inItem(place, node.id, number + 1, active.items[number] ?? null),
      label: labelOf(node.id, number + 1, active.items),
    };
  }
  const branch = nodesIn(node)[number];
  return { nodes: branch === undefined ? [] : [branch], place, label: branch?.id ?? `branch ${number + 1}` };
}

/** The branches of an `each`, with new ones up to the number that may be under way together. */
function startItems(
  node: GroupPlanNode & { kind: "each" },
  begun: readonly Branch[],
  items: readonly Json[],
  base: Scope,
  place: Place,
  walk: Walk,
): readonly Branch[] {
  const branches = [...begun];
  const underWay = (): number => branches.filter((branch) => !hasEnded(branch)).length;
  while (branches.length < items.length && underWay() < node.at_once) {
    const within = inItem(place, node.id, branches.length + 1, items[branches.length] ?? null);
    branches.push(startBranch(node.body, base, within, walk));
  }
  return branches.length === begun.length ? begun : branches;
}

function advanceFan(node: GroupPlanNode, active: FanItem, scope: Scope, place: Place, walk: Walk): Advance {
  if (active.conflict !== undefined) return "stay";
  if (node.kind === "each") {
    const branches = startItems(node, active.branches, active.items, active.base, place, walk);
    if (branches !== active.branches) return { active: { ...active, branches }, scope };
  }
  if (!active.branches.every(hasEnded)) return "stay";
  const whole = active.branches.filter(({ failed }) => failed === undefined);
  const joined = joinScopes(
    active.base,
    whole.map((part) => part.scope),
  );
  if (joined.conflict !== undefined) {
    const [, later] = joined.conflict.steps;
    const number = Math.max(
      0,
      active.branches.findIndex((part) => part.failed === undefined && endsWith(part.scope, later)),
    );
    const part = active.branches[number];
    if (!active.goesOn || part === undefined)
      return { active: { ...active, conflict: { ...joined.conflict, branch: number } }, scope };
    // The group goes on without the second writer, as without any part that fails.
    const failed = { key: later, message: conflictText(joined.conflict) };
    return advanceFan(node, withBranch(active, number, { ...part, failed }), scope, place, walk);
  }
  if (node.id === undefined) return { active: null, scope: joined.scope };
  let after = joined.scope;
  const ends = active.branches.map((branch, number): PartEnd => {
    const part = partOf(node, active, number, place);
    if (branch.failed === undefined) return endOf(part.nodes, branch.scope, part.place, part.label);
    after = passAll(part.nodes, after, part.place);
    return { key: branch.failed.key, label: part.label, failed: branch.failed.message };
  });
  return { active: { ...active, end: closing(node, place, active.branches.length, ends) }, scope: after };
}

function endsWith(scope: Scope, step: string | undefined): boolean {
  return scope.changes.slice().some((change) => change.step === step);
}

/** The effect of an update on a run: still at work, or over, with the scope that it leaves. */
export type RunUpdate =
  | { readonly kind: "active"; readonly run: StepRun; readonly scope: Scope }
  | { readonly kind: "over"; readonly scope: Scope }
  /** Of a group's beginning: it is entered. */
  | {
      readonly kind: "enter";
      readonly scope: Scope;
      readonly items: readonly Json[];
      readonly inputs: Readonly<Record<string, Json>> | null;
    }
  /** Of a group's end: a loop gets the same number of rounds again, another group is performed again. */
  | { readonly kind: "again"; readonly scope: Scope };

/** Changes the run named `key` and advances where that ends it. Returns null when no such run is active. */
export function updateRun(
  nodes: readonly PlanNode[],
  branch: Branch,
  key: string,
  update: (active: ActiveRun) => RunUpdate,
  place: Place = topPlace,
  walk: Walk = noInputs,
): Branch | null {
  const { at, scope } = branch;
  const node = nodes[at.index];
  const active = at.active;
  if (node === undefined || active === null) return null;
  const settled = (next: ActiveItem | null, nextScope: Scope): Branch =>
    settle(
      nodes,
      { at: { index: next === null ? at.index + 1 : at.index, active: next }, scope: nextScope },
      place,
      walk,
    );
  if (active.kind === "step" || active.kind === "gate") {
    if (active.run.key !== key) return null;
    const updated = update({ run: active.run, scope });
    if (updated.kind === "active") return settled({ kind: active.kind, run: updated.run }, updated.scope);
    if (node.kind === "step" || updated.kind === "again") return settled(null, updated.scope);
    if (updated.kind === "over") return settled(null, passAll([node], updated.scope, place));
    return settled(enter(node, updated.scope, place, walk, updated.items, updated.inputs), updated.scope);
  }
  if (node.kind === "step") return null;
  if (active.end !== null) {
    if (active.end.key !== key) return null;
    const updated = update({ run: active.end, scope });
    if (updated.kind === "active") return settled({ ...active, end: updated.run }, updated.scope);
    if (updated.kind !== "again") return settled(null, updated.scope);
    return againFrom(node, active, updated.scope, place, walk, settled);
  }
  return active.kind === "serial"
    ? updateSerial(node, active, scope, key, update, place, walk, settled)
    : updateFan(node, active, scope, key, update, place, walk, settled);
}

type Settled = (next: ActiveItem | null, scope: Scope) => Branch;

function againFrom(
  node: GroupPlanNode,
  active: SerialItem | FanItem,
  scope: Scope,
  place: Place,
  walk: Walk,
  settled: Settled,
): Branch {
  if (active.kind === "serial" && node.kind === "loop") {
    const more = nextTurn(node, { ...active, most: active.most + node.max }, scope, place, walk);
    return more === "stay" ? settled(active, scope) : settled(more.active, more.scope);
  }
  const inputs = active.kind === "serial" ? active.inputs : null;
  return settled(enter(node, scope, place, walk, active.items, inputs), scope);
}

function updateSerial(
  node: GroupPlanNode,
  active: SerialItem,
  scope: Scope,
  key: string,
  update: (active: ActiveRun) => RunUpdate,
  place: Place,
  walk: Walk,
  settled: Settled,
): Branch | null {
  const within = placeIn(node, active, place);
  const body = updateRun(nodesIn(node), { at: active.body, scope }, key, update, within, walk);
  if (body === null) return null;
  const failed = goesOn(node) ? failureOf(body) : undefined;
  if (failed === undefined) return settled({ ...active, body: body.at }, body.scope);
  const label = node.kind === "each" ? labelOf(node.id, active.turn, active.items) : "";
  const ends = [...active.ends, { key: failed.key, label, failed: failed.message }];
  const back = passAll(nodesIn(node), takenBack(body.scope, active.since), within);
  const next = afterItem(node, { ...active, ends, body: { index: 0, active: null } }, back, place, walk);
  return next === "stay" ? settled(active, back) : settled(next.active, next.scope);
}

function updateFan(
  node: GroupPlanNode,
  active: FanItem,
  scope: Scope,
  key: string,
  update: (active: ActiveRun) => RunUpdate,
  place: Place,
  walk: Walk,
  settled: Settled,
): Branch | null {
  for (const [number, part] of active.branches.entries()) {
    const { nodes, place: within } = partOf(node, active, number, place);
    const updated = updateRun(nodes, part, key, update, within, walk);
    if (updated === null) continue;
    const failed = goesOn(node) ? failureOf(updated) : undefined;
    const branch: Branch =
      failed === undefined
        ? updated
        : {
            at: { index: nodes.length, active: null },
            scope: updated.scope,
            failed,
          };
    return settled(withBranch(active, number, branch), scope);
  }
  return null;
}

/** Whether a failure within a group is data: the other parts continue. */
function goesOn(node: GroupPlanNode): boolean {
  return (node.kind === "parallel" || node.kind === "each") && node.on_failure === "continue";
}

/**
 * The failure of a part, once the whole part has come to rest. What runs beside the failed run reaches its own end
 * first: no work under way is lost, and what is performed does not depend on what was faster.
 */
function failureOf(branch: Branch): { readonly key: string; readonly message: string } | undefined {
  const runs = activeRuns(branch);
  if (!runs.every(({ run }) => run.failure !== null)) return undefined;
  const [first] = runs;
  if (first !== undefined) return { key: first.run.key, message: first.run.failure?.message ?? "" };
  const conflict = openConflict(branch);
  return conflict === undefined ? undefined : { key: conflict.step, message: conflictText(conflict) };
}

function withBranch(active: FanItem, number: number, part: Branch): FanItem {
  const branches = active.branches.map((old, index) => (index === number ? part : old));
  return { ...active, branches, conflict: undefined };
}

/** Settles a conflict: the later branch is performed again from the group's start, or dropped. */
export function resolveConflict(
  nodes: readonly PlanNode[],
  branch: Branch,
  how: "retry" | "skip",
  place: Place = topPlace,
  walk: Walk = noInputs,
): Branch {
  const node = nodes[branch.at.index];
  const active = branch.at.active;
  if (node === undefined || node.kind === "step" || active === null) return branch;
  if (active.kind === "step" || active.kind === "gate") return branch;
  const settled = (next: ActiveItem, scope = branch.scope): Branch =>
    settle(nodes, { at: { index: branch.at.index, active: next }, scope }, place, walk);
  if (active.kind === "serial") {
    const within = placeIn(node, active, place);
    const body = resolveConflict(nodesIn(node), { at: active.body, scope: branch.scope }, how, within, walk);
    return settled({ ...active, body: body.at }, body.scope);
  }
  if (active.conflict !== undefined) {
    const number = active.conflict.branch;
    const part = partOf(node, active, number, place);
    const again: Branch =
      how === "retry"
        ? startBranch(part.nodes, active.base, part.place, walk)
        : { at: { index: part.nodes.length, active: null }, scope: active.base };
    return settled(withBranch(active, number, again));
  }
  const branches = active.branches.map((one, number) => {
    const part = partOf(node, active, number, place);
    return resolveConflict(part.nodes, one, how, part.place, walk);
  });
  return settled({ ...active, branches });
}
