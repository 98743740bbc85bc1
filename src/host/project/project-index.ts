import path from "node:path";
import * as vscode from "vscode";
import { readProjectFiles } from "../../adapters/definition/project-files";
import {
  createProject,
  definitionFileGlob,
  diagnoseProject,
  fileKindOf,
  flowSummaries,
  parseSource,
  sourceLimits,
  type Diagnostic,
  type FlowSummary,
  type Project,
  type SourceDocument,
} from "../../language";

/** The definition files of one open folder, with what is wrong with them. */
export interface FolderProject {
  readonly folder: vscode.WorkspaceFolder;
  readonly project: Project;
  readonly flows: readonly FlowSummary[];
  readonly diagnostics: readonly Diagnostic[];
}

const quietMs = 200;

/** Where a definition file lies in a folder, as the language service names it. */
export function relativePath(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  return path.posix.relative(folder.uri.path, uri.path);
}

/**
 * Knows the definition files of the open folders, as the editors hold them: reads them when they change on the disk or
 * in an editor, when it has become quiet, and tells who listens.
 */
export class ProjectIndex implements vscode.Disposable {
  readonly #projects = new Map<string, Promise<FolderProject>>();
  readonly #parsed = new WeakMap<vscode.TextDocument, { version: number; source: SourceDocument }>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[] = [];
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(definitionFileGlob);
    const document = ({ uri }: { uri: vscode.Uri }): void => this.#touched(uri);
    this.#subscriptions.push(
      watcher,
      watcher.onDidCreate((uri) => this.#touched(uri)),
      watcher.onDidChange((uri) => this.#touched(uri)),
      watcher.onDidDelete((uri) => this.#touched(uri)),
      vscode.workspace.onDidOpenTextDocument(document),
      vscode.workspace.onDidCloseTextDocument(document),
      vscode.workspace.onDidChangeTextDocument((event) => document(event.document)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#later()),
    );
  }

  all(): Promise<readonly FolderProject[]> {
    return Promise.all((vscode.workspace.workspaceFolders ?? []).map((folder) => this.of(folder)));
  }

  of(folder: vscode.WorkspaceFolder): Promise<FolderProject> {
    const key = folder.uri.toString();
    const known = this.#projects.get(key);
    if (known !== undefined) return known;
    const reading = this.#read(folder);
    this.#projects.set(key, reading);
    return reading;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  #touched(uri: vscode.Uri): void {
    if (fileKindOf(uri.path) !== undefined) this.#later();
  }

  #later(): void {
    // Who asks meanwhile gets what is true now, not what was.
    this.#projects.clear();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), quietMs);
  }

  async #read(folder: vscode.WorkspaceFolder): Promise<FolderProject> {
    const files = new Map<string, { path: string; text: string | Uint8Array } | SourceDocument>();
    for (const file of await readFolder(folder)) files.set(file.path, file);
    for (const document of vscode.workspace.textDocuments) {
      const owner = vscode.workspace.getWorkspaceFolder(document.uri);
      if (owner?.uri.toString() !== folder.uri.toString() || document.isClosed) continue;
      if (document.uri.scheme !== folder.uri.scheme || fileKindOf(document.uri.path) === undefined) continue;
      const source = this.#parse(folder, document);
      files.set(source.path, source);
    }
    const project = createProject(files.values());
    return { folder, project, flows: flowSummaries(project), diagnostics: diagnoseProject(project) };
  }

  #parse(folder: vscode.WorkspaceFolder, document: vscode.TextDocument): SourceDocument {
    const known = this.#parsed.get(document);
    if (known?.version === document.version) return known.source;
    const source = parseSource(relativePath(folder, document.uri), document.getText());
    this.#parsed.set(document, { version: document.version, source });
    return source;
  }
}

async function readFolder(folder: vscode.WorkspaceFolder): Promise<{ path: string; text: Uint8Array }[]> {
  if (folder.uri.scheme === "file") {
    const { files } = await readProjectFiles(folder.uri.fsPath, (place) => fileKindOf(place) !== undefined);
    return [...files];
  }
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, definitionFileGlob),
    "**/{node_modules,.git,.orket}/**",
    500,
  );
  const read = found.map(async (uri) => {
    const { size } = await vscode.workspace.fs.stat(uri);
    const text = size > sourceLimits.bytes ? new Uint8Array(size) : await vscode.workspace.fs.readFile(uri);
    return { path: relativePath(folder, uri), text };
  });
  const results = await Promise.allSettled(read);
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
