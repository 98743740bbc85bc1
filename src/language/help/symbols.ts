import { entityOwner } from "../schema/fields";
import type { Entity } from "../schema/fields";
import { partsFor } from "../project/links";
import { namesIn, fileEntity } from "../project/occurrences";
import type { Occurrence } from "../project/occurrences";
import type { Project } from "../project/project";
import { resolveReference } from "../project/reference";
import { textAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { nodesAt, nodeSpan } from "../text/tree";
import { fieldPlaces } from "./field-places";
import type { Closure, Found } from "./found";
import { inputPlaces } from "./input-places";
import type { Place } from "./model";

/** The files in which a name used in `source` can be defined. */
function ownersOf(project: Project, entity: Entity, source: SourceDocument): SourceDocument[] {
  const owner = entityOwner[entity];
  return owner === "project" ? [] : partsFor(project, source, owner);
}

function sameName(one: Occurrence, entity: Entity, name: string, scope: string | undefined): boolean {
  return one.entity === entity && one.name === name && one.scope === scope;
}

/** The target of a reference to a file. */
export function fileOf(
  project: Project,
  source: SourceDocument,
  occurrence: Occurrence,
): SourceDocument | undefined {
  const kind = fileEntity(occurrence.entity);
  if (kind === undefined) return undefined;
  if (occurrence.role === "definition") return source;
  const resolved = resolveReference(project, kind, occurrence.name, source.path);
  return "source" in resolved ? resolved.source : undefined;
}

/** Where a name is defined: usually once; more often where Flows share a file. */
export function definitionsOf(project: Project, source: SourceDocument, occurrence: Occurrence): Found[] {
  const { entity, name, scope } = occurrence;
  if (fileEntity(entity) !== undefined) {
    const target = fileOf(project, source, occurrence);
    if (target === undefined) return [];
    const own = namesIn(target).occurrences.find((one) => one.entity === entity && one.role === "definition");
    return own === undefined ? [] : [{ source: target, occurrence: own }];
  }
  if (entity === "input")
    return inputPlaces(project, source, occurrence).found.filter(
      ({ occurrence: one }) => one.role === "definition",
    );
  if (entity === "field")
    return fieldPlaces(project, source, occurrence).found.filter(
      ({ occurrence: one }) => one.role === "definition",
    );
  if (entity === "note")
    return notes(project, source, name).filter(({ occurrence: one }) => one.on === "key");
  return ownersOf(project, entity, source).flatMap((owner) => {
    const given = namesIn(owner).occurrences.filter(
      (one) => one.role === "definition" && sameName(one, entity, name, scope),
    );
    const found = given.map((one) => ({ source: owner, occurrence: one }));
    return found.length > 0 || entity !== "step" ? found : unnamedStep(owner, name);
  });
}

/** A step or group without an id is located at the key that identifies its kind; a role step at its role. */
function unnamedStep(score: SourceDocument, id: string): Found[] {
  const view = scoreViewOf(score);
  const step = view.byId.get(id) ?? view.groupById.get(id);
  if (step === undefined) return [];
  const path = [...step.path, step.kind];
  const written = path.join("/");
  const role = namesIn(score).occurrences.find((one) => one.path.join("/") === written);
  if (role !== undefined) return [{ source: score, occurrence: role }];
  const key = score.tree === undefined ? undefined : nodesAt(score.tree, path)?.key;
  if (key === undefined) return [];
  const span = nodeSpan(key);
  // It is not a name that can be changed, only a place.
  const occurrence = {
    entity: "role",
    name: id,
    role: "reference",
    span,
    path,
    on: "key",
    quoted: true,
  } as const;
  return [{ source: score, occurrence }];
}

/** Notes are created by models during the run: the files only need to belong to one Flow. */
function notes(project: Project, source: SourceDocument, name: string): Found[] {
  return closure(project, source, "note", name, undefined).found;
}

/** Every place of a name: from its owners to the files that use them, and on to other owners that these files share. */
function closure(
  project: Project,
  source: SourceDocument,
  entity: Entity,
  name: string,
  scope: string | undefined,
): Closure {
  const defines = (owner: SourceDocument): boolean =>
    entity === "note" ||
    namesIn(owner).occurrences.some(
      (one) => one.role === "definition" && sameName(one, entity, name, scope),
    ) ||
    (entity === "step" && (scoreViewOf(owner).byId.has(name) || scoreViewOf(owner).groupById.has(name)));
  const ownerKind = entityOwner[entity];
  const owners = new Set<SourceDocument>();
  const files = new Set<SourceDocument>([source]);
  const queue = ownersOf(project, entity, source).filter(
    (owner, _, all) => defines(owner) || all.length === 1,
  );
  for (let owner = queue.pop(); owner !== undefined; owner = queue.pop()) {
    if (owners.has(owner)) continue;
    owners.add(owner);
    files.add(owner);
    for (const { parts, uses } of project.links.through.get(owner.path) ?? []) {
      if (ownerKind === "project" || parts.get(ownerKind) !== owner.path) continue;
      for (const path of [...parts.values(), ...(ownerKind === "score" ? [] : uses)]) {
        const file = project.sources.get(path);
        if (file === undefined || files.has(file)) continue;
        files.add(file);
        const names = namesIn(file).occurrences.some((one) => sameName(one, entity, name, scope));
        if (names) queue.push(...ownersOf(project, entity, file).filter(defines));
      }
    }
  }
  const found = [...files]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((file) =>
      namesIn(file)
        .occurrences.filter((one) => sameName(one, entity, name, scope))
        .map((occurrence) => ({ source: file, occurrence })),
    );
  return { owners: [...owners], found };
}

/** Every place that names the same thing as an occurrence, with the files that own the name. */
export function placesOf(project: Project, source: SourceDocument, occurrence: Occurrence): Closure {
  const { entity, name, scope } = occurrence;
  if (entity === "input") return inputPlaces(project, source, occurrence);
  if (entity === "field") return fieldPlaces(project, source, occurrence);
  if (fileEntity(entity) === undefined) return closure(project, source, entity, name, scope);
  const target = fileOf(project, source, occurrence);
  const found: Found[] = [];
  for (const file of project.sources.values()) {
    for (const one of namesIn(file).occurrences) {
      if (one.entity !== entity) continue;
      const same = target === undefined ? one.name === name : fileOf(project, file, one) === target;
      if (same) found.push({ source: file, occurrence: one });
    }
  }
  return { owners: target === undefined ? [] : [target], found };
}

/** The place of a found name, with the full extent of what it names. */
export function placeOf({ source, occurrence }: Found): Place {
  const { path, on, span, role, placeholder } = occurrence;
  const { tree } = source;
  if (tree === undefined || placeholder === true || role !== "definition")
    return { file: source.path, span, whole: span };
  // A name defined by a key extends over its value; one defined by a value, over the map around it.
  const isEntry = on === "value" && typeof path.at(-1) === "number";
  const owner = on === "key" || isEntry ? path : path.slice(0, -1);
  const node = nodesAt(tree, owner)?.value;
  const whole = node === undefined ? span : nodeSpan(node);
  return {
    file: source.path,
    span,
    whole: { start: Math.min(span.start, whole.start), end: Math.max(span.end, whole.end) },
  };
}

/** The text under a key next to a definition, such as a role's description. */
export function besideText(source: SourceDocument, occurrence: Occurrence, key: string): string | undefined {
  const owner = occurrence.on === "key" ? occurrence.path : occurrence.path.slice(0, -1);
  return textAt(source, [...owner, key]);
}
