import type { Definition, ResolvedVenue } from "./definition";
import { venueOf } from "./definition";
import { stepsOf } from "./plan";
import { isFromFile } from "./providers";
import { entryOf } from "./entry-of";

/** A Venue that a run calls, and the roles it is called for. */
export interface CalledVenue {
  readonly venue: ResolvedVenue;
  /** The roles whose steps it answers, in the order of the Score. */
  readonly roles: readonly string[];
}

/**
 * The Venues that a run can call, the Flow's own first if it is one of them. A Score without any role steps calls
 * none; then the result is the Flow's own, with no roles.
 */
export function calledVenues(definition: Pick<Definition, "venue" | "score">): CalledVenue[] {
  const roles = new Map<ResolvedVenue, string[]>();
  for (const { role, does } of stepsOf(definition.score.steps)) {
    if (does !== undefined) continue;
    const venue = venueOf(definition, role);
    const known = roles.get(venue);
    if (known === undefined) roles.set(venue, [role]);
    else if (!known.includes(role)) known.push(role);
  }
  if (roles.size === 0) return [{ venue: definition.venue, roles: [] }];
  const own = roles.get(definition.venue);
  const others = [...roles].filter(([venue]) => venue !== definition.venue);
  return [...(own === undefined ? [] : [[definition.venue, own] as const]), ...others].map(([venue, of]) => ({
    venue,
    roles: of,
  }));
}

/** What answers a session, in one word: `scripted` only where no step is answered by a model. */
export function providerOf(definition: Pick<Definition, "venue" | "score">): string {
  const called = calledVenues(definition).map(({ venue }) => venue.provider);
  return called.find((provider) => !isFromFile(provider)) ?? "scripted";
}

/** The key under which the origin of a model's answers is kept: two Venues can have models of the same name. */
export function answerKey(definition: Pick<Definition, "venue">, role: string, model: string): string {
  const other = entryOf(definition.venue.roles, role)?.venue;
  return other === undefined ? model : `${other}: ${model}`;
}
