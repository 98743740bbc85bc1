import type { Definition } from "../model/definition";
import type { ActiveItem, Branch, SequenceCursor } from "./cursor";
import { PersistentList } from "./persistent-list";
import { PersistentMap } from "./persistent-map";
import { emptyScope } from "./scope";
import type { ArtifactChange, JoinConflict, Scope, StepResult } from "./scope";
import { initialState } from "./state";
import type { SessionState, StepRecord } from "./state";
import type { StepRun } from "./step-run";

/** Raised when the fold makes another state of the same events, or keeps it in another form. */
export const stateFormat = 6;

/** A list without the elements that it shares with the one it grew from. */
interface FrozenList<T> {
  readonly shared: number;
  readonly more: readonly T[];
}
interface FrozenScope {
  readonly notes: Readonly<Record<string, string>>;
  readonly changes: FrozenList<ArtifactChange>;
  readonly results: FrozenList<StepResult>;
  readonly textToolRoles: Readonly<Record<string, true>>;
  readonly nativeToolRoles: Readonly<Record<string, true>>;
  readonly mergedSystemRoles: Readonly<Record<string, true>>;
}
interface FrozenBranch {
  readonly at: FrozenCursor;
  readonly scope: FrozenScope;
}
interface FrozenCursor {
  readonly index: number;
  readonly active: FrozenItem | null;
}
type FrozenItem =
  | { readonly kind: "step"; readonly run: StepRun }
  | { readonly kind: "loop"; readonly iteration: number; readonly body: FrozenCursor }
  | {
      readonly kind: "parallel";
      readonly base: FrozenScope;
      readonly branches: readonly FrozenBranch[];
      readonly conflict?: (JoinConflict & { readonly branch: number }) | undefined;
    };

/** A session's state as plain data that JSON can hold, without the definition. */
export interface FrozenState extends Omit<SessionState, "definition" | "score" | "steps" | "answeredCalls"> {
  readonly score: FrozenBranch;
  readonly steps: readonly StepRecord[];
  readonly answeredCalls: readonly (readonly [string, number])[];
}

/** The state as plain data. Its size goes with the steps that were performed, not with the events. */
export function freezeState(state: SessionState): FrozenState {
  const { definition: _, score, steps, answeredCalls, ...plain } = state;
  return {
    ...plain,
    score: freezeBranch(score, emptyScope),
    steps: steps.slice(),
    answeredCalls: [...answeredCalls.entries()],
  };
}

/** The state that was frozen. Folding goes on from it as from the one it was made of. */
export function thawState(definition: Definition, frozen: FrozenState): SessionState {
  const { score, steps, answeredCalls, ...plain } = frozen;
  return {
    ...plain,
    definition: plain.changedVenue === null ? definition : { ...definition, venue: plain.changedVenue },
    score: thawBranch(score, emptyScope),
    steps: PersistentList.from(steps),
    answeredCalls: PersistentMap.from(answeredCalls),
  };
}

/** What a state consists of; a frozen one with other parts is not of this engine. */
export function stateParts(definition: Definition): string {
  return Object.keys(initialState(definition)).sort().join(" ");
}

function freezeBranch({ at, scope }: Branch, from: Scope): FrozenBranch {
  return { at: freezeCursor(at, scope), scope: freezeScope(scope, from) };
}

function thawBranch({ at, scope }: FrozenBranch, from: Scope): Branch {
  const thawed = thawScope(scope, from);
  return { at: thawCursor(at, thawed), scope: thawed };
}

function freezeCursor({ index, active }: SequenceCursor, scope: Scope): FrozenCursor {
  return { index, active: active === null ? null : freezeItem(active, scope) };
}

function thawCursor({ index, active }: FrozenCursor, scope: Scope): SequenceCursor {
  return { index, active: active === null ? null : thawItem(active, scope) };
}

function freezeItem(item: ActiveItem, scope: Scope): FrozenItem {
  switch (item.kind) {
    case "step":
      return item;
    case "loop":
      return { ...item, body: freezeCursor(item.body, scope) };
    case "parallel":
      return {
        ...item,
        base: freezeScope(item.base, scope),
        branches: item.branches.map((branch) => freezeBranch(branch, item.base)),
      };
  }
}

function thawItem(item: FrozenItem, scope: Scope): ActiveItem {
  switch (item.kind) {
    case "step":
      return item;
    case "loop":
      return { ...item, body: thawCursor(item.body, scope) };
    case "parallel": {
      const base = thawScope(item.base, scope);
      const branches = item.branches.map((branch) => thawBranch(branch, base));
      return { kind: "parallel", base, branches, conflict: item.conflict };
    }
  }
}

function freezeScope(scope: Scope, from: Scope): FrozenScope {
  return {
    notes: scope.notes,
    changes: freezeList(scope.changes, from.changes),
    results: freezeList(scope.results, from.results),
    textToolRoles: scope.textToolRoles,
    nativeToolRoles: scope.nativeToolRoles,
    mergedSystemRoles: scope.mergedSystemRoles,
  };
}

function thawScope(frozen: FrozenScope, from: Scope): Scope {
  const changes = thawList(frozen.changes, from.changes);
  const results = thawList(frozen.results, from.results);
  return {
    notes: frozen.notes,
    changes,
    changeOfPath: PersistentMap.from(changes.slice().map(({ path }, index) => [path, index])),
    results,
    resultOfId: PersistentMap.from(results.slice().map(({ id }, index) => [id, index])),
    textToolRoles: frozen.textToolRoles,
    nativeToolRoles: frozen.nativeToolRoles,
    mergedSystemRoles: frozen.mergedSystemRoles,
  };
}

/** Scopes only grow, so one that has the other's last element has all of it. */
function freezeList<T>(list: PersistentList<T>, from: PersistentList<T>): FrozenList<T> {
  const { length } = from;
  const grew = length <= list.length && list.at(length - 1) === from.at(length - 1);
  const shared = grew ? length : 0;
  return { shared, more: list.slice(shared) };
}

function thawList<T>({ shared, more }: FrozenList<T>, from: PersistentList<T>): PersistentList<T> {
  if (shared === 0) return PersistentList.from(more);
  if (more.length === 0) return from;
  return PersistentList.from([...from.slice(), ...more]);
}
