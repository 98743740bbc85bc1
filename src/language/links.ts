import { linkFields } from "./fields";
import { type SourceKind } from "./file-kind";
import { resolveReference, type Project } from "./project";
import { textAt } from "./report";
import { type SourceDocument } from "./source";

/** A Flow with every definition file that it leads to. */
export interface FlowLink {
  readonly flow: SourceDocument;
  readonly parts: ReadonlyMap<SourceKind, SourceDocument>;
}

/** Which files belong together. */
export interface Links {
  readonly flows: readonly FlowLink[];
  /** The Flows that lead to a file, by its path. */
  readonly through: ReadonlyMap<string, readonly FlowLink[]>;
}

const known = new WeakMap<Project, Links>();
/** The newest links by the index of names: while that is the same, references lead to the same paths. */
const newest = new WeakMap<Project["names"], Links>();

/** Whether all files of a Flow are the project's own versions. */
function isCurrent(project: Project, { parts }: FlowLink): boolean {
  for (const part of parts.values()) if (project.sources.get(part.path) !== part) return false;
  return true;
}

function follow(project: Project, source: SourceDocument, into: Map<SourceKind, SourceDocument>): void {
  if (source.kind === undefined || into.has(source.kind)) return;
  into.set(source.kind, source);
  for (const { path, kind } of linkFields(source.kind)) {
    const reference = textAt(source, path);
    if (reference === undefined || reference === "") continue;
    const resolved = resolveReference(project, kind, reference, source.path);
    if ("source" in resolved) follow(project, resolved.source, into);
  }
}

/** The Flows of a project with their files; worked out once for each state of the project. */
export function linksOf(project: Project): Links {
  const found = known.get(project);
  if (found !== undefined) return found;
  const before = newest.get(project.names);
  const flows =
    before === undefined ? readLinks(project) : before.flows.map((link) => renewed(project, link));
  const through = new Map<string, FlowLink[]>();
  for (const link of flows) {
    for (const { path } of link.parts.values()) {
      const list = through.get(path);
      if (list === undefined) through.set(path, [link]);
      else list.push(link);
    }
  }
  const links = { flows, through };
  known.set(project, links);
  newest.set(project.names, links);
  return links;
}

function linkOf(project: Project, flow: SourceDocument): FlowLink {
  const parts = new Map<SourceKind, SourceDocument>();
  follow(project, flow, parts);
  return { flow, parts };
}

function readLinks(project: Project): FlowLink[] {
  return [...project.sources.values()].flatMap((source) =>
    source.kind === "flow" ? [linkOf(project, source)] : [],
  );
}

function renewed(project: Project, link: FlowLink): FlowLink {
  return isCurrent(project, link) ? link : linkOf(project, project.sources.get(link.flow.path) ?? link.flow);
}

/** The files of one kind that belong with a file: itself, or those of the Flows that lead to it. */
export function partsFor(project: Project, source: SourceDocument, kind: SourceKind): SourceDocument[] {
  if (source.kind === kind) return [source];
  const links = linksOf(project).through.get(source.path) ?? [];
  return [...new Set(links.flatMap(({ parts }) => parts.get(kind) ?? []))];
}
