import { commandVerdicts } from "../../engine/model/command";
import { idSchema } from "../../engine/model/names";
import { acceptVerdicts, answered, scoreGroupKinds, scoreItemKindOf } from "../../engine/model/score";
import type { ScoreGroupKind, ScoreItemKind } from "../../engine/model/score";
import { ofVersion } from "../text/memo";
import { valueAt } from "./schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** A group of steps, as far as it can be read. */
export interface GroupView {
  readonly kind: ScoreGroupKind;
  /** The path of the entry; the group's own keys are below its kind. */
  readonly path: ValuePath;
  readonly id: string;
  readonly idGiven: boolean;
  /** Groups around it, outermost first. */
  readonly around: readonly GroupView[];
  /** Position in the file: that of its first step. */
  readonly order: number;
}

/** A step, as far as it can be read: errors in one part of a Score do not hide the rest. */
export interface StepView {
  /** What performs it. */
  readonly kind: Exclude<ScoreItemKind, ScoreGroupKind>;
  readonly path: ValuePath;
  readonly id: string;
  /** Whether the file gives the id; otherwise it is the role and its ordinal. */
  readonly idGiven: boolean;
  readonly role: string | undefined;
  /** Its verdict words; undefined: it gives no verdict, or they are in another file. */
  readonly verdict: readonly string[] | undefined;
  /** Groups around it, outermost first. */
  readonly around: readonly GroupView[];
  /** Position in the file. */
  readonly order: number;
}

export interface ScoreView {
  readonly steps: readonly StepView[];
  readonly groups: readonly GroupView[];
  /** The first step of each id. */
  readonly byId: ReadonlyMap<string, StepView>;
  /** The first group of each id. */
  readonly groupById: ReadonlyMap<string, GroupView>;
  /** The id of the step or group at a path. */
  readonly idAt: ReadonlyMap<string, string>;
}

/** Paths as keys of a map. */
export function pathId(path: ValuePath): string {
  return path.join("/");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

interface RawItem {
  readonly kind: ScoreItemKind;
  readonly path: ValuePath;
  /** The groups around it, as places in the list of raw items. */
  readonly around: readonly number[];
}

/** The entries of a Score, groups before their content. */
function collect(source: SourceDocument): RawItem[] {
  const found: RawItem[] = [];
  const walk = (path: ValuePath, around: readonly number[]): void => {
    const items = valueAt(source.value, path);
    if (!Array.isArray(items)) return;
    items.forEach((item: unknown, index) => {
      const here = [...path, index];
      if (typeof item !== "object" || item === null || Array.isArray(item)) return;
      const kind = scoreItemKindOf(item);
      found.push({ kind, path: here, around });
      if (isGroupKind(kind)) walk([...here, kind, "steps"], [...around, found.length - 1]);
    });
  };
  walk(["steps"], []);
  return found;
}

export function isGroupKind(kind: ScoreItemKind): kind is ScoreGroupKind {
  return (scoreGroupKinds as readonly string[]).includes(kind);
}

function verdictOf(
  source: SourceDocument,
  kind: StepView["kind"],
  path: ValuePath,
): readonly string[] | undefined {
  if (kind === "run") return commandVerdicts;
  if (kind === "accept") return acceptVerdicts;
  const verdict = valueAt(source.value, [...path, "verdict"]);
  if (kind === "ask" && verdict === undefined) return [answered];
  return Array.isArray(verdict)
    ? verdict.filter((word): word is string => typeof word === "string")
    : undefined;
}

/** The prefix of a default id. */
function stemOf(source: SourceDocument, { kind, path }: RawItem): string {
  if (isGroupKind(kind) || kind === "ask" || kind === "accept" || kind === "use") return kind;
  const name = text(valueAt(source.value, [...path, kind]));
  // Leaves room for the ordinal within the length of an id.
  return name !== undefined && idSchema.safeParse(name).success ? name.slice(0, 58) : "step";
}

/**
 * Reads the steps and groups of a Score with their ids: the given one, or what performs it and its ordinal among the
 * entries of that kind.
 */
export function viewScore(source: SourceDocument): ScoreView {
  const raw = collect(source);
  const given = raw.map(({ kind, path }) => {
    // An extra quote or comma is reported where it is; the step keeps its id.
    const written = text(valueAt(source.value, [...path, ...(isGroupKind(kind) ? [kind] : []), "id"]));
    const id = written?.replace(/^["'“‘]|["'”’,;]+$/g, "");
    return id !== undefined && idSchema.safeParse(id).success ? id : undefined;
  });
  const taken = new Set(given);
  const ordinals = new Map<string, number>();
  const steps: StepView[] = [];
  const groups: GroupView[] = [];
  const groupAt = new Map<number, GroupView>();
  raw.forEach((item, index) => {
    const { kind, path } = item;
    const stem = stemOf(source, item);
    let ordinal = (ordinals.get(stem) ?? 0) + 1;
    let id = given[index];
    if (id === undefined) {
      while (taken.has(`${stem}-${ordinal}`)) ordinal++;
      id = `${stem}-${ordinal}`;
      taken.add(id);
    }
    ordinals.set(stem, ordinal);
    const around = item.around.flatMap((at) => groupAt.get(at) ?? []);
    const shared = { path, id, idGiven: given[index] !== undefined, around, order: steps.length };
    if (isGroupKind(kind)) {
      const group = { kind, ...shared };
      groups.push(group);
      groupAt.set(index, group);
    } else {
      const role = kind === "role" ? text(valueAt(source.value, [...path, "role"])) : undefined;
      steps.push({ kind, ...shared, role, verdict: verdictOf(source, kind, path) });
    }
  });
  const byId = new Map([...steps].reverse().map((step) => [step.id, step]));
  const groupById = new Map([...groups].reverse().map((group) => [group.id, group]));
  const idAt = new Map([...steps, ...groups].map(({ path, id }) => [pathId(path), id]));
  return { steps, groups, byId, groupById, idAt };
}

/** Whether what `to` leaves can be known when `from` runs, and if not, why. */
export function canSee(
  from: StepView | GroupView,
  to: StepView | GroupView,
): "yes" | "itself" | "later" | "parallel" | "items" {
  if (from.around.some((group) => group === to)) return "itself";
  let common: GroupView | undefined;
  let depth = 0;
  let looped = false;
  for (const [index, group] of from.around.entries()) {
    if (to.around[index] !== group) break;
    common = group;
    depth = index + 1;
    // From the second round of the loop on, everything in it has run.
    looped ||= group.kind === "loop";
  }
  // What runs once per item is not visible outside the group: there the group itself can be named.
  if (to.around.slice(depth).some(({ kind }) => kind === "each")) return "items";
  if (looped) return "yes";
  if (to === from) return "itself";
  if (common?.kind === "parallel") return "parallel";
  return to.order < from.order || (to.order === from.order && isBefore(to, from)) ? "yes" : "later";
}

/** Of a group and its own first step the group comes later: it ends after the step. */
function isBefore(to: StepView | GroupView, from: StepView | GroupView): boolean {
  return from.around.every((group) => group !== to) && to.around.every((group) => group !== from);
}

/** The same, read once for each version of the file. */
export const scoreViewOf = ofVersion(viewScore);
