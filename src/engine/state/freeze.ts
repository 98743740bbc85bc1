import type { DriftFacts } from "../conductor/drift/facts";
import type { Definition } from "../model/definition";
import type { ActiveItem, Branch, FanItem, SequenceCursor, SerialItem } from "./front";
import { LateList } from "./late-list";
import { PersistentList } from "./persistent-list";
import { PersistentMap } from "./persistent-map";
import { withRoleChanges } from "./role-changes";
import { emptyScope } from "./scope";
import type { ArtifactChange, Pass, Scope, StepResult } from "./scope";
import { initialState } from "./state";
import type { SessionState, StepRecord } from "./state";

/** Raised when the fold makes a different state of the same events, or stores it in a different form. */
export const stateFormat = 11;

/** Stored as an array; when it is read again, it may be read by and by. */
type FrozenArray<T> = readonly T[] | LateList<T>;

/**
 * The places of the lists of a state that grow with it: each may be a `LateList` when it is thawed, since little of it is
 * needed at once.
 */
export const lateLists: ReadonlySet<string> = new Set([
  "steps",
  "answeredCalls",
  "drift.earlier",
  "drift.files",
  "drift.verdicts",
  "drift.seen",
  "score.scope.changes.more",
  "score.scope.results.more",
  "score.scope.passes.more",
]);

/** A list without the elements that it shares with the list it grew from. */
interface FrozenList<T> {
  readonly shared: number;
  readonly more: FrozenArray<T>;
}
interface FrozenScope {
  readonly notes: Readonly<Record<string, string>>;
  readonly changes: FrozenList<ArtifactChange>;
  readonly results: FrozenList<StepResult>;
  readonly passes: FrozenList<Pass>;
  readonly textToolRoles: Readonly<Record<string, true>>;
  readonly nativeToolRoles: Readonly<Record<string, true>>;
  /** Absent in states that an older version wrote. */
  readonly schemaRoles?: Readonly<Record<string, true>>;
  readonly mergedSystemRoles: Readonly<Record<string, true>>;
  readonly densities: Scope["densities"];
  readonly refusedBytes: Scope["refusedBytes"];
}
interface FrozenBranch extends Omit<Branch, "at" | "scope"> {
  readonly at: FrozenCursor;
  readonly scope: FrozenScope;
}
interface FrozenCursor {
  readonly index: number;
  readonly active: FrozenItem | null;
}
type FrozenItem =
  | Extract<ActiveItem, { kind: "step" | "gate" }>
  | (Omit<SerialItem, "body"> & { readonly body: FrozenCursor })
  | (Omit<FanItem, "base" | "branches"> & {
      readonly base: FrozenScope;
      readonly branches: readonly FrozenBranch[];
    });

type DriftMaps = "earlier" | "files" | "verdicts" | "seen";
type FrozenDrift = Omit<DriftFacts, DriftMaps> & {
  readonly [Part in DriftMaps]: FrozenArray<readonly [string, unknown]>;
};

/** A session's state as plain data that JSON can hold, without the definition. */
export interface FrozenState extends Omit<
  SessionState,
  "definition" | "written" | "score" | "steps" | "answeredCalls" | "drift"
> {
  readonly drift: FrozenDrift;
  readonly score: FrozenBranch;
  readonly steps: FrozenArray<StepRecord>;
  readonly answeredCalls: FrozenArray<readonly [string, number]>;
}

/** The state as plain data. Its size grows with the steps that were performed, not with the events. */
export function freezeState(state: SessionState): FrozenState {
  const { definition: _, written: _written, score, steps, answeredCalls, drift, ...plain } = state;
  return {
    ...plain,
    drift: {
      ...drift,
      earlier: [...drift.earlier.entries()],
      files: [...drift.files.entries()],
      verdicts: [...drift.verdicts.entries()],
      seen: [...drift.seen.entries()],
    },
    score: freezeBranch(score, emptyScope),
    steps: steps.slice(),
    answeredCalls: [...answeredCalls.entries()],
  };
}

