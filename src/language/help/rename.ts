import type { Range, WorkspaceEdit } from "vscode-languageserver-types";
import { fieldNameSchema } from "../../engine/model/field";
import { idSchema, nameSchema } from "../../engine/model/names";
import { quoted } from "../text/diagnostic";
import { fileEntity, namesIn, occurrenceAt } from "../project/occurrences";
import type { Occurrence } from "../project/occurrences";
import { partsFor } from "../project/links";
import { locate } from "../text/locate";
import type { Project } from "../project/project";
import { scoreViewOf, viewScore } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { workspaceEditOf } from "./lsp";
import type { UriOf } from "./lsp";
import { entityLabels, writeWord } from "./model";
import type { FileEdit, HelpRequest } from "./model";
import { definitionsOf, placesOf } from "./symbols";

export type PrepareRename =
  | { readonly range: Range; readonly placeholder: string }
  /** Why nothing can be renamed here; a sentence. */
  | { readonly rejected: string };

export type Rename = Required<Pick<WorkspaceEdit, "changes">> | { readonly rejected: string };

const renamable = new Set([
  "flow",
  "band",
  "venue",
  "score",
  "role",
  "step",
  "input",
  "note",
  "node",
  "verdict",
  "field",
  "command",
]);

function findName({ project, source, offset }: HelpRequest): Occurrence | { rejected: string } {
  const occurrence = occurrenceAt(source, offset);
  if (occurrence === undefined) {
    const located = locate(source, offset);
    return {
      rejected:
        located === undefined
          ? "There is no name here."
          : "Only names of roles, steps, inputs, fields, commands, notes, verdicts, nodes and definition files can be renamed.",
    };
  }
  const label = entityLabels[occurrence.entity];
  if (!renamable.has(occurrence.entity))
    return { rejected: `An ${label} is renamed where it is written, not here.` };
  if (occurrence.byPath === true) {
    return { rejected: "This is the path of a file; rename the file, or the name inside of it." };
  }
  if (occurrence.role === "definition" || occurrence.entity === "note") return occurrence;
  const definitions = definitionsOf(project, source, occurrence);
  if (definitions.length === 0) {
    return { rejected: `There is no ${label} ${quoted(occurrence.name)} to rename.` };
  }
  if (occurrence.entity === "step" && definitions.every((found) => found.occurrence.entity !== "step")) {
    const rest = "has its id from what performs it";
    const isRole = definitions.some(({ occurrence: one }) => one.entity === "role" && one.on === "value");
    return {
      rejected: `The step ${quoted(occurrence.name)} ${isRole ? "has its id from its role" : rest}; give it an 'id' first.`,
    };
  }
  return occurrence;
}

/** Whether the item at an offset can be renamed, and its extent. */
export function prepareRename(request: HelpRequest): PrepareRename {
  const found = findName(request);
  if ("rejected" in found) return found;
  return { range: request.source.lines.rangeOf(found.span), placeholder: found.name };
}

const noteKey = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

function badName({ entity }: Occurrence, name: string): string | undefined {
  if (entity === "note") return noteKey.test(name) ? undefined : "use letters, digits, '.', '_' and '-'";
  if (entity === "field") {
    const read = fieldNameSchema.safeParse(name);
    return read.success ? undefined : read.error.issues[0]?.message;
  }
  const schema = fileEntity(entity) === undefined && entity !== "node" ? idSchema : nameSchema;
  const result = schema.safeParse(name);
  return result.success ? undefined : result.error.issues[0]?.message;
}

function taken(
  project: Project,
  owners: readonly SourceDocument[],
  occurrence: Occurrence,
  name: string,
  scopes: ReadonlySet<string | undefined>,
): string | undefined {
  const { entity } = occurrence;
  const label = entityLabels[entity];
  const kind = fileEntity(entity);
  if (kind !== undefined) {
    const other = project.names.get(kind)?.get(name)?.[0];
    return other === undefined ? undefined : `${other} is a ${label} named ${quoted(name)} already.`;
  }
  for (const owner of owners) {
    const given = namesIn(owner).occurrences.some(
      (one) =>
        one.entity === entity && one.role === "definition" && scopes.has(one.scope) && one.name === name,
    );
    const step =
      entity === "step" && (scoreViewOf(owner).byId.has(name) || scoreViewOf(owner).groupById.has(name));
    const note = entity === "note" && notesOf(project, owner).has(name);
    if (given || step || note) return `${owner.path} has a ${label} ${quoted(name)} already.`;
  }
  return undefined;
}

