import { linkFields } from "../schema/fields";
import type { SourceKind } from "../text/file-kind";
import { resolveReference } from "./reference";
import { usesIn } from "./uses";
import { venueReferences } from "./venue-routes";
import type { KnownFiles } from "./reference";
import { textAt } from "../schema/read";
import type { SourceDocument } from "../text/source";

/** A Flow with every definition file that it leads to, as paths: the relation remains valid when the contents change. */
export interface FlowLink {
  readonly flow: string;
  /** Paths by kind, the Flow's own among them. */
  readonly parts: ReadonlyMap<SourceKind, string>;
  /** Paths of the Scores that its Score uses, and those that they use. */
  readonly uses: ReadonlySet<string>;
  /** Paths of the Venues to which its Venue routes roles, and of their replies. */
  readonly venues: ReadonlySet<string>;
}

/** Which files belong together. */
export interface Links {
  /** In the order of the Flows' paths. */
  readonly flows: readonly FlowLink[];
  /** The Flows that lead to a file, by its path. */
  readonly through: ReadonlyMap<string, readonly FlowLink[]>;
}

/** The references of a file to other definition files: a text or nothing for each field that can refer to one. */
export function referencesIn(source: SourceDocument): (string | undefined)[] {
  if (source.kind === undefined) return [];
  const used =
    source.kind === "score" ? usesIn(source).map(({ path }) => textAt(source, [...path, "use"])) : [];
  const sent = source.kind === "venue" ? venueReferences(source).map(({ reference }) => reference) : [];
  return [...linkFields[source.kind].map(({ path }) => textAt(source, path)), ...used, ...sent];
}

function follow(known: KnownFiles, source: SourceDocument, into: Map<SourceKind, string>): void {
  if (source.kind === undefined || into.has(source.kind)) return;
  into.set(source.kind, source.path);
  for (const { path, kind } of linkFields[source.kind]) {
    const reference = textAt(source, path);
    if (reference === undefined || reference === "") continue;
    const resolved = resolveReference(known, kind, reference, source.path);
    if ("source" in resolved) follow(known, resolved.source, into);
  }
}

/** The Scores that a Score uses, and those that they use. */
function followUsed(known: KnownFiles, score: SourceDocument, into: Set<string>): void {
  for (const { path } of usesIn(score)) {
    const reference = textAt(score, [...path, "use"]);
    if (reference === undefined || reference === "") continue;
    const resolved = resolveReference(known, "score", reference, score.path);
    if (!("source" in resolved) || into.has(resolved.source.path)) continue;
    into.add(resolved.source.path);
    followUsed(known, resolved.source, into);
  }
}

/** The Venues to which a Venue routes roles, those to which they route them, and the replies of each. */
function followSent(known: KnownFiles, venue: SourceDocument, into: Set<string>): void {
  const links = linkFields.venue.map(({ path, kind }) => ({ kind, reference: textAt(venue, path) }));
  const sent = venueReferences(venue).map(({ reference }) => ({ kind: "venue" as const, reference }));
  for (const { kind, reference } of [...links, ...sent]) {
    if (reference === undefined || reference === "") continue;
    const resolved = resolveReference(known, kind, reference, venue.path);
    if (!("source" in resolved) || into.has(resolved.source.path)) continue;
    into.add(resolved.source.path);
    if (kind === "venue") followSent(known, resolved.source, into);
  }
}

/** Follows the references of every Flow. */
export function readLinks(known: KnownFiles): Links {
  const flows: FlowLink[] = [];
  const through = new Map<string, FlowLink[]>();
  for (const source of known.sources.values()) {
    if (source.kind !== "flow") continue;
    const parts = new Map<SourceKind, string>();
    follow(known, source, parts);
    const score = known.sources.get(parts.get("score") ?? "");
    const uses = new Set<string>();
    if (score !== undefined) followUsed(known, score, uses);
    const venue = known.sources.get(parts.get("venue") ?? "");
    const venues = new Set<string>();
    if (venue !== undefined) followSent(known, venue, venues);
    const link = { flow: source.path, parts, uses, venues };
    flows.push(link);
    for (const path of new Set([...parts.values(), ...uses, ...venues])) {
      const list = through.get(path);
      if (list === undefined) through.set(path, [link]);
      else list.push(link);
    }
  }
  return { flows, through };
}

/** The files of one kind that belong with a file: itself, or those of the Flows that lead to it. */
export function partsFor(
  { sources, links }: KnownFiles & { readonly links: Links },
  source: SourceDocument,
  kind: SourceKind,
): SourceDocument[] {
  if (source.kind === kind) return [source];
  const paths = (links.through.get(source.path) ?? []).flatMap(({ parts }) => parts.get(kind) ?? []);
  return [...new Set(paths)].flatMap((path) => sources.get(path) ?? []);
}
