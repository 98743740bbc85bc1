import type { LoopNode, ParallelNode, PlanNode } from "../model/definition";
import { emptyScope, joinScopes, resultOf } from "./scope";
import type { JoinConflict, Scope } from "./scope";
import { newRun, stepKey } from "./step-run";
import type { StepRun } from "./step-run";

/** Where a sequence of the Score stands. `active` is null only when the sequence has ended. */
export interface SequenceCursor {
  readonly index: number;
  readonly active: ActiveItem | null;
}

export type ActiveItem =
  | { readonly kind: "step"; readonly run: StepRun }
  | { readonly kind: "loop"; readonly iteration: number; readonly body: SequenceCursor }
  | {
      readonly kind: "parallel";
      readonly base: Scope;
      readonly branches: readonly Branch[];
      /** Set when the branches could not be joined: the later branch's place, and who wrote what. */
      readonly conflict: (JoinConflict & { readonly branch: number }) | undefined;
    };

/** A sequence with what its steps can see. The whole Score is one. */
export interface Branch {
  readonly at: SequenceCursor;
  readonly scope: Scope;
}

/** A run that may go on, with the scope it sees. */
export interface ActiveRun {
  readonly run: StepRun;
  readonly scope: Scope;
}

const start: SequenceCursor = { index: 0, active: null };

/** The Score before its first step. */
export function startBranch(
  nodes: readonly PlanNode[],
  scope: Scope = emptyScope,
  iteration: readonly number[] = [],
): Branch {
  return settle(nodes, { at: start, scope }, iteration);
}

export function hasEnded(branch: Branch): boolean {
  return branch.at.active === null;
}

/** Enters the next item, turns loops and joins groups until a step stands in front, or the end is reached. */
function settle(nodes: readonly PlanNode[], branch: Branch, iteration: readonly number[]): Branch {
  let { at, scope } = branch;
  for (;;) {
    const node = nodes[at.index];
    if (node === undefined) return { at: { index: at.index, active: null }, scope };
    const active = at.active ?? enter(node, scope, iteration);
    if (active.kind === "loop" && active.body.active === null) {
      const next = turnLoop(node as LoopNode, active, scope, iteration);
      at = next === null ? { index: at.index + 1, active: null } : { index: at.index, active: next.active };
      scope = next?.scope ?? scope;
      continue;
    }
    if (active.kind === "parallel" && active.conflict === undefined && active.branches.every(hasEnded)) {
      const joined = joinScopes(
        active.base,
        active.branches.map((part) => part.scope),
      );
      if (joined.conflict === undefined) {
        at = { index: at.index + 1, active: null };
        scope = joined.scope;
        continue;
      }
      const branchNumber = active.branches.findIndex((part) =>
        endsWith(part.scope, joined.conflict?.steps[1]),
      );
      const conflict = { ...joined.conflict, branch: Math.max(branchNumber, 0) };
      return { at: { index: at.index, active: { ...active, conflict } }, scope };
    }
    return { at: { index: at.index, active }, scope };
  }
}

function endsWith(scope: Scope, step: string | undefined): boolean {
  return scope.changes.slice().some((change) => change.step === step);
}

function enter(node: PlanNode, scope: Scope, iteration: readonly number[]): ActiveItem {
  switch (node.kind) {
    case "step":
      return { kind: "step", run: newRun(node, iteration) };
    case "loop":
      return { kind: "loop", iteration: 1, body: startBranch(node.body, scope, [...iteration, 1]).at };
    case "parallel":
      return {
        kind: "parallel",
        base: scope,
        branches: node.branches.map((branch) => startBranch([branch], scope, iteration)),
        conflict: undefined,
      };
  }
}

function turnLoop(
  node: LoopNode,
  active: ActiveItem & { kind: "loop" },
  scope: Scope,
  iteration: readonly number[],
): { active: ActiveItem; scope: Scope } | null {
  if (active.iteration >= node.max) return null;
  if (node.until !== undefined) {
    const result = resultOf(scope, node.until.step);
    const key = stepKey(node.until.step, [...iteration, active.iteration]);
    if (result?.key === key && result.verdict === node.until.verdict) return null;
  }
  const next = active.iteration + 1;
  const body = startBranch(node.body, scope, [...iteration, next]);
  return { active: { kind: "loop", iteration: next, body: body.at }, scope: body.scope };
}

/** What an update makes of a run: still at work, or over, with the scope that it leaves. */
export type RunUpdate =
  | { readonly kind: "active"; readonly run: StepRun; readonly scope: Scope }
  | { readonly kind: "over"; readonly scope: Scope };

