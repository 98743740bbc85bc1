import type { VenueFile } from "../../engine/model/venue";
import { contentOf } from "../../language";
import type { Project } from "../../language";
import { followVenues } from "../../language/project/venue-routes";
import { Report } from "../../language/schema/report";
import { entryOf } from "../../engine/model/entry-of";

/** A role that a Venue sends to another one. */
export interface SentRole {
  readonly role: string;
  /** The name of the Venue that answers; undefined where the chain leads to none. */
  readonly to: string | undefined;
}

/** The roles that a Venue's file sends to other Venues. */
export function sentRoles(project: Project, path: string): SentRole[] {
  const source = project.sources.get(path);
  if (source === undefined) return [];
  return followVenues(project, source, new Report()).map(({ role, through, found }) => {
    const last = through.at(-1);
    return { role, to: found && last !== undefined ? contentOf(last, "venue")?.name : undefined };
  });
}

/**
 * A Venue with the models that other Venues of the project request from it for roles that they send to it, as overrides of roles
 * that no Band has: all models requested from a backend are then in one place.
 */
export function withSentModels(project: Project, path: string, venue: VenueFile): VenueFile {
  const asked: VenueFile["roles"] = {};
  for (const source of project.sources.values()) {
    if (source.kind !== "venue") continue;
    for (const { role, through, found } of followVenues(project, source, new Report())) {
      if (!found || through.at(-1)?.path !== path) continue;
      const way = [source, ...through.slice(0, -1)];
      const model = way.flatMap((one) => entryOf(contentOf(one, "venue")?.roles, role)?.model ?? [])[0];
      if (model !== undefined) asked[`${source.path}: ${role}`] = { model };
    }
  }
  return { ...venue, roles: { ...venue.roles, ...asked } };
}
