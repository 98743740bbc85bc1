import * as vscode from "vscode";
import type { VenueFile } from "../../engine/model/venue";
import { contentOf } from "../../language/index";
import type { NamedKind, SourceDocument } from "../../language/index";
import type { MeshRows } from "../venues/mesh-rows";
import type { FolderProject, ProjectIndex } from "../project/project-index";
import { factsOfText } from "../../engine/model/providers";

const kinds: readonly (readonly [kind: NamedKind, label: string, icon: string])[] = [
  ["flow", "Flows", "symbol-event"],
  ["band", "Bands", "organization"],
  ["venue", "Venues", "server-environment"],
  ["score", "Scores", "list-ordered"],
];

class KindItem extends vscode.TreeItem {
  constructor(
    readonly kind: NamedKind,
    label: string,
    icon: string,
    readonly files: readonly DefinitionItem[],
  ) {
    super(label, vscode.TreeItemCollapsibleState.Expanded);
    this.id = `kind ${kind}`;
    this.iconPath = new vscode.ThemeIcon(icon);
    this.description = String(files.length);
    this.contextValue = "kind";
  }
}

/** A definition file, as a row. */
export class DefinitionItem extends vscode.TreeItem {
  override readonly id: string;
  readonly uri: vscode.Uri;
  /** A Venue of several machines as last saved; the machines are listed below it. */
  readonly mesh: VenueFile | undefined;

  /** @param before the previous rows, by their ids. */
  constructor(
    { folder, project, diagnosis }: FolderProject,
    path: string,
    kind: NamedKind,
    name: string,
    several: boolean,
    before: ReadonlyMap<string, DefinitionItem>,
  ) {
    super(name, vscode.TreeItemCollapsibleState.None);
    this.uri = vscode.Uri.joinPath(folder.uri, path);
    this.id = this.uri.toString();
    const errors = (diagnosis.byFile.get(path) ?? []).filter(({ severity }) => severity === "error").length;
    const description = descriptionOf(project.sources.get(path)?.value);
    const place = several ? `${folder.name}/${path}` : path;
    this.description =
      errors === 0 ? (description ?? place) : `${errors} ${errors === 1 ? "problem" : "problems"}`;
    this.tooltip = [place, description ?? ""].filter((line) => line !== "").join("\n");
    this.iconPath =
      errors === 0
        ? new vscode.ThemeIcon("file")
        : new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground"));
    const source = project.sources.get(path);
    if (source?.kind === "venue") {
      this.mesh = isSaved(this.uri, source) ? meshIn(source) : before.get(this.id)?.mesh;
    }
    if (this.mesh !== undefined) this.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed;
    this.contextValue = `definition ${kind}`;
    // Without it, a screen reader would read the tooltip.
    this.accessibilityInformation = { label: `${name}, ${kind}, ${this.description}` };
    this.command = { command: "vscode.open", title: "Open", arguments: [this.uri] };
  }
}

function meshIn(venue: SourceDocument): VenueFile | undefined {
  const content = contentOf(venue, "venue");
  return factsOfText(content?.provider)?.answeredBy === "nodes" ? content : undefined;
}

/** Whether this text was saved. Nodes are asked with their keys, and no key may go to a half-typed address. */
function isSaved(uri: vscode.Uri, { text }: SourceDocument): boolean {
  const key = uri.toString();
  const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === key);
  return document === undefined || (!document.isDirty && document.getText() === text);
}

function descriptionOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("description" in value)) return undefined;
  return typeof value.description === "string" ? value.description : undefined;
}

/** The definition files of the open folders, by kind. */
export class LibraryTree implements vscode.TreeDataProvider<vscode.TreeItem> {
  readonly #changed = new vscode.EventEmitter<DefinitionItem | undefined>();
  /** The last rows returned for Venues of several machines, by their ids. */
  #meshRows: ReadonlyMap<string, DefinitionItem> = new Map();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #index: ProjectIndex;
  readonly #meshes: MeshRows;

  constructor(index: ProjectIndex, meshes: MeshRows) {
    this.#index = index;
    this.#meshes = meshes;
    meshes.onDidChange((id) => {
      const row = this.#meshRows.get(id);
      if (row !== undefined) this.#changed.fire(row);
    });
    index.onDidChange(() => this.#changed.fire(undefined));
  }

  getTreeItem(item: vscode.TreeItem): vscode.TreeItem {
    return item;
  }

  async getChildren(item?: vscode.TreeItem): Promise<vscode.TreeItem[]> {
    if (item instanceof KindItem) return [...item.files];
    if (item instanceof DefinitionItem && item.mesh !== undefined) {
      return this.#meshes.rows(item.id, item.mesh);
    }
    if (item !== undefined) return [];
    const projects = await this.#index.all();
    const items = kinds.flatMap(([kind, label, icon]) => {
      const files = projects.flatMap((project) =>
        filesOf(project, kind, projects.length > 1, this.#meshRows),
      );
      return files.length === 0 ? [] : [new KindItem(kind, label, icon, files)];
    });
    const meshes = items.flatMap(({ files }) => files.filter(({ mesh }) => mesh !== undefined));
    this.#meshRows = new Map(meshes.map((row) => [row.id, row]));
    this.#meshes.keep(new Set(this.#meshRows.keys()));
    return items;
  }
}

/** Every file of the kind, including those whose name cannot be read. */
function filesOf(
  project: FolderProject,
  kind: NamedKind,
  several: boolean,
  before: ReadonlyMap<string, DefinitionItem>,
): DefinitionItem[] {
  const names = new Map(project.project.entries.map(({ path, name }) => [path, name]));
  return [...project.project.sources.values()]
    .filter((source) => source.kind === kind)
    .map(({ path }) => {
      const name = names.get(path) ?? path.slice(path.lastIndexOf("/") + 1);
      return new DefinitionItem(project, path, kind, name, several, before);
    });
}
