import { quoted } from "../text/diagnostic";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { keysAt, textAt } from "../schema/read";
import { resolveReference } from "./reference";
import type { KnownFiles } from "./reference";
import { isFromFile } from "../../engine/model/providers";

/** A role that a Venue routes to another one. */
export interface VenueRoute {
  readonly role: string;
  /** The Venues after the Flow's own, in the order in which the role is routed through them; the last one answers it. */
  readonly through: readonly SourceDocument[];
  /** Of the last one, where it is scripted and they were found. */
  readonly replies: SourceDocument | undefined;
  /** Whether a Venue answers the role: each name is found, and the route ends. */
  readonly found: boolean;
}

/** The Venue that answers a role; undefined where none is given. */
export function answering(
  venue: SourceDocument | undefined,
  routes: readonly VenueRoute[],
  role: string,
): SourceDocument | undefined {
  const route = routes.find((one) => one.role === role);
  if (route === undefined) return venue;
  return route.found ? route.through.at(-1) : undefined;
}

/** A Venue's references to other Venues: the path of each, and its text. */
export function venueReferences(venue: SourceDocument): { path: readonly string[]; reference: string }[] {
  return keysAt(venue, ["roles"]).flatMap((role) => {
    const path = ["roles", role, "venue"];
    const reference = textAt(venue, path);
    return reference === undefined || reference === "" ? [] : [{ path, reference }];
  });
}

/**
 * Follows each role that a Venue routes to another one, up to the Venue that answers it. A name that is not found, and a
 * cyclic route, are reported.
 */
export function followVenues(known: KnownFiles, venue: SourceDocument, report: Report): VenueRoute[] {
  return venueReferences(venue).map(({ path: [, role = ""] }) => followRole(known, venue, role, report));
}

function followRole(known: KnownFiles, venue: SourceDocument, role: string, report: Report): VenueRoute {
  const path = ["roles", role, "venue"];
  const through: SourceDocument[] = [];
  for (let at = venue; ;) {
    const reference = textAt(at, path);
    if (reference === undefined || reference === "")
      return { role, through, ...repliesOf(known, at, report) };
    const lost = { role, through, replies: undefined, found: false };
    const resolved = resolveReference(known, "venue", reference, at.path);
    if (!("source" in resolved)) {
      // What a damaged file names is only a guess.
      if (isDamaged(at)) return lost;
      const { near, ...init } = resolved.init;
      report.at(at, path, resolved.code, resolved.message, { ...init, ...replaceValue(at, path, near) });
      return lost;
    }
    const next = resolved.source;
    const before = [venue, ...through];
    if (before.includes(next)) {
      const way = [...before.slice(before.indexOf(next)), next].map((one) => one.path).join(" → ");
      report.at(
        at,
        path,
        "orket/venue-cycle",
        `The role ${quoted(role)} is sent in a circle, and no Venue answers it: ${way}.`,
        { hint: "Let one of these Venues answer the role: take its `venue` out there." },
      );
      return lost;
    }
    through.push(next);
    at = next;
  }
}

function repliesOf(
  known: KnownFiles,
  venue: SourceDocument,
  report: Report,
): Pick<VenueRoute, "replies" | "found"> {
  const path = ["replies"];
  const reference = textAt(venue, path);
  if (!isFromFile(textAt(venue, ["provider"]) ?? "") || reference === undefined || reference === "")
    return { replies: undefined, found: true };
  const resolved = resolveReference(known, "replies", reference, venue.path);
  if ("source" in resolved) return { replies: resolved.source, found: true };
  if (!isDamaged(venue)) {
    const { near, ...init } = resolved.init;
    report.at(venue, path, resolved.code, resolved.message, { ...init, ...replaceValue(venue, path, near) });
  }
  return { replies: undefined, found: false };
}
