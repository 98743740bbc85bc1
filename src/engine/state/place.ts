import type { Json } from "../model/field";

/** A round of a loop. `loop` is the loop's id; empty in definitions from before loops had one. */
export interface Round {
  readonly loop: string;
  /** From 1. */
  readonly round: number;
}

/** The position of a run among the rounds, items and used Scores around it. */
export interface Place {
  /** Rounds of the loops around it, outermost first. */
  readonly rounds: readonly Round[];
  /** The key prefix of the items around it: `docs[3].`; empty outside `each`. */
  readonly prefix: string;
  /** The items around it within its Score, innermost last. */
  readonly items: readonly Json[];
  /** The inputs of the `use` around it; null: it is in the Flow's own Score. */
  readonly inputs: Readonly<Record<string, Json>> | null;
}

/** The top of the Flow's Score. */
export const topPlace: Place = { rounds: [], prefix: "", items: [], inputs: null };

export function inRound(place: Place, loop: string, round: number): Place {
  return { ...place, rounds: [...place.rounds, { loop, round }] };
}

/** @param number of the item, from 1. */
export function inItem(place: Place, each: string, number: number, item: Json): Place {
  return { ...place, prefix: `${place.prefix}${each}[${number}].`, items: [...place.items, item] };
}

/** A used Score sees its own inputs and no item. */
export function inUse(place: Place, inputs: Readonly<Record<string, Json>>): Place {
  return { ...place, items: [], inputs };
}

/**
 * The key of a run: `build`, `build#2` in the second round of a loop, `build#2.1` in a loop within, `docs[3].doc#1` for
 * the third item.
 */
export function keyAt(id: string, { prefix, rounds }: Pick<Place, "prefix" | "rounds">): string {
  return `${prefix}${stepKey(
    id,
    rounds.map(({ round }) => round),
  )}`;
}

/** `build` outside loops, `build#2` in the second iteration, `build#2.1` in a loop within. */
export function stepKey(id: string, iteration: readonly number[]): string {
  return iteration.length === 0 ? id : `${id}#${iteration.join(".")}`;
}

/** The step's id in a key: `build` of `build#2.1`, `doc` of `docs[3].doc#1`. */
export function stepIdOf(key: string): string {
  return key.replace(/#[\d.]*$/, "").replace(/^.*\]\./, "");
}

/**
 * Whether what ran there can be named from here: it is within the same item, and in this round or the one before of
 * each loop that contains both.
 */
export function isVisible(
  there: Pick<Place, "prefix" | "rounds">,
  here: Pick<Place, "prefix" | "rounds">,
): boolean {
  if (!here.prefix.startsWith(there.prefix)) return false;
  for (const [index, theirs] of there.rounds.entries()) {
    const ours = here.rounds[index];
    if (ours === undefined || ours.loop !== theirs.loop || ours.loop === "") return true;
    if (ours.round !== theirs.round) return ours.round - theirs.round === 1;
  }
  return true;
}
