import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { keySpan, listPrompts, promptUses } from "../../language";
import type { Project, PromptRef } from "../../language";
import { schemes } from "../ids";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import { spanRange } from "./documents";
import type { PromptTarget } from "./lenses";
import type { PreviewDocuments } from "./prompt-preview";
import type { PromptUse } from "./prompt-uri";
import { ownerOf, promptIn, promptUri } from "./prompt-uri";

/** The commands about one prompt: from a lens, from its own document, or from the palette. */
export class PromptCommands {
  readonly #index: ProjectIndex;
  readonly #previews: PreviewDocuments;
  constructor(index: ProjectIndex, previews: PreviewDocuments) {
    this.#index = index;
    this.#previews = previews;
  }

  /** Opens the prompt beside its file. */
  async edit(argument: unknown): Promise<void> {
    const target = await this.choose(argument, "Which prompt do you want to edit?");
    if (target === undefined) return;
    const document = await vscode.workspace.openTextDocument(promptUri(target.uri, target.name));
    await vscode.window.showTextDocument(document, { viewColumn: besideFile(target.uri), preview: false });
  }

  /** Shows the prompt as it would be sent in a step. */
  async preview(argument: unknown): Promise<void> {
    const target = await this.choose(argument, "Which prompt do you want to see resolved?");
    const use = target === undefined ? undefined : await this.chooseUse(target);
    if (use !== undefined) await this.#previews.show(use);
  }

  async showInFile(argument: unknown): Promise<void> {
    const target = asTarget(argument);
    const live = target === undefined ? undefined : await promptIn(this.#index, target.uri, target.name);
    const source = live?.project.sources.get(live.prompt.file);
    if (target === undefined || live === undefined || source === undefined) return;
    const span = keySpan(source, live.prompt.path);
    const shown = vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === target.uri.toString(),
    );
    await vscode.window.showTextDocument(target.uri, {
      ...(shown?.viewColumn === undefined ? {} : { viewColumn: shown.viewColumn }),
      ...(span === undefined ? {} : { selection: spanRange(source, span) }),
    });
  }

  /** The prompt that a lens, the open document, the cursor or the user selects. */
  async choose(argument: unknown, question: string): Promise<PromptTarget | undefined> {
    const meant = asTarget(argument) ?? (await this.#byPath(argument)) ?? (await this.#active());
    if (meant !== undefined) return inFolder(meant);
    const projects = await this.#index.all();
    const items = projects.flatMap(({ folder, project }) =>
      [...project.sources.values()].flatMap((source) =>
        listPrompts(source).map((prompt) => ({
          label: `$(${prompt.kind === "prompt" ? "person" : "list-ordered"}) ${prompt.name}`,
          description: prompt.kind,
          detail: projects.length > 1 ? `${folder.name}/${source.path}` : source.path,
          target: { uri: vscode.Uri.joinPath(folder.uri, source.path), name: prompt.name },
        })),
      ),
    );
    if (items.length === 0) {
      throw new OrketError("usage", "There is no prompt in the folders that are open.", {
        hint: "The command Orket: New Flow writes a team.",
      });
    }
    const options = { title: "Orket", placeHolder: question, ignoreFocusOut: true, matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.target;
  }

  /** The Flow and step that give the placeholders their values; asks if there are several. */
  async chooseUse(target: PromptTarget): Promise<PromptUse | undefined> {
    const live = await promptIn(this.#index, target.uri, target.name);
    if (live === undefined)
      throw new OrketError("usage", `The prompt of ${target.name} is no longer in its file.`);
    const uses = promptUses(live.project, live.prompt.file, live.prompt.path).flatMap(({ flow, steps }) =>
      steps.map((step) => ({ flow, step })),
    );
    const [only] = uses;
    if (only === undefined) {
      const what = live.prompt.kind === "prompt" ? "the role" : "the step";
      throw new OrketError(
        "usage",
        `No Flow uses ${what} ${target.name}, so that its placeholders mean nothing yet.`,
        {
          hint: "Name its file in a Flow, and its role in the Flow's Score.",
        },
      );
    }
    if (uses.length === 1) return { live, target, ...only };
    const items = uses.map(({ flow, step }) => ({ label: step, description: flow, flow, step }));
    const picked = await vscode.window.showQuickPick(items, {
      title: target.name,
      placeHolder: "In which step?",
      ignoreFocusOut: true,
      matchOnDescription: true,
    });
    return picked === undefined ? undefined : { live, target, flow: picked.flow, step: picked.step };
  }

  /** A lens passes the path, since a damaged file may contain a name twice. */
  async #byPath(argument: unknown): Promise<PromptTarget | undefined> {
    if (typeof argument !== "object" || argument === null) return undefined;
    if (!("uri" in argument) || !(argument.uri instanceof vscode.Uri) || !("path" in argument))
      return undefined;
    const { uri, path } = argument;
    return this.#find(uri, (prompt) => JSON.stringify(prompt.path) === JSON.stringify(path));
  }

  async #active(): Promise<PromptTarget | undefined> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return undefined;
    const { uri } = editor.document;
    if (uri.scheme === schemes.prompt) {
      const { file, name } = ownerOf(uri);
      return { uri: file, name };
    }
    const live = await this.#index.at(editor.document);
    if (live === undefined) return undefined;
    const { line } = editor.selection.active;
    const own = (prompt: PromptRef): boolean => {
      const around = keySpan(live.source, prompt.path.slice(0, -1)) ?? keySpan(live.source, prompt.path);
      return around !== undefined && spanRange(live.source, around).start.line <= line;
    };
    // The last prompt that begins above the cursor.
    const above = listPrompts(live.source).filter(own).at(-1);
    return above === undefined ? undefined : { uri, name: above.name };
  }

  async #find(uri: vscode.Uri, wanted: (prompt: PromptRef) => boolean): Promise<PromptTarget | undefined> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return undefined;
    const { project } = await this.#index.of(folder);
    const name = promptsOf(project, relativePath(folder, uri)).find(wanted)?.name;
    return name === undefined ? undefined : { uri, name };
  }
}

/** A prompt needs the other files of its project. @throws {OrketError} usage outside of one. */
function inFolder(target: PromptTarget): PromptTarget {
  if (vscode.workspace.getWorkspaceFolder(target.uri) !== undefined) return target;
  throw new OrketError("usage", "The file is in no folder that is open.", {
    hint: "Open its folder first.",
  });
}

function promptsOf(project: Project, file: string): readonly PromptRef[] {
  const source = project.sources.get(file);
  return source === undefined ? [] : listPrompts(source);
}

function asTarget(argument: unknown): PromptTarget | undefined {
  if (typeof argument !== "object" || argument === null) return undefined;
  if (!("uri" in argument) || !("name" in argument)) return undefined;
  const { uri, name } = argument;
  return uri instanceof vscode.Uri && typeof name === "string" ? { uri, name } : undefined;
}

/** Beside the file when it is visible; otherwise in the active column. */
function besideFile(file: vscode.Uri): vscode.ViewColumn {
  const active = vscode.window.activeTextEditor?.document.uri.toString();
  return active === file.toString() ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
}
