import path from "node:path";
import * as vscode from "vscode";
import { skippedFolders } from "../../adapters/files/skipped-folders";
import {
  createProject,
  definitionFileGlob,
  examine,
  fileKindOf,
  flowSummaries,
  parseSource,
  removeFile,
  sourceLimits,
  updateProject,
  wantedMaterials,
  withAbsentTools,
  withMaterials,
} from "../../language";
import type {
  Diagnosis,
  Diagnostic,
  FlowSummary,
  Project,
  SourceDocument,
  WantedMaterials,
} from "../../language";
import { toolsOfOthers } from "../provider/editor-tools";
import { projectOf } from "../../app/project/project-of";
import { readFolder, readNamed, readStart } from "./read-folder";

/** The definition files of one open folder, with their problems. */
export interface FolderProject {
  readonly folder: vscode.WorkspaceFolder;
  readonly project: Project;
  /** The Flows, as they would run on the Venue of this name; without a name, each on its own. */
  flows(venue?: string): readonly FlowSummary[];
  readonly diagnosis: Diagnosis;
}

/** The names of the tools that this window's other extensions offer. */
export function offeredTools(): readonly string[] {
  return toolsOfOthers().map(({ name }) => name);
}

const none: readonly Diagnostic[] = [];

/**
 * The problems of one file in a folder: those of its project, and those that only this window can know. Returns the same
 * list as before while none of them has changed.
 */
export function problemsOf(
  { project, diagnosis }: FolderProject,
  file: string,
  tools: readonly string[],
): readonly Diagnostic[] {
  const found = diagnosis.byFile.get(file) ?? none;
  const source = project.sources.get(file);
  return source?.kind === "band" ? withAbsentTools(source, found, ...tools) : found;
}

/** A document that an editor holds, as the language service sees it. */
export interface LiveSource {
  /** Absent for a file that is in no open folder; it is a project by itself. */
  readonly folder: vscode.WorkspaceFolder | undefined;
  readonly project: Project;
  readonly source: SourceDocument;
}

/** Listeners are notified after this long without changes. */
const quietMs = 150;
/** From this many changed files, the names are computed once for all of them. */
const many = 16;

/** The path of a definition file in a folder, as the language service names it. */
export function relativePath(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  return path.posix.relative(folder.uri.path, uri.path);
}

/** The open folder of a work domain (a path on the disk); undefined when it is not open. */
export function folderOf(workDomain: string): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === workDomain);
}

/** Whether an editor holds so much text that it is checked only on save. */
export function isLarge(document: vscode.TextDocument): boolean {
  return document.getText().length > sourceLimits.bytes;
}

const isSkipped = (place: string): boolean => place.split("/").some((part) => skippedFolders.has(part));

/** The current knowledge of one folder. Its flows and problems are computed on demand. */
class KnownProject implements FolderProject {
  readonly #flows = new Map<string | undefined, readonly FlowSummary[]>();
  /** The newest known one, of this project or an earlier one. */
  #diagnosis: Diagnosis | undefined;

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    readonly project: Project,
    before?: KnownProject,
  ) {
    if (before !== undefined) this.#diagnosis = before.#diagnosis;
  }

  flows(venue?: string): readonly FlowSummary[] {
    let flows = this.#flows.get(venue);
    if (flows === undefined) this.#flows.set(venue, (flows = flowSummaries(this.project, venue)));
    return flows;
  }

  get diagnosis(): Diagnosis {
    if (this.#diagnosis?.project !== this.project) this.#diagnosis = examine(this.project, this.#diagnosis);
    return this.#diagnosis;
  }
}

/** The files of one folder: read once, then file by file as they change. */
class FolderFiles {
  readonly #stale = new Set<string>();
  #staleMaterials = false;
  #wanted: WantedMaterials = { files: [], folders: [], allow: [] };
  #known: KnownProject;
  #work: Promise<unknown>;

  constructor(readonly folder: vscode.WorkspaceFolder) {
    this.#known = new KnownProject(folder, createProject([]));
    this.#work = this.#load();
  }

  touch(place: string): void {
    this.#stale.add(place);
  }

