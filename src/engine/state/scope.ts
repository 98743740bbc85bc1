import type { BlobRef, Content } from "../event/content";
import { PersistentList } from "./persistent-list";
import { PersistentMap } from "./persistent-map";

/** One write or deletion of an artifact. */
export interface ArtifactChange {
  readonly path: string;
  /** null: the artifact is a deletion. */
  readonly content: BlobRef | null;
  /** The project's file that it would replace; null: there is none. */
  readonly base: BlobRef | null;
  /** The step run that made it. */
  readonly step: string;
}

/** What a finished step left for those after it. */
export interface StepResult {
  readonly key: string;
  readonly id: string;
  readonly role: string;
  readonly summary: Content;
  readonly verdict: string | undefined;
}

/**
 * What a step can see of the others' work, and what was learned on the way to it. A branch of a parallel group starts
 * with the group's and sees its own changes only, until the branches join in the file's order.
 */
export interface Scope {
  readonly notes: Readonly<Record<string, string>>;
  /** Every change in order; the last one of a path holds. */
  readonly changes: PersistentList<ArtifactChange>;
  readonly changeOfPath: PersistentMap<number>;
  readonly results: PersistentList<StepResult>;
  readonly resultOfId: PersistentMap<number>;
  /** Roles whose backend was seen to take no native tool calls. */
  readonly textToolRoles: Readonly<Record<string, true>>;
  /** Roles whose backend made a call of its own: their text is no place for calls any more. */
  readonly nativeToolRoles: Readonly<Record<string, true>>;
  /** Roles whose backend was seen to take no system message. */
  readonly mergedSystemRoles: Readonly<Record<string, true>>;
}

/** What is learned of a role's backend on the way. */
export type Learned = "textToolRoles" | "nativeToolRoles" | "mergedSystemRoles";

export const emptyScope: Scope = {
  notes: {},
  changes: PersistentList.empty(),
  changeOfPath: PersistentMap.empty(),
  results: PersistentList.empty(),
  resultOfId: PersistentMap.empty(),
  textToolRoles: {},
  nativeToolRoles: {},
  mergedSystemRoles: {},
};

export function withChange(scope: Scope, change: ArtifactChange): Scope {
  return {
    ...scope,
    changes: scope.changes.push(change),
    changeOfPath: scope.changeOfPath.set(change.path, scope.changes.length),
  };
}

export function withResult(scope: Scope, result: StepResult): Scope {
  return {
    ...scope,
    results: scope.results.push(result),
    resultOfId: scope.resultOfId.set(result.id, scope.results.length),
  };
}

export function withLearned(scope: Scope, what: Learned, role: string): Scope {
  return scope[what][role] === true ? scope : { ...scope, [what]: { ...scope[what], [role]: true } };
}

export function withNotes(scope: Scope, set: Readonly<Record<string, string | null>>): Scope {
  const notes = { ...scope.notes };
  for (const [key, value] of Object.entries(set)) {
    if (value === null) delete notes[key];
    else notes[key] = value;
  }
  return { ...scope, notes };
}

/** The change of a path that holds, deletions included. */
export function changeAt(scope: Scope, path: string): ArtifactChange | undefined {
  const index = scope.changeOfPath.get(path);
  return index === undefined ? undefined : scope.changes.at(index);
}

export function resultOf(scope: Scope, id: string): StepResult | undefined {
  const index = scope.resultOfId.get(id);
  return index === undefined ? undefined : scope.results.at(index);
}

/** The changes that hold, one a path, newest first. Lazy: a reader may stop early. */
export function* newestChanges(scope: Scope): Generator<ArtifactChange> {
  for (let index = scope.changes.length - 1; index >= 0; index -= 1) {
    const change = scope.changes.at(index);
    if (change !== undefined && scope.changeOfPath.get(change.path) === index) yield change;
  }
}

/** The artifacts that hold, by path. */
export function artifactsOf(scope: Scope): ArtifactChange[] {
  return [...newestChanges(scope)].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Two branches of one parallel group that changed one path. */
export interface JoinConflict {
  readonly path: string;
  readonly steps: readonly [string, string];
}

/** Joins branches into the scope that they started from, in the order given. */
export function joinScopes(
  base: Scope,
  branches: readonly Scope[],
): { readonly scope: Scope; readonly conflict: JoinConflict | undefined } {
  let scope = base;
  let conflict: JoinConflict | undefined;
  const writers = new Map<string, { branch: number; step: string }>();
  branches.forEach((branch, number) => {
    for (const change of branch.changes.slice(base.changes.length)) {
      const writer = writers.get(change.path);
      if (writer !== undefined && writer.branch !== number) {
        conflict ??= { path: change.path, steps: [writer.step, change.step] };
      }
      writers.set(change.path, { branch: number, step: change.step });
      scope = withChange(scope, change);
    }
    for (const result of branch.results.slice(base.results.length)) scope = withResult(scope, result);
    scope = withNotes(scope, changedNotes(base.notes, branch.notes));
    scope = {
      ...scope,
      textToolRoles: { ...scope.textToolRoles, ...branch.textToolRoles },
      nativeToolRoles: { ...scope.nativeToolRoles, ...branch.nativeToolRoles },
      mergedSystemRoles: { ...scope.mergedSystemRoles, ...branch.mergedSystemRoles },
    };
  });
  return { scope, conflict };
}

function changedNotes(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const set: Record<string, string | null> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) set[key] = null;
  for (const [key, value] of Object.entries(after)) if (before[key] !== value) set[key] = value;
  return set;
}
