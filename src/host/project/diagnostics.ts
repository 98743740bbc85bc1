import * as vscode from "vscode";
import { diagnose, fileKindOf, type Diagnostic, type Range } from "../../language";
import { isLarge, type FolderProject, type ProjectIndex } from "./project-index";

const docs = "https://github.com/orket-dev/orket-vscode/blob/main/docs/diagnostics.md";

/** What is wrong with the definition files, in the Problems panel and below the text, also in files that are not open. */
export class ProjectDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("orket");
  readonly #published = new Map<string, readonly Diagnostic[]>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly #large: vscode.StatusBarItem;
  #edition = 0;

  constructor(private readonly index: ProjectIndex) {
    this.#large = vscode.window.createStatusBarItem("orket.large", vscode.StatusBarAlignment.Right, 90);
    this.#large.name = "Orket: Large File";
    this.#large.text = "$(info) Checked on save";
    this.#large.tooltip =
      "This definition file is larger than 1 MB: Orket looks at it only when it is saved.";
    this.#subscriptions = [
      index.onDidChange(() => void this.refresh()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#showLarge()),
      vscode.workspace.onDidChangeTextDocument(() => this.#showLarge()),
    ];
    this.#showLarge();
  }

  async refresh(): Promise<void> {
    const edition = (this.#edition += 1);
    const projects = await this.index.all();
    if (edition !== this.#edition) return;
    const found = new Map<string, Diagnostic[]>();
    const folders = new Map<string, vscode.WorkspaceFolder>();
    for (const project of projects) collect(project, found, folders);
    for (const document of vscode.workspace.textDocuments) {
      const alone = vscode.workspace.getWorkspaceFolder(document.uri) === undefined;
      if (
        !alone ||
        document.isClosed ||
        document.uri.scheme !== "file" ||
        fileKindOf(document.uri.path) === undefined
      )
        continue;
      const live = await this.index.at(document);
      if (live !== undefined) found.set(document.uri.toString(), [...diagnose(live.source)]);
    }
    if (edition !== this.#edition) return;
    for (const uri of this.#published.keys())
      if (!found.has(uri)) this.#collection.delete(vscode.Uri.parse(uri));
    for (const [uri, list] of found) {
      const before = this.#published.get(uri);
      if (before !== undefined && sameList(before, list)) continue;
      const folder = folders.get(uri);
      this.#collection.set(
        vscode.Uri.parse(uri),
        list.map((one) => toDiagnostic(one, folder)),
      );
    }
    this.#published.clear();
    for (const [uri, list] of found) this.#published.set(uri, list);
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

function collect(
  { folder, diagnostics }: FolderProject,
  found: Map<string, Diagnostic[]>,
  folders: Map<string, vscode.WorkspaceFolder>,
): void {
  for (const diagnostic of diagnostics) {
    const uri = vscode.Uri.joinPath(folder.uri, diagnostic.file).toString();
    folders.set(uri, folder);
    const list = found.get(uri);
    if (list === undefined) found.set(uri, [diagnostic]);
    else list.push(diagnostic);
  }
}

function sameList(before: readonly Diagnostic[], now: readonly Diagnostic[]): boolean {
  return before.length === now.length && JSON.stringify(before) === JSON.stringify(now);
}

export function toRange({ start, end }: Range): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  hint: vscode.DiagnosticSeverity.Hint,
} as const;

/** The same problem as the editor shows it: with its code linked to the page that explains it. */
export function toDiagnostic(
  diagnostic: Pick<Diagnostic, "message" | "mend" | "severity" | "code" | "range" | "related">,
  folder?: vscode.WorkspaceFolder,
): vscode.Diagnostic {
  const { message, mend, severity, code, related, range } = diagnostic;
  const result = new vscode.Diagnostic(
    toRange(range),
    mend === undefined ? message : `${message} ${mend}`,
    severities[severity],
  );
  result.source = "Orket";
  result.code = { value: code, target: vscode.Uri.parse(`${docs}#${code.replace("/", "")}`) };
  if (code === "orket/unused-role") result.tags = [vscode.DiagnosticTag.Unnecessary];
  if (related !== undefined && folder !== undefined) {
    result.relatedInformation = related.map(
      (place) =>
        new vscode.DiagnosticRelatedInformation(
          new vscode.Location(vscode.Uri.joinPath(folder.uri, place.file), toRange(place.range)),
          place.message,
        ),
    );
  }
  return result;
}
