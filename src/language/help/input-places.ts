import { partsFor } from "../project/links";
import { namesIn } from "../project/occurrences";
import type { Occurrence } from "../project/occurrences";
import type { Project } from "../project/project";
import { resolveReference } from "../project/reference";
import { keysAt } from "../schema/read";
import type { SourceDocument } from "../text/source";
import type { Closure, Found } from "./found";

const declares = (source: SourceDocument, name: string): boolean => keysAt(source, ["inputs"]).includes(name);

/** The Score whose input a key under `with` gives. */
function scoreOfWith(
  project: Project,
  source: SourceDocument,
  { scope }: Occurrence,
): SourceDocument | undefined {
  const resolved = scope === undefined ? undefined : resolveReference(project, "score", scope, source.path);
  return resolved !== undefined && "source" in resolved ? resolved.source : undefined;
}

/**
 * The files that declare an input as it is meant in `source`: a Flow and its own Score share an input of the same name;
 * a Score that is used by another one has its own.
 */
function ownersAt(project: Project, source: SourceDocument, name: string): SourceDocument[] {
  if (source.kind === "score" && declares(source, name)) return [source];
  const flows = partsFor(project, source, "flow").filter((flow) => declares(flow, name));
  const scores =
    source.kind === "band" || source.kind === "flow"
      ? partsFor(project, source, "score").filter((score) => declares(score, name))
      : [];
  return [...flows, ...scores];
}

/** The other files in which an owner's input can be named, and the owners that share it. */
function besideOwner(
  project: Project,
  owner: SourceDocument,
  name: string,
): { files: SourceDocument[]; owners: SourceDocument[] } {
  const files: SourceDocument[] = [];
  const owners: SourceDocument[] = [];
  for (const { parts, uses } of project.links.through.get(owner.path) ?? []) {
    const own = parts.get(owner.kind === "flow" ? "flow" : "score");
    if (own !== owner.path) continue;
    const around = [parts.get("flow"), parts.get("score"), ...(owner.kind === "flow" ? uses : [])];
    for (const path of around) {
      const file = path === undefined ? undefined : project.sources.get(path);
      if (file === undefined) continue;
      if (!declares(file, name)) files.push(file);
      else if (path === parts.get("flow") || path === parts.get("score")) owners.push(file);
    }
    const band = project.sources.get(parts.get("band") ?? "");
    if (band === undefined) continue;
    files.push(band);
    const names = namesIn(band).occurrences.some((one) => one.entity === "input" && one.name === name);
    if (names) owners.push(...ownersAt(project, band, name));
  }
  return { files, owners };
}

/** Every place of an input: where it is declared, where it is named, and where `use` gives it. */
export function inputPlaces(project: Project, source: SourceDocument, occurrence: Occurrence): Closure {
  const { name, scope } = occurrence;
  const used = scoreOfWith(project, source, occurrence);
  const start = scope === undefined ? ownersAt(project, source, name) : used === undefined ? [] : [used];
  const queue = start.filter((owner) => declares(owner, name));
  const owners = new Set<SourceDocument>();
  const files = new Set<SourceDocument>(scope === undefined ? [source] : []);
  for (let owner = queue.pop(); owner !== undefined; owner = queue.pop()) {
    if (owners.has(owner)) continue;
    owners.add(owner);
    files.add(owner);
    const beside = besideOwner(project, owner, name);
    for (const file of beside.files) files.add(file);
    queue.push(...beside.owners);
  }
  const found: Found[] = [];
  for (const file of project.sources.values()) {
    for (const one of namesIn(file).occurrences) {
      if (one.entity !== "input" || one.name !== name) continue;
      const given = one.scope === undefined ? undefined : scoreOfWith(project, file, one);
      const isMeant = one.scope === undefined ? files.has(file) : given !== undefined && owners.has(given);
      const itself = file === source && one.span.start === occurrence.span.start;
      if (isMeant || itself) found.push({ source: file, occurrence: one });
    }
  }
  found.sort((a, b) => (a.source.path === b.source.path ? 0 : a.source.path < b.source.path ? -1 : 1));
  return { owners: [...owners], found };
}
