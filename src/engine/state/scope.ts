import type { BlobRef, Content } from "../event/content";
import type { Json } from "../model/field";
import { PersistentList } from "./persistent-list";
import { PersistentMap } from "./persistent-map";
import { isVisible } from "./place";
import type { Place } from "./place";
import { entryOf } from "../model/entry-of";

/** One write or deletion of an artifact. */
export interface ArtifactChange {
  readonly path: string;
  /** null: the artifact is a deletion. */
  readonly content: BlobRef | null;
  /** The project's file that it would replace; null: there is none. */
  readonly base: BlobRef | null;
  /** The step run that made it. */
  readonly step: string;
  /** The project's file that was moved here. */
  readonly movedFrom?: string;
  /** It may be executed. */
  readonly executable?: true;
  /** So may the project's file that it would replace. */
  readonly baseExecutable?: true;
}

/** What a finished step left for later steps. */
export interface StepResult {
  readonly key: string;
  readonly id: string;
  readonly role: string;
  readonly summary: Content;
  readonly verdict: string | undefined;
  /** The typed answer; absent where the step gives none. */
  readonly result?: Json;
  /** Where it ran; absent in states of definitions from before places counted. */
  readonly place?: Pick<Place, "prefix" | "rounds">;
}

/** A step or group that the run has passed, performed or not. */
export interface Pass {
  readonly id: string;
  readonly key: string;
}

/**
 * What a step can see of the others' work, and what was learned on the way. A branch of a parallel group starts
 * with the group's scope and sees its own changes only, until the branches join in the file's order.
 */
export interface Scope {
  readonly notes: Readonly<Record<string, string>>;
  /** Every change in order; the last one of a path counts. */
  readonly changes: PersistentList<ArtifactChange>;
  readonly changeOfPath: PersistentMap<number>;
  readonly results: PersistentList<StepResult>;
  readonly resultOfId: PersistentMap<number>;
  /** Every step that was passed, in order: those that were performed, skipped or given up. */
  readonly passes: PersistentList<Pass>;
  readonly passOfId: PersistentMap<number>;
  /** Roles whose backend was found not to support native tool calls. */
  readonly textToolRoles: Readonly<Record<string, true>>;
  /** Roles whose backend made a native call: their text is no longer searched for calls. */
  readonly nativeToolRoles: Readonly<Record<string, true>>;
  /** Roles whose backend was found not to accept a system message. */
  readonly mergedSystemRoles: Readonly<Record<string, true>>;
  /** Roles whose backend was shown to keep to a JSON Schema, and has neither refused nor ignored one. */
  readonly schemaRoles: Readonly<Record<string, true>>;
  /** Tokens per byte of a prompt, by model, as servers counted them. */
  readonly densities: Readonly<Record<string, number>>;
  /** Bytes of the shortest prompt that a server rejected for its length, by model. */
  readonly refusedBytes: Readonly<Record<string, number>>;
}

/** What is learned about a role's backend on the way. */
export type Learned = "textToolRoles" | "nativeToolRoles" | "mergedSystemRoles";

export const emptyScope: Scope = {
  notes: {},
  changes: PersistentList.empty(),
  changeOfPath: PersistentMap.empty(),
  results: PersistentList.empty(),
  resultOfId: PersistentMap.empty(),
  passes: PersistentList.empty(),
  passOfId: PersistentMap.empty(),
  textToolRoles: {},
  nativeToolRoles: {},
  mergedSystemRoles: {},
  schemaRoles: {},
  densities: {},
  refusedBytes: {},
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
    ...withPass(scope, result),
    results: scope.results.push(result),
    resultOfId: scope.resultOfId.set(result.id, scope.results.length),
  };
}

/** Records that a step was passed. If it left no result this time, conditions see none. */
export function withPass(scope: Scope, { id, key }: Pass): Scope {
  return {
    ...scope,
    passes: scope.passes.push({ id, key }),
    passOfId: scope.passOfId.set(id, scope.passes.length),
  };
}

export function withLearned(scope: Scope, what: Learned, role: string): Scope {
  return entryOf(scope[what], role) === true ? scope : { ...scope, [what]: { ...scope[what], [role]: true } };
}

/** The role's results are asked for by the tool from now on. */
export function withoutSchema(scope: Scope, role: string): Scope {
  const { [role]: _, ...schemaRoles } = scope.schemaRoles;
  return { ...scope, schemaRoles };
}

/** What was counted of a prompt; of two branches the denser one counts, so that the order in which they end does not matter. */
export function withDensity(scope: Scope, model: string, density: number): Scope {
  return { ...scope, densities: { ...scope.densities, [model]: density } };
}

export function withRefusedPrompt(scope: Scope, model: string, bytes: number): Scope {
  const shortest = Math.min(bytes, entryOf(scope.refusedBytes, model) ?? bytes);
  return { ...scope, refusedBytes: { ...scope.refusedBytes, [model]: shortest } };
}

export function withNotes(scope: Scope, set: Readonly<Record<string, string | null>>): Scope {
  const notes = { ...scope.notes };
  for (const [key, value] of Object.entries(set)) {
    if (value === null) delete notes[key];
    else notes[key] = value;
  }
  return { ...scope, notes };
}

/** The current change of a path, deletions included. */
export function changeAt(scope: Scope, path: string): ArtifactChange | undefined {
  const index = scope.changeOfPath.get(path);
  return index === undefined ? undefined : scope.changes.at(index);
}

export function resultOf(scope: Scope, id: string): StepResult | undefined {
  const index = scope.resultOfId.get(id);
  return index === undefined ? undefined : scope.results.at(index);
}