/** Changes the run named `key` and moves on where that ends it. Returns null when no such run is active. */
export function updateRun(
  nodes: readonly PlanNode[],
  branch: Branch,
  key: string,
  update: (active: ActiveRun) => RunUpdate,
  iteration: readonly number[] = [],
): Branch | null {
  const { at, scope } = branch;
  const node = nodes[at.index];
  const active = at.active;
  if (node === undefined || active === null) return null;
  switch (active.kind) {
    case "step": {
      if (active.run.key !== key) return null;
      const updated = update({ run: active.run, scope });
      const next: SequenceCursor =
        updated.kind === "active"
          ? { index: at.index, active: { kind: "step", run: updated.run } }
          : { index: at.index + 1, active: null };
      return settle(nodes, { at: next, scope: updated.scope }, iteration);
    }
    case "loop": {
      const within = [...iteration, active.iteration];
      const body = updateRun((node as LoopNode).body, { at: active.body, scope }, key, update, within);
      if (body === null) return null;
      const next: SequenceCursor = { index: at.index, active: { ...active, body: body.at } };
      return settle(nodes, { at: next, scope: body.scope }, iteration);
    }
    case "parallel": {
      const plans = (node as ParallelNode).branches;
      for (let number = 0; number < active.branches.length; number += 1) {
        const part = active.branches[number];
        const plan = plans[number];
        if (part === undefined || plan === undefined) continue;
        const updated = updateRun([plan], part, key, update, iteration);
        if (updated !== null) return settle(nodes, withBranch(branch, active, number, updated), iteration);
      }
      return null;
    }
  }
}

function withBranch(
  branch: Branch,
  active: ActiveItem & { kind: "parallel" },
  number: number,
  part: Branch,
): Branch {
  const branches = active.branches.map((old, index) => (index === number ? part : old));
  return {
    at: { index: branch.at.index, active: { ...active, branches, conflict: undefined } },
    scope: branch.scope,
  };
}

/** A group that could not be joined. */
export interface OpenConflict extends JoinConflict {
  /** The run that wrote the path second; retrying or skipping it settles the conflict. */
  readonly step: string;
}

/** The first group that could not be joined, if any. */
export function openConflict(branch: Branch): OpenConflict | undefined {
  const active = branch.at.active;
  if (active === null || active.kind === "step") return undefined;
  if (active.kind === "loop") return openConflict({ at: active.body, scope: branch.scope });
  if (active.conflict !== undefined) return { ...active.conflict, step: active.conflict.steps[1] };
  for (const part of active.branches) {
    const conflict = openConflict(part);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

/** Settles a conflict: the later branch is performed again from the group's start, or dropped. */
export function resolveConflict(
  nodes: readonly PlanNode[],
  branch: Branch,
  how: "retry" | "skip",
  iteration: readonly number[] = [],
): Branch {
  const node = nodes[branch.at.index];
  const active = branch.at.active;
  if (node === undefined || active === null || active.kind === "step") return branch;
  if (active.kind === "loop") {
    const within = [...iteration, active.iteration];
    const body = resolveConflict(
      (node as LoopNode).body,
      { at: active.body, scope: branch.scope },
      how,
      within,
    );
    const next: SequenceCursor = { index: branch.at.index, active: { ...active, body: body.at } };
    return settle(nodes, { at: next, scope: body.scope }, iteration);
  }
  const plans = (node as ParallelNode).branches;
  if (active.conflict !== undefined) {
    const number = active.conflict.branch;
    const plan = plans[number];
    if (plan === undefined) return branch;
    const part: Branch =
      how === "retry"
        ? startBranch([plan], active.base, iteration)
        : { at: { index: 1, active: null }, scope: active.base };
    return settle(nodes, withBranch(branch, active, number, part), iteration);
  }
  const branches = active.branches.map((part, number) => {
    const plan = plans[number];
    return plan === undefined ? part : resolveConflict([plan], part, how, iteration);
  });
  return settle(
    nodes,
    { at: { index: branch.at.index, active: { ...active, branches } }, scope: branch.scope },
    iteration,
  );
}

/** The runs that stand in front, in the file's order: one, or one for each branch of a parallel group. */
export function activeRuns(branch: Branch): ActiveRun[] {
  const runs: ActiveRun[] = [];
  collect(branch.at, branch.scope, runs);
  return runs;
}

function collect(at: SequenceCursor, scope: Scope, into: ActiveRun[]): void {
  const active = at.active;
  if (active === null) return;
  if (active.kind === "step") into.push({ run: active.run, scope });
  else if (active.kind === "loop") collect(active.body, scope, into);
  else for (const branch of active.branches) collect(branch.at, branch.scope, into);
}
