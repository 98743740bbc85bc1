import * as vscode from "vscode";
import { schemes } from "../ids";

/** Maximum number of documents kept; the oldest are dropped. */
const maxReports = 200;

/** Read-only documents about sessions, created on demand. */
export class Reports implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #last = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? "This was made in an earlier window. Run the command again.\n";
  }

  /** @param name a file name; its extension decides the language. */
  async show(name: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.#add(name, text));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  /** Two texts side by side. */
  async diff(
    title: string,
    left: { readonly name: string; readonly text: string },
    right: { readonly name: string; readonly text: string },
  ): Promise<void> {
    await vscode.commands.executeCommand(
      "vscode.diff",
      this.#add(left.name, left.text),
      this.#add(right.name, right.text),
      title,
      { preview: true },
    );
  }

  #add(name: string, text: string): vscode.Uri {
    const key = String((this.#last += 1));
    this.#texts.set(key, text);
    for (const old of this.#texts.keys()) {
      if (this.#texts.size <= maxReports) break;
      this.#texts.delete(old);
    }
    return vscode.Uri.from({ scheme: schemes.report, path: `/${name}`, query: key });
  }
}
