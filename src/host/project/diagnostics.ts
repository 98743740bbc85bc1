import * as vscode from "vscode";
import { diagnose, fileKindOf, lspDiagnostic } from "../../language";
import type { Diagnostic } from "../../language";
import type { ErrorPresenter } from "../errors";
import { urisIn } from "../language/documents";
import { toDiagnostic } from "../language/lsp";
import { isLarge, offeredTools, problemsOf } from "./project-index";
import type { FolderProject, ProjectIndex } from "./project-index";

interface Found {
  readonly list: readonly Diagnostic[];
  /** Absent for a file that is in no open folder. */
  readonly folder?: vscode.WorkspaceFolder;
}

/** Problems of the definition files, in the Problems panel and below the text, also for files that are not open. */
export class ProjectDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("orket");
  readonly #published = new Map<string, readonly Diagnostic[]>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly #large: vscode.StatusBarItem;
  #edition = 0;
  readonly #index: ProjectIndex;

  constructor(index: ProjectIndex, errors: ErrorPresenter) {
    this.#index = index;
    const refresh = (): void => errors.inBackground(() => this.refresh());
    this.#large = vscode.window.createStatusBarItem("orket.large", vscode.StatusBarAlignment.Right, 90);
    this.#large.name = "Orket: Large File";
    this.#large.text = "$(info) Checked on save";
    this.#large.tooltip =
      "This definition file is larger than 1 MB: Orket looks at it only when it is saved.";
    this.#subscriptions = [
      index.onDidChange(refresh),
      // VS Code has no event for added or removed extension tools; a change becomes visible at these moments.
      vscode.extensions.onDidChange(refresh),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.#showLarge();
        refresh();
      }),
      vscode.workspace.onDidChangeTextDocument(() => this.#showLarge()),
    ];
    this.#showLarge();
  }

  async refresh(): Promise<void> {
    const edition = (this.#edition += 1);
    const projects = await this.#index.all();
    if (edition !== this.#edition) return;
    const found = await this.#found(projects);
    if (edition !== this.#edition) return;
    for (const uri of this.#published.keys())
      if (!found.has(uri)) this.#collection.delete(vscode.Uri.parse(uri));
    for (const [uri, { list, folder }] of found) {
      // A file that a change did not affect keeps its list.
      if (this.#published.get(uri) === list) continue;
      this.#collection.set(
        vscode.Uri.parse(uri),
        list.map((one) =>
          toDiagnostic(lspDiagnostic(one, folder === undefined ? undefined : urisIn(folder))),
        ),
      );
    }
    this.#published.clear();
    for (const [uri, { list }] of found) this.#published.set(uri, list);
  }

  async #found(projects: readonly FolderProject[]): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    const tools = offeredTools();
    for (const project of projects) {
      for (const file of project.project.sources.keys()) {
        const list = problemsOf(project, file, tools);
        const { folder } = project;
        if (list.length > 0) found.set(vscode.Uri.joinPath(folder.uri, file).toString(), { list, folder });
      }
    }
    for (const document of vscode.workspace.textDocuments) {
      if (document.isClosed || document.uri.scheme !== "file") continue;
      if (fileKindOf(document.uri.path) === undefined) continue;
      if (vscode.workspace.getWorkspaceFolder(document.uri) !== undefined) continue;
      const live = await this.#index.at(document);
      if (live !== undefined) found.set(document.uri.toString(), { list: diagnose(live.source) });
    }
    return found;
  }

  #showLarge(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document !== undefined && fileKindOf(document.uri.path) !== undefined && isLarge(document))
      this.#large.show();
    else this.#large.hide();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
    this.#large.dispose();
    this.#collection.dispose();
  }
}