  /** Marks the files of a deleted folder. */
  touchBelow(place: string): void {
    for (const one of this.#known.project.sources.keys()) if (one.startsWith(`${place}/`)) this.touch(one);
  }

  async current(): Promise<FolderProject> {
    const renewed = this.#work.then(() => this.#renew());
    this.#work = renewed.catch(() => undefined);
    await renewed;
    return this.#known;
  }

  async #load(): Promise<void> {
    const files = new Map<string, { path: string; text: string | Uint8Array }>();
    for (const file of await readFolder(this.folder.uri)) files.set(file.path, file);
    for (const document of vscode.workspace.textDocuments) {
      const place = placeIn(this.folder, document.uri);
      if (place === undefined || document.isClosed || isLarge(document)) continue;
      files.set(place, { path: place, text: document.getText() });
    }
    const project = await projectOf(files.values());
    this.#known = new KnownProject(this.folder, await this.#withMaterials(project));
  }

  /** Notes a change of a file that is no definition file; false: no Band names it. */
  touchMaterial(place: string): boolean {
    const isNamed = this.isNamed(place);
    this.#staleMaterials ||= isNamed;
    return isNamed;
  }

  /** Whether a Band names the file or folder, one around it, or one in it. */
  isNamed(place: string): boolean {
    const { files, folders } = this.#wanted;
    return [...files, ...folders].some(
      (one) => one === place || place.startsWith(`${one}/`) || one.startsWith(`${place}/`),
    );
  }

  /** The project with what its Bands name now; the same object where that is what was read before. */
  async #withMaterials(project: Project): Promise<Project> {
    const wanted = wantedMaterials(project);
    if (!this.#staleMaterials && isSameWanted(wanted, this.#wanted)) return project;
    this.#staleMaterials = false;
    this.#wanted = wanted;
    return withMaterials(project, await readNamed(this.folder.uri, wanted));
  }