/** The state that was frozen. Folding continues from it as from the original state. */
export function thawState(definition: Definition, frozen: FrozenState): SessionState {
  const { score, steps, answeredCalls, drift, ...plain } = frozen;
  const written = plain.changedVenue === null ? definition : { ...definition, venue: plain.changedVenue };
  return {
    ...plain,
    drift: {
      ...drift,
      earlier: mapOf(drift.earlier),
      files: mapOf(drift.files),
      verdicts: mapOf(drift.verdicts),
      seen: mapOf(drift.seen),
    },
    written,
    definition: withRoleChanges(written, plain.roleChanges),
    score: thawBranch(score, emptyScope),
    steps: listOf(steps),
    answeredCalls: PersistentMap.from(() => answeredCalls),
  };
}

/** The engine froze it itself; a state in a different form has another `stateFormat`. */
function mapOf<V>(entries: FrozenArray<readonly [string, unknown]>): PersistentMap<V> {
  return PersistentMap.from(() => entries as Iterable<readonly [string, V]>);
}

function listOf<T>(values: FrozenArray<T>): PersistentList<T> {
  return values instanceof LateList ? PersistentList.fromLate(values) : PersistentList.from(values);
}

/** The parts of a state; a frozen state with other parts is not from this engine. */
export function stateParts(definition: Definition): string {
  return Object.keys(initialState(definition)).sort().join(" ");
}

function freezeBranch(branch: Branch, from: Scope): FrozenBranch {
  return { ...branch, at: freezeCursor(branch.at, branch.scope), scope: freezeScope(branch.scope, from) };
}

function thawBranch(branch: FrozenBranch, from: Scope): Branch {
  const scope = thawScope(branch.scope, from);
  return { ...branch, at: thawCursor(branch.at, scope), scope };
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
    case "gate":
      return item;
    case "serial":
      return { ...item, body: freezeCursor(item.body, scope) };
    case "fan":
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
    case "gate":
      return item;
    case "serial":
      return { ...item, body: thawCursor(item.body, scope) };
    case "fan": {
      const base = thawScope(item.base, scope);
      const branches = item.branches.map((branch) => thawBranch(branch, base));
      return { ...item, base, branches };
    }
  }
}

function freezeScope(scope: Scope, from: Scope): FrozenScope {
  return {
    notes: scope.notes,
    changes: freezeList(scope.changes, from.changes),
    results: freezeList(scope.results, from.results),
    passes: freezeList(scope.passes, from.passes),
    textToolRoles: scope.textToolRoles,
    nativeToolRoles: scope.nativeToolRoles,
    mergedSystemRoles: scope.mergedSystemRoles,
    schemaRoles: scope.schemaRoles,
    densities: scope.densities,
    refusedBytes: scope.refusedBytes,
  };
}

function thawScope(frozen: FrozenScope, from: Scope): Scope {
  const changes = thawList(frozen.changes, from.changes);
  const results = thawList(frozen.results, from.results);
  const passes = thawList(frozen.passes, from.passes);
  return {
    notes: frozen.notes,
    changes,
    changeOfPath: PersistentMap.from(() => changes.slice().map(({ path }, index) => [path, index])),
    results,
    resultOfId: PersistentMap.from(() => results.slice().map(({ id }, index) => [id, index])),
    passes,
    passOfId: PersistentMap.from(() => passes.slice().map(({ id }, index) => [id, index])),
    textToolRoles: frozen.textToolRoles,
    nativeToolRoles: frozen.nativeToolRoles,
    mergedSystemRoles: frozen.mergedSystemRoles,
    schemaRoles: frozen.schemaRoles ?? {},
    densities: frozen.densities,
    refusedBytes: frozen.refusedBytes,
  };
}

/** Scopes only grow, so a scope with another's last element contains all of it. */
function freezeList<T>(list: PersistentList<T>, from: PersistentList<T>): FrozenList<T> {
  const { length } = from;
  const grew = length <= list.length && list.at(length - 1) === from.at(length - 1);
  const shared = grew ? length : 0;
  return { shared, more: list.slice(shared) };
}

function thawList<T>({ shared, more }: FrozenList<T>, from: PersistentList<T>): PersistentList<T> {
  if (shared === 0) return listOf(more);
  if (more.length === 0) return from;
  return PersistentList.from([...from.slice(), ...more]);
}
