import * as vscode from "vscode";
import { resolveFlow } from "../../language/index";
import { schemes } from "../ids";
import { planText } from "./plan-text";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";

/** The plan of a Flow as a document that follows its files. */
export class PlanDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChange = this.#changed.event;
  readonly #index: ProjectIndex;

  constructor(index: ProjectIndex) {
    this.#index = index;
    this.#subscription = index.onDidChange(() => {
      for (const { uri } of vscode.workspace.textDocuments) {
        if (uri.scheme === schemes.plan) this.#changed.fire(uri);
      }
    });
  }

  async show(flow: vscode.Uri): Promise<void> {
    const uri = flow.with({ scheme: schemes.plan, path: `${flow.path}.plan.md`, query: flow.toString() });
    const document = await vscode.workspace.openTextDocument(uri);
    try {
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    } catch {
      // An editor without the built-in Markdown extension shows the text.
      await vscode.window.showTextDocument(document, { preview: true });
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const flow = vscode.Uri.parse(uri.query, true);
    const folder = vscode.workspace.getWorkspaceFolder(flow);
    if (folder === undefined) return "The Flow is in no folder that is open.\n";
    const { project } = await this.#index.of(folder);
    const { definition, diagnostics } = resolveFlow(project, relativePath(folder, flow), { forRun: false });
    if (definition !== undefined) return planText(definition);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    const lines = errors.map(
      ({ file, range, message }) => `- ${file}, line ${range.start.line + 1}: ${message}`,
    );
    return ["# No plan", "", "The Flow cannot run as it is:", "", ...lines, ""].join("\n");
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
