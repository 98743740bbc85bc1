import * as vscode from "vscode";
import type { Diagnostic, Range } from "../../language";
import type { FolderProject, ProjectIndex } from "./project-index";

/** What is wrong with the definition files, in the Problems panel. */
export class ProjectDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("orket");
  readonly #subscription: vscode.Disposable;
  #edition = 0;

  constructor(private readonly index: ProjectIndex) {
    this.#subscription = index.onDidChange(() => void this.refresh());
  }

  async refresh(): Promise<void> {
    const edition = (this.#edition += 1);
    const projects = await this.index.all();
    if (edition !== this.#edition) return;
    this.#collection.clear();
    for (const project of projects) this.#publish(project);
  }

  #publish({ folder, diagnostics }: FolderProject): void {
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const diagnostic of diagnostics) {
      const list = byFile.get(diagnostic.file) ?? [];
      list.push(toDiagnostic(folder, diagnostic));
      byFile.set(diagnostic.file, list);
    }
    for (const [file, list] of byFile) this.#collection.set(vscode.Uri.joinPath(folder.uri, file), list);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#collection.dispose();
  }
}

export function toRange({ start, end }: Range): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}

function toDiagnostic(folder: vscode.WorkspaceFolder, diagnostic: Diagnostic): vscode.Diagnostic {
  const { message, mend, severity, code, related } = diagnostic;
  const result = new vscode.Diagnostic(
    toRange(diagnostic.range),
    mend === undefined ? message : `${message} ${mend}`,
    severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  result.source = "Orket";
  result.code = code;
  if (related !== undefined) {
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