  async #renew(): Promise<void> {
    if (this.#stale.size === 0 && !this.#staleMaterials) return;
    const places = [...this.#stale];
    this.#stale.clear();
    const read = await Promise.all(places.map((place) => this.#read(place)));
    const before = this.#known.project;
    const changed = new Map<string, SourceDocument | undefined>();
    places.forEach((place, index) => {
      const text = read[index];
      const known = before.sources.get(place);
      if (text === undefined ? known === undefined : known?.text === text) return;
      changed.set(place, text === undefined ? undefined : parseSource(place, text));
    });
    const project = await this.#withMaterials(changed.size === 0 ? before : applied(before, changed));
    if (project !== before) this.#known = new KnownProject(this.folder, project, this.#known);
  }

  /** The text that an editor or the disk holds; undefined when there is no such file. */
  async #read(place: string): Promise<string | Uint8Array | undefined> {
    const uri = vscode.Uri.joinPath(this.folder.uri, place);
    const key = uri.toString();
    const document = vscode.workspace.textDocuments.find(
      (one) => !one.isClosed && one.uri.toString() === key,
    );
    if (document !== undefined && !isLarge(document)) return document.getText();
    try {
      return await readStart(uri);
    } catch {
      return undefined;
    }
  }
}

function applied(before: Project, changed: ReadonlyMap<string, SourceDocument | undefined>): Project {
  if (changed.size > many) {
    const kept = [...before.sources.values()].filter((source) => !changed.has(source.path));
    const sources = [...kept, ...[...changed.values()].filter((source) => source !== undefined)];
    return createProject(sources, before.materials);
  }
  let project = before;
  for (const [place, source] of changed) {
    project = source === undefined ? removeFile(project, place) : updateProject(project, source);
  }
  return project;
}

function isSameWanted(a: WantedMaterials, b: WantedMaterials): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The path of a definition file in the folder; undefined when it is not one of the folder's. */
function placeIn(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string | undefined {
  if (uri.scheme !== folder.uri.scheme || fileKindOf(uri.path) === undefined) return undefined;
  const owner = vscode.workspace.getWorkspaceFolder(uri);
  if (owner?.uri.toString() !== folder.uri.toString()) return undefined;
  const place = relativePath(folder, uri);
  return isSkipped(place) ? undefined : place;
}

/**
 * Tracks the definition files of the open folders, as the editors hold them and otherwise as the disk does. A change
 * costs only the file that it is in; listeners are notified once changes have stopped.
 */
export class ProjectIndex implements vscode.Disposable {
  readonly #folders = new Map<string, FolderFiles>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #loose = new WeakMap<vscode.TextDocument, { version: number; live: LiveSource }>();
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(definitionFileGlob);
    // A deleted folder takes its files with it, but reports only itself. What a Band names can be any file.
    const any = vscode.workspace.createFileSystemWatcher("**");
    const material = (uri: vscode.Uri): void => this.#materialTouched(uri);
    const document = ({ uri }: { uri: vscode.Uri }): void => this.#touched(uri);
    this.#subscriptions.push(
      watcher,
      any,
      watcher.onDidCreate((uri) => this.#touched(uri)),
      watcher.onDidChange((uri) => this.#touched(uri)),
      watcher.onDidDelete((uri) => this.#touched(uri)),
      any.onDidCreate(material),
      any.onDidChange(material),
      any.onDidDelete((uri) => {
        material(uri);
        this.#folderGone(uri);
      }),
      vscode.workspace.onDidOpenTextDocument(document),
      vscode.workspace.onDidCloseTextDocument(document),
      vscode.workspace.onDidSaveTextDocument(document),
      vscode.workspace.onDidChangeTextDocument((event) => document(event.document)),
      vscode.workspace.onDidRenameFiles(() => this.#reload()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#reload()),
    );
  }

  all(): Promise<readonly FolderProject[]> {
    return Promise.all((vscode.workspace.workspaceFolders ?? []).map((folder) => this.of(folder)));
  }

  of(folder: vscode.WorkspaceFolder): Promise<FolderProject> {
    const key = folder.uri.toString();
    let files = this.#folders.get(key);
    if (files === undefined) this.#folders.set(key, (files = new FolderFiles(folder)));
    return files.current();
  }

  /** A document with its project; undefined when it is not a definition file. */
  async at(document: vscode.TextDocument): Promise<LiveSource | undefined> {
    if (fileKindOf(document.uri.path) === undefined || isLarge(document)) return undefined;
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (folder === undefined || placeIn(folder, document.uri) === undefined) return this.#alone(document);
    const { project } = await this.of(folder);
    const source = project.sources.get(relativePath(folder, document.uri));
    return source === undefined ? undefined : { folder, project, source };
  }

  /** Whether a run reads the file: a definition, or what a Band names. */
  isRead(uri: vscode.Uri): boolean {
    if (fileKindOf(uri.path) !== undefined) return true;
    return [...this.#folders.values()].some(
      (files) => uri.scheme === files.folder.uri.scheme && files.isNamed(relativePath(files.folder, uri)),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  #alone(document: vscode.TextDocument): LiveSource {
    const known = this.#loose.get(document);
    if (known?.version === document.version) return known.live;
    const source = parseSource(path.posix.basename(document.uri.path), document.getText());
    const live = { folder: undefined, project: createProject([source]), source };
    this.#loose.set(document, { version: document.version, live });
    return live;
  }

  #touched(uri: vscode.Uri): void {
    if (fileKindOf(uri.path) === undefined) return;
    for (const files of this.#folders.values()) {
      const place = placeIn(files.folder, uri);
      if (place !== undefined) files.touch(place);
    }
    this.#later();
  }

  #materialTouched(uri: vscode.Uri): void {
    for (const files of this.#folders.values()) {
      if (uri.scheme !== files.folder.uri.scheme) continue;
      if (files.touchMaterial(relativePath(files.folder, uri))) this.#later();
    }
  }

  #folderGone(uri: vscode.Uri): void {
    for (const files of this.#folders.values()) {
      if (uri.scheme === files.folder.uri.scheme) files.touchBelow(relativePath(files.folder, uri));
    }
    this.#later();
  }

  /**
   * Discards what was read, so that the next caller gets what the disk holds now. For a run: change notifications arrive
   * late, and on some network drives never, and a run must use the current files.
   */
  reread(): void {
    this.#reload();
  }

  #reload(): void {
    this.#folders.clear();
    this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), quietMs);
  }
}
