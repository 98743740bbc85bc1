import * as vscode from "vscode";
import { plannedPromptText } from "../../app/session/adjusted-prompt";
import { previewPrompt, withPrompt } from "../../language";
import type { Project } from "../../language";
import { schemes } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import type { PromptUse } from "./prompt-uri";
import { promptIn, promptUri } from "./prompt-uri";

interface Shown {
  readonly file: string;
  readonly name: string;
  readonly flow: string;
  readonly step: string;
}

/** Beside the active editor: in the other column if there is one, so that no third column narrows both. */
export function besideActive(): vscode.ViewColumn {
  const active = vscode.window.activeTextEditor?.viewColumn;
  const other = vscode.window.visibleTextEditors.find(
    ({ viewColumn }) => viewColumn !== undefined && viewColumn !== active,
  );
  return other?.viewColumn ?? vscode.ViewColumn.Beside;
}

/** The project with the unsaved text of the prompt's own document. */
export function withOpenPrompt(
  project: Project,
  file: vscode.Uri,
  name: string,
  at: PromptUse["live"],
): Project {
  const key = promptUri(file, name).toString();
  const open = vscode.workspace.textDocuments.find((one) => !one.isClosed && one.uri.toString() === key);
  const source = project.sources.get(at.prompt.file);
  if (open === undefined || source === undefined) return project;
  return withPrompt(project, source, at.prompt.path, open.getText());
}

/** Prompts as they would be sent, in documents that update while the user types. */
export class PreviewDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly onDidChange = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;
  readonly #index: ProjectIndex;

  constructor(index: ProjectIndex) {
    this.#index = index;
    this.#subscriptions = [
      index.onDidChange(() => this.#refresh()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === schemes.prompt) this.#refresh();
      }),
    ];
  }

  async show({ target, flow, step }: PromptUse): Promise<void> {
    const shown: Shown = { file: target.uri.toString(), name: target.name, flow, step };
    const uri = target.uri.with({
      scheme: schemes.preview,
      path: `${target.uri.path}/${target.name} in ${step}.md`,
      query: JSON.stringify(shown),
    });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: besideActive(),
      preserveFocus: true,
      preview: true,
    });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { file, name, flow, step } = JSON.parse(uri.query) as Shown;
    const place = vscode.Uri.parse(file, true);
    const live = await promptIn(this.#index, place, name);
    if (live === undefined) return `The prompt of ${name} is no longer in its file.\n`;
    const made = previewPrompt(withOpenPrompt(live.project, place, name, live), flow, step);
    if ("problems" in made)
      return ["The prompt cannot be resolved:", "", ...made.problems.map((one) => `- ${one}`), ""].join("\n");
    return plannedPromptText(
      made.prompt,
      `What ${step} sends in ${flow}, as far as it is known before a run.`,
    );
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const { uri } of vscode.workspace.textDocuments)
        if (uri.scheme === schemes.preview) this.#changed.fire(uri);
    }, 200);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions, this.#changed).dispose();
  }
}
