import { idSchema } from "../../engine/model/names";
import { ofVersion } from "../text/memo";
import { valueAt } from "./schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** A loop or a parallel group, as far as it can be read. */
export interface GroupView {
  readonly kind: "loop" | "parallel";
  readonly path: ValuePath;
  /** Groups around it, outermost first. */
  readonly around: readonly GroupView[];
}

/** A step, as far as it can be read: what is wrong with a part of a Score does not hide the rest. */
export interface StepView {
  readonly path: ValuePath;
  readonly id: string;
  /** Whether the file gives the id; else it is the role and its ordinal. */
  readonly idGiven: boolean;
  readonly role: string | undefined;
  readonly verdict: readonly string[] | undefined;
  /** Groups around it, outermost first. */
  readonly around: readonly GroupView[];
  /** Place in the order of the file. */
  readonly order: number;
}

export interface ScoreView {
  readonly steps: readonly StepView[];
  readonly groups: readonly GroupView[];
  /** The first step of each id. */
  readonly byId: ReadonlyMap<string, StepView>;
  /** The id of the step at a path. */
  readonly idAt: ReadonlyMap<string, string>;
}

/** Paths as keys of a map. */
export function pathId(path: ValuePath): string {
  return path.join("/");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

interface RawStep {
  path: ValuePath;
  around: readonly GroupView[];
}

function collect(source: SourceDocument): { steps: RawStep[]; groups: GroupView[] } {
  const steps: RawStep[] = [];
  const groups: GroupView[] = [];
  const walk = (path: ValuePath, around: readonly GroupView[]): void => {
    const items = valueAt(source.value, path);
    if (!Array.isArray(items)) return;
    items.forEach((item: unknown, index) => {
      const here = [...path, index];
      if (typeof item !== "object" || item === null || Array.isArray(item)) return;
      const kind = "loop" in item ? "loop" : "parallel" in item ? "parallel" : undefined;
      if (kind === undefined) {
        steps.push({ path: here, around });
        return;
      }
      const group = { kind, path: here, around } as const;
      groups.push(group);
      walk([...here, kind, "steps"], [...around, group]);
    });
  };
  walk(["steps"], []);
  return { steps, groups };
}

/** Reads the steps of a Score with their ids: the given one, or the role and the step's ordinal among the role's steps. */
export function viewScore(source: SourceDocument): ScoreView {
  const { steps: raw, groups } = collect(source);
  const given = raw.map(({ path }) => {
    // A quote or comma too many is told where it stands; the step still goes by its id.
    const id = text(valueAt(source.value, [...path, "id"]))?.replace(/^["'“‘]|["'”’,;]+$/g, "");
    return id !== undefined && idSchema.safeParse(id).success ? id : undefined;
  });
  const taken = new Set(given);
  const ordinals = new Map<string, number>();
  const steps = raw.map(({ path, around }, order): StepView => {
    const role = text(valueAt(source.value, [...path, "role"]));
    const verdict = valueAt(source.value, [...path, "verdict"]);
    // Leaves room for the ordinal within the length of an id.
    const stem = role !== undefined && idSchema.safeParse(role).success ? role.slice(0, 58) : "step";
    let ordinal = (ordinals.get(stem) ?? 0) + 1;
    let id = given[order];
    if (id === undefined) {
      while (taken.has(`${stem}-${ordinal}`)) ordinal++;
      id = `${stem}-${ordinal}`;
      taken.add(id);
    }
    ordinals.set(stem, ordinal);
    return {
      path,
      id,
      idGiven: given[order] !== undefined,
      role,
      verdict: Array.isArray(verdict)
        ? verdict.filter((word): word is string => typeof word === "string")
        : undefined,
      around,
      order,
    };
  });
  const byId = new Map([...steps].reverse().map((step) => [step.id, step]));
  return { steps, groups, byId, idAt: new Map(steps.map(({ path, id }) => [pathId(path), id])) };
}

/** Whether the summary of `to` can be known when `from` runs, and if not, why. */
export function canSee(from: StepView, to: StepView): "yes" | "itself" | "later" | "parallel" {
  let common: GroupView | undefined;
  for (const [index, group] of from.around.entries()) {
    if (to.around[index] !== group) break;
    common = group;
    // From the second turn of the loop on, everything in it has run.
    if (group.kind === "loop") return "yes";
  }
  if (to === from) return "itself";
  if (common?.kind === "parallel") return "parallel";
  return to.order < from.order ? "yes" : "later";
}

/** The same, read once for each version of the file. */
export const scoreViewOf = ofVersion(viewScore);