/** The newest result of a run with this key, searched from the end. */
export function resultOfKey(scope: Scope, key: string): StepResult | undefined {
  for (let index = scope.results.length - 1; index >= 0; index -= 1) {
    const result = scope.results.at(index);
    if (result?.key === key) return result;
  }
  return undefined;
}

/** The result that a template at this place can name: of the latest run in this round or the one before. */
export function resultSeen(scope: Scope, id: string, here: Place): StepResult | undefined {
  const result = resultOf(scope, id);
  return result?.place === undefined || isVisible(result.place, here) ? result : undefined;
}

/** The result that a condition at this place can use: the same, unless the step was since passed without one. */
export function resultHeld(scope: Scope, id: string, here: Place): StepResult | undefined {
  const result = resultSeen(scope, id, here);
  const pass = scope.passOfId.get(id);
  return result !== undefined && pass !== undefined && scope.passes.at(pass)?.key === result.key
    ? result
    : undefined;
}

/** The scope with the files and notes as they were after that many changes; what was learned stays. */
export function takenBack(
  scope: Scope,
  since: { readonly changes: number; readonly notes: Scope["notes"] },
): Scope {
  let back: Scope = { ...scope, notes: since.notes };
  const paths = new Set(scope.changes.slice(since.changes).map(({ path }) => path));
  for (const path of paths) {
    let before: ArtifactChange | undefined;
    for (let index = since.changes - 1; index >= 0 && before === undefined; index -= 1) {
      const change = scope.changes.at(index);
      if (change?.path === path) before = change;
    }
    const undone = changeAt(scope, path);
    if (before !== undefined) back = withChange(back, before);
    else if (undone !== undefined) back = withChange(back, { ...undone, content: undone.base });
  }
  return back;
}

/** The current changes, one per path, newest first. Lazy: a reader may stop early. */
export function* newestChanges(scope: Scope): Generator<ArtifactChange> {
  for (let index = scope.changes.length - 1; index >= 0; index -= 1) {
    const change = scope.changes.at(index);
    if (change !== undefined && scope.changeOfPath.get(change.path) === index) yield change;
  }
}

/** The current artifacts, by path. */
export function artifactsOf(scope: Scope): ArtifactChange[] {
  return [...newestChanges(scope)].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** A file of the session that keeps another path from being one: it stands above it, or below it. */
export interface InTheWay {
  readonly path: string;
  readonly where: "above" | "below";
}

/** What keeps `path` from becoming a file beside the session's other files; `leaving` is a path that is given up for it. */
export function inTheWay(scope: Scope, path: string, leaving?: string): InTheWay | undefined {
  const stands = (change: ArtifactChange | undefined): boolean =>
    change !== undefined && change.content !== null && change.path !== leaving;
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const above = changeAt(scope, path.slice(0, at));
    if (above !== undefined && stands(above)) return { path: above.path, where: "above" };
  }
  for (const change of newestChanges(scope)) {
    if (change.path.startsWith(`${path}/`) && stands(change)) return { path: change.path, where: "below" };
  }
  return undefined;
}

/** Two branches of one parallel group that changed one path, or of which one wrote a file where the other needs a folder. */
export interface JoinConflict {
  readonly path: string;
  readonly steps: readonly [string, string];
  /** What the second step wrote below the file `path`, or the file that it wrote above it. */
  readonly other?: string;
}

/** A file that this branch left where another needs a folder, or the other way round. */
function nestedConflict(
  base: Scope,
  branch: Scope,
  number: number,
  together: Scope,
  writers: ReadonlyMap<string, { readonly branch: number; readonly step: string }>,
): JoinConflict | undefined {
  if (number === 0) return undefined;
  for (const { path, content, step } of branch.changes.slice(base.changes.length)) {
    if (content === null || changeAt(together, path)?.content === null) continue;
    const found = inTheWay(together, path);
    const writer = found === undefined ? undefined : writers.get(found.path);
    if (found !== undefined && writer !== undefined && writer.branch !== number)
      return { path: found.path, steps: [writer.step, step], other: path };
  }
  return undefined;
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
    conflict ??= nestedConflict(base, branch, number, scope, writers);
    const results = new Map(branch.results.slice(base.results.length).map((result) => [result.key, result]));
    for (const pass of branch.passes.slice(base.passes.length)) {
      const result = results.get(pass.key);
      scope = result === undefined ? withPass(scope, pass) : withResult(scope, result);
    }
    scope = withNotes(scope, changedNotes(base.notes, branch.notes));
    scope = {
      ...scope,
      textToolRoles: { ...scope.textToolRoles, ...branch.textToolRoles },
      nativeToolRoles: { ...scope.nativeToolRoles, ...branch.nativeToolRoles },
      mergedSystemRoles: { ...scope.mergedSystemRoles, ...branch.mergedSystemRoles },
      // What one branch saw refused is asked of none.
      schemaRoles: Object.fromEntries(
        Object.entries(scope.schemaRoles).filter(([role]) => Object.hasOwn(branch.schemaRoles, role)),
      ),
      densities: joined(number === 0 ? {} : scope.densities, branch.densities, Math.max),
      refusedBytes: joined(scope.refusedBytes, branch.refusedBytes, Math.min),
    };
  });
  return { scope, conflict };
}

function joined(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
  of: (a: number, b: number) => number,
): Record<string, number> {
  const both: Record<string, number> = { ...a };
  for (const [key, value] of Object.entries(b)) both[key] = of(entryOf(both, key) ?? value, value);
  return both;
}

function changedNotes(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const set: Record<string, string | null> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) set[key] = null;
  for (const [key, value] of Object.entries(after)) if (entryOf(before, key) !== value) set[key] = value;
  return set;
}
