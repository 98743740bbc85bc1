import * as vscode from "vscode";
import { parseSource, readPrompt, savePrompt, findPrompt } from "../../language";
import type { SavePrompt } from "../../language";
import type { ErrorPresenter } from "../errors";
import { schemes } from "../ids";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import { toTextEdit } from "./lsp";
import { mergeTexts } from "./prompt-merge";
import { ownerOf, promptAt } from "./prompt-uri";
import { FlatFiles } from "../flat-files";

/** A prompt that an editor has opened. */
interface Opened {
  /** Its text when last read or saved: the base of an edit. */
  base: string;
  mtime: number;
  /** Saving wrote more than the document held: it is reread once the editor is done. */
  merged?: boolean;
}

/**
 * Prompts and instructions as separate files. Reading takes the text from the YAML as the editors hold it; writing
 * changes only that text in the YAML.
 */
export class PromptFiles extends FlatFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #opened = new Map<string, Opened>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly onDidChangeFile = this.#changed.event;
  readonly #index: ProjectIndex;

  constructor(index: ProjectIndex, errors: ErrorPresenter) {
    super();
    this.#index = index;
    this.#subscriptions = [
      index.onDidChange(() => errors.inBackground(() => this.#follow())),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        const opened = this.#opened.get(uri.toString());
        if (opened?.merged === true) this.#tell(uri, opened);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#opened.delete(uri.toString())),
    ];
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const text = await this.#read(uri);
    const { mtime } = this.#remember(uri, text);
    return { type: vscode.FileType.File, ctime: 0, mtime, size: new TextEncoder().encode(text).length };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const text = await this.#read(uri);
    this.#remember(uri, text).base = text;
    return new TextEncoder().encode(text);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const { file, name } = ownerOf(uri);
    const folder = vscode.workspace.getWorkspaceFolder(file);
    if (folder === undefined) throw vscode.FileSystemError.Unavailable(`${file.path} is in no open folder.`);
    const document = await vscode.workspace.openTextDocument(file);
    const wasDirty = document.isDirty;
    const source = parseSource(relativePath(folder, file), document.getText());
    const path = findPrompt(source, name)?.path ?? ["roles", name, "prompt"];
    const edited = new TextDecoder().decode(content).replace(/\r\n?/g, "\n");
    const current = readPrompt(source, path);
    const opened = this.#remember(uri, current ?? "");
    let saved = savePrompt(source, path, opened.base, edited);
    let text = edited;
    if (saved.kind === "conflict" && current !== undefined) {
      const merged = mergeTexts(opened.base, edited, current);
      if (merged !== undefined) {
        text = merged;
        saved = savePrompt(source, path, current, merged);
      }
    }
    if (isRefused(saved)) throw vscode.FileSystemError.Unavailable(saved.message);
    if (saved.kind === "edited") {
      const edit = new vscode.WorkspaceEdit();
      edit.set(file, saved.edits.map(toTextEdit));
      if (!(await vscode.workspace.applyEdit(edit)))
        throw vscode.FileSystemError.Unavailable(`${source.path} changed meanwhile. Save again.`);
      // Other unsaved changes in the file are left for the user to save.
      if (!wasDirty && !(await document.save()))
        throw vscode.FileSystemError.Unavailable(`${source.path} could not be saved.`);
    }
    opened.base = text;
    opened.mtime += 1;
    opened.merged = text !== edited;
  }

  /** Prompts that changed in their file are reread, unless they are being edited: saving merges those. */
  async #follow(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme !== schemes.prompt || document.isClosed || document.isDirty) continue;
      const opened = this.#opened.get(document.uri.toString());
      if (opened === undefined) continue;
      const live = await promptAt(this.#index, document.uri);
      const source = live?.project.sources.get(live.prompt.file);
      const text =
        live === undefined || source === undefined ? undefined : readPrompt(source, live.prompt.path);
      if (text !== undefined && text !== opened.base && !document.isDirty) this.#tell(document.uri, opened);
    }
  }

  #tell(uri: vscode.Uri, opened: Opened): void {
    opened.mtime += 1;
    opened.merged = false;
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  #remember(uri: vscode.Uri, text: string): Opened {
    const key = uri.toString();
    let opened = this.#opened.get(key);
    if (opened === undefined) this.#opened.set(key, (opened = { base: text, mtime: Date.now() }));
    return opened;
  }

  async #read(uri: vscode.Uri): Promise<string> {
    const live = await promptAt(this.#index, uri);
    const source = live?.project.sources.get(live.prompt.file);
    const text =
      live === undefined || source === undefined ? undefined : readPrompt(source, live.prompt.path);
    if (text === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return text;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions, this.#changed).dispose();
  }
}

function isRefused(
  saved: SavePrompt,
): saved is Extract<SavePrompt, { readonly kind: "conflict" | "gone" | "refused" }> {
  return saved.kind === "conflict" || saved.kind === "gone" || saved.kind === "refused";
}