function notesOf(project: Project, flow: SourceDocument): Set<string> {
  const files = (["band", "score", "replies"] as const).flatMap((kind) => {
    return partsFor(project, flow, kind);
  });
  return new Set(
    files.flatMap((file) =>
      namesIn(file).occurrences.flatMap(({ entity, name }) => (entity === "note" ? [name] : [])),
    ),
  );
}

function editOf(source: SourceDocument, occurrence: Occurrence, name: string): FileEdit {
  const { span, quoted: inQuotes, on } = occurrence;
  // A key is always text; a value may need quotes.
  const text = inQuotes || on === "key" ? name : writeWord(name, "yaml");
  return { file: source.path, span, text };
}

function setIn(value: unknown, path: ValuePath, word: string): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return word;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === part ? setIn(item, rest, word) : item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === part ? setIn(item, rest, word) : item]),
  );
}

/** References to steps without an id of their own, whose id changes with a role's name or another step's id. */
function movedSteps(
  project: Project,
  scores: readonly SourceDocument[],
  changed: (score: SourceDocument) => readonly ValuePath[],
  name: string,
): FileEdit[] {
  const edits: FileEdit[] = [];
  for (const score of scores) {
    let value = score.value;
    for (const path of changed(score)) value = setIn(value, path, name);
    const itemsOf = (view: ScoreView): readonly (StepView | GroupView)[] => [...view.steps, ...view.groups];
    const before = itemsOf(scoreViewOf(score));
    const after = itemsOf(viewScore({ ...score, value }));
    const moved = new Map<string, string>();
    before.forEach((step, index) => {
      const id = after[index]?.id ?? step.id;
      if (!step.idGiven && id !== step.id) moved.set(step.id, id);
    });
    if (moved.size === 0) continue;
    const files = new Set([
      score,
      ...(["band", "replies"] as const).flatMap((kind) => partsFor(project, score, kind)),
    ]);
    for (const file of files) {
      for (const one of namesIn(file).occurrences) {
        const id = one.entity === "step" && one.role === "reference" ? moved.get(one.name) : undefined;
        if (id !== undefined) edits.push(editOf(file, one, id));
      }
    }
  }
  return edits;
}

/** The edits that rename the item at an offset, everywhere and nowhere else. */
export function rename(request: HelpRequest, name: string, uriOf: UriOf): Rename {
  const { project, source } = request;
  const occurrence = findName(request);
  if ("rejected" in occurrence) return occurrence;
  if (name === occurrence.name) return { changes: {} };
  const bad = badName(occurrence, name);
  if (bad !== undefined) return { rejected: `${quoted(name)} is not a valid name: ${bad}.` };
  const { owners, found } = placesOf(project, source, occurrence);
  // A field is named in other scopes than its own: as that of an item, or of a used Score.
  const scopes = new Set(
    occurrence.entity === "field"
      ? found.flatMap(({ occurrence: one }) => (one.role === "definition" ? [one.scope] : []))
      : [occurrence.scope],
  );
  const clash = taken(project, owners, occurrence, name, scopes);
  if (clash !== undefined) return { rejected: clash };
  const places = found.filter(({ occurrence: one }) => one.byPath !== true);
  const edits = places.map((place) => editOf(place.source, place.occurrence, name));
  const { entity } = occurrence;
  if (entity === "role" || entity === "command" || entity === "step") {
    const changed = (score: SourceDocument): ValuePath[] =>
      places.flatMap((place) =>
        place.source === score &&
        place.occurrence.placeholder !== true &&
        (entity !== "step" || place.occurrence.role === "definition")
          ? [place.occurrence.path]
          : [],
      );
    const scores = [...new Set(places.map((place) => place.source).filter(({ kind }) => kind === "score"))];
    edits.push(...movedSteps(project, scores, changed, name));
  }
  const seen = new Set<string>();
  const unique = edits.filter(({ file, span }) => {
    const id = `${file} ${span.start}`;
    return !seen.has(id) && seen.add(id);
  });
  unique.sort((a, b) => (a.file === b.file ? a.span.start - b.span.start : a.file < b.file ? -1 : 1));
  return workspaceEditOf(project, unique, uriOf);
}
