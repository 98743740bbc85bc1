import type { Definition } from "../../engine/model/definition";
import { resolveFlow } from "../../language";
import type { Project, ResolveResult } from "../../language";
import { entryOf } from "../../engine/model/entry-of";

type Venue = Definition["venue"];

/** The session's Flow from its current files, with the Venue of this name or path. */
export function flowWithVenue(project: Project, { flow }: Definition, venue: string): ResolveResult {
  const { source, task, inputs } = flow;
  return resolveFlow(project, source, { venue, task, inputs, forRun: false });
}

/**
 * The session's own Venue from its current file; undefined when it is unchanged, or cannot be used. A model
 * that the user picked for the run stays where the file names none.
 */
export function changedVenue(project: Project, definition: Definition): Venue | undefined {
  const { venue } = definition;
  const now = flowWithVenue(project, definition, venue.name).definition?.venue;
  if (now === undefined) return undefined;
  const model = now.model ?? (now.provider === venue.provider ? venue.model : undefined);
  const taken = model === undefined ? now : { ...now, model };
  return isSameVenue(taken, venue) ? undefined : taken;
}

/** Keys in one order: the recorded one was written and read as JSON. */
function isSameVenue(a: Venue, b: Venue): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
        : inner,
    );
  return plain(a) === plain(b);
}

/** The Venue with another model for a role, set where the role's model is defined: at the role, or in the Venue that answers it. */
export function withModelFor(venue: Venue, role: string, model: string): Venue {
  const own = entryOf(venue.roles, role);
  if (own?.model !== undefined) return { ...venue, roles: { ...venue.roles, [role]: { ...own, model } } };
  const routed = own?.venue === undefined ? undefined : entryOf(venue.venues, own.venue);
  if (own?.venue === undefined || routed === undefined) return { ...venue, model };
  return { ...venue, venues: { ...venue.venues, [own.venue]: { ...routed, model } } };
}
