import type { Json } from "../model/field";
import type { JoinConflict, Scope } from "./scope";
import type { PartEnd, StepRun } from "./step-run";

/** The position in a sequence of the Score. `active` is null only when the sequence has ended. */
export interface SequenceCursor {
  readonly index: number;
  readonly active: ActiveItem | null;
}

export type ActiveItem =
  | { readonly kind: "step"; readonly run: StepRun }
  /** The beginning of a group that must wait for some information. */
  | { readonly kind: "gate"; readonly run: StepRun }
  | SerialItem
  | FanItem;

/** A group whose parts run one after another: a loop, a sequence, a used Score, an `each` with one item at a time. */
export interface SerialItem {
  readonly kind: "serial";
  /** Round of a loop, or number of an item, from 1; 1 for others. */
  readonly turn: number;
  /** Rounds that the loop may have: its `max`, and the same number again each time a person grants more. */
  readonly most: number;
  readonly body: SequenceCursor;
  readonly items: readonly Json[];
  /** Of a `use`. */
  readonly inputs: Readonly<Record<string, Json>> | null;
  /** How the previous items ended. */
  readonly ends: readonly PartEnd[];
  /** The scope when the item began, to undo what a failed one did. */
  readonly since: { readonly changes: number; readonly notes: Scope["notes"] };
  /** `on_failure: continue`: a part that fails is left out. */
  readonly goesOn: boolean;
  /** The group's own run at its end. */
  readonly end: StepRun | null;
}

/** A group whose parts are independent: `parallel`, or an `each` with several items at a time. */
export interface FanItem {
  readonly kind: "fan";
  readonly base: Scope;
  /** Of an `each`, those that have begun. */
  readonly branches: readonly Branch[];
  readonly items: readonly Json[];
  /** Set when the branches could not be joined: the later branch's place, and who wrote what. */
  readonly conflict: (JoinConflict & { readonly branch: number }) | undefined;
  /** `on_failure: continue`: a part that fails is left out. */
  readonly goesOn: boolean;
  /** The group's own run at its end; the branches have been joined then. */
  readonly end: StepRun | null;
}

/** A sequence with what its steps can see. The whole Score is one. */
export interface Branch {
  readonly at: SequenceCursor;
  readonly scope: Scope;
  /** Of a branch that failed, where its group goes on without it. */
  readonly failed?: { readonly key: string; readonly message: string };
}

/** A run that may go on, with the scope it sees. */
export interface ActiveRun {
  readonly run: StepRun;
  readonly scope: Scope;
}

/** A run that is current. */
export interface FrontRun extends ActiveRun {
  /** Whether a group around it continues without the part that contains it, should it fail. */
  readonly goesOn: boolean;
}

/** Whether a run failed in a part that its group leaves out; the part's other runs still reach their ends. */
export function isLeftOut({ run, goesOn }: FrontRun): boolean {
  return goesOn && run.failure !== null;
}

/** A group that could not be joined. */
export interface OpenConflict extends JoinConflict {
  /** The run that wrote the path second; retrying or skipping it settles the conflict. */
  readonly step: string;
}

/** Two steps that wrote one path, or paths that cannot both be files, as a sentence. */
export function conflictText({ steps, path, other }: JoinConflict): string {
  if (other !== undefined)
    return `The parallel steps ${steps[0]} and ${steps[1]} wrote ${path} and ${other}, which cannot both be files.`;
  return `The parallel steps ${steps[0]} and ${steps[1]} both wrote ${path}.`;
}

/** The first group that could not be joined, if any. */
export function openConflict(branch: Branch): OpenConflict | undefined {
  const active = branch.at.active;
  if (active === null || active.kind === "step" || active.kind === "gate" || active.end !== null)
    return undefined;
  if (active.kind === "serial") return openConflict({ at: active.body, scope: branch.scope });
  if (active.conflict !== undefined) return { ...active.conflict, step: active.conflict.steps[1] };
  for (const part of active.branches) {
    const conflict = openConflict(part);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

/** The current runs, in the file's order: one, or one for each branch of a parallel group. */
export function activeRuns(branch: Branch): FrontRun[] {
  const runs: FrontRun[] = [];
  collect(branch.at, branch.scope, false, runs);
  return runs;
}

function collect(at: SequenceCursor, scope: Scope, goesOn: boolean, into: FrontRun[]): void {
  const active = at.active;
  if (active === null) return;
  if (active.kind === "step" || active.kind === "gate") into.push({ run: active.run, scope, goesOn });
  else if (active.end !== null) into.push({ run: active.end, scope, goesOn });
  else if (active.kind === "serial") collect(active.body, scope, goesOn || active.goesOn, into);
  else for (const branch of active.branches) collect(branch.at, branch.scope, goesOn || active.goesOn, into);
}

export function hasEnded(branch: Branch): boolean {
  return branch.at.active === null;
}
