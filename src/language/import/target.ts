import { quoted } from "../text/diagnostic";
import type { NamedKind } from "../text/file-kind";
import { namedKinds } from "../project/project";
import type { Project } from "../project/project";
import { Draft } from "./draft";
import { makeName, UniqueNames } from "./names";
import type { ImportPlace, ImportReport } from "./report";
import { venueValue } from "./venue";
import type { BackendName } from "./venue";

/** A file to write. `path` is relative to the WorkDomain, with forward slashes. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

export interface ImportOptions {
  /** The folder for the files, relative to the WorkDomain; the root of the WorkDomain without it. */
  readonly folder?: string;
  /** The project in its current state: its names and paths are not used again. */
  readonly project?: Project;
  /** The backend of a Venue that must be generated. Default: ollama. */
  readonly provider?: BackendName;
  readonly model?: string;
}

/** The files that an import makes, with names that are not in use. */
export class Target {
  readonly #names: ReadonlyMap<NamedKind, UniqueNames>;
  readonly #paths: UniqueNames;
  readonly #drafts: { draft: Draft; path: string }[] = [];

  constructor(
    readonly options: ImportOptions,
    readonly report: ImportReport,
  ) {
    const { project } = options;
    this.#names = new Map(
      namedKinds.map((kind) => [kind, new UniqueNames(project?.names.get(kind)?.keys())]),
    );
    this.#paths = new UniqueNames(project?.sources.keys());
  }

  #pathOf(kind: NamedKind, name: string): string {
    const folder = (this.options.folder ?? "").replace(/\/+$/, "");
    return `${folder === "" || folder === "." ? "" : `${folder}/`}${name}.${kind}.yaml`;
  }

  /** A new file. Its name is made valid and unique; changes to the name are reported. */
  draft(kind: NamedKind, wanted: string, place?: ImportPlace): Draft {
    const valid = makeName(wanted, kind);
    const free = (name: string): boolean => !this.#paths.has(this.#pathOf(kind, name));
    const name = this.#names.get(kind)?.take(valid, free) ?? valid;
    if (name !== wanted) {
      const why = name === valid ? "" : `; another ${kind} has the name ${quoted(valid)}`;
      this.report.info(`The ${kind} ${quoted(wanted)} is named ${quoted(name)} here${why}.`, place);
    }
    const path = this.#pathOf(kind, name);
    this.#paths.take(path);
    const draft = new Draft(kind, name, this.report);
    this.#drafts.push({ draft, path });
    return draft;
  }

  /** A Venue for an import that came without one. */
  madeUpVenue(wanted: string, roles: Record<string, unknown> = {}, place?: ImportPlace): Draft {
    const provider = this.options.provider ?? "ollama";
    const draft = this.draft("venue", wanted, place);
    draft.say("Made up by the import: nothing that was imported says which model to use.");
    Object.assign(draft.value, venueValue(provider, this.options.model));
    if (Object.keys(roles).length > 0) draft.value.roles = roles;
    this.report.info(
      `The Venue ${quoted(draft.name)} is made up (provider ${provider}); change it to the model that you use.`,
      place,
    );
    return draft;
  }

  /** The files with content: that a Band has no roles, or a Score no steps, has been reported. */
  files(): WrittenFile[] {
    const full = this.#drafts.filter(({ draft }) => draft.isFull);
    return full.map(({ draft, path }) => ({ path, text: draft.toText() }));
  }
}
