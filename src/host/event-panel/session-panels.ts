import * as vscode from "vscode";
import type { SessionController } from "../../app/session/controller";
import { readTitle } from "../../app/session/label";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { OrketError } from "../../engine/error/orket-error";
import { panelStateSchema } from "../../protocol/session-requests";
import { panelTypes } from "../ids";
import { webviewHtml, webviewOptions } from "../webview/webview-html";
import type { PanelParts } from "./panel-parts";
import { SessionPanel } from "./session-panel";

/** Opens session panels, one per session, and restores them after a reload. */
export class SessionPanels implements vscode.WebviewPanelSerializer<unknown> {
  readonly #open = new Map<string, SessionPanel>();
  readonly #parts: PanelParts;

  constructor(parts: PanelParts) {
    this.#parts = parts;
  }

  /** @param seq the event to show; without it, what was shown before. */
  async show(controller: SessionController, seq?: number): Promise<void> {
    const { directory } = controller;
    const open = this.#open.get(directory);
    if (open !== undefined) open.panel.reveal();
    else {
      const title = await titleOf(controller);
      // Another call may have opened it meanwhile.
      if (this.#open.has(directory)) return this.show(controller, seq);
      const options = { ...webviewOptions(this.#parts.extension), enableFindWidget: true };
      this.#fill(
        vscode.window.createWebviewPanel(panelTypes.session, title, vscode.ViewColumn.Active, options),
        controller,
      );
    }
    if (seq !== undefined) await this.#open.get(directory)?.reveal(seq);
  }

  /** Closes the panel of a session that was deleted from the disk. */
  close(directory: string): void {
    this.#open.get(directory)?.panel.dispose();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const state = panelStateSchema.safeParse(kept);
    const { sessions, extension, errors } = this.#parts;
    try {
      if (!state.success)
        throw new OrketError("session_not_found", "The panel does not say which session it showed.", {
          hint: "Open the session from the list of sessions.",
        });
      panel.webview.options = webviewOptions(extension);
      const controller = await sessions.openById(state.data.session);
      panel.title = await titleOf(controller);
      this.#fill(panel, controller);
    } catch (error) {
      panel.dispose();
      await errors.show(error);
    }
  }

  #fill(panel: vscode.WebviewPanel, controller: SessionController): void {
    const { extension, sessions, views, errors } = this.#parts;
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(extension, "media", `session-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    const { directory, id } = controller;
    this.#open.set(directory, new SessionPanel(panel, controller, this.#parts));
    // A new title of the session changes the list.
    const titled = sessions.onDidChange((changed) => {
      if (changed !== undefined) return;
      errors.inBackground(async () => {
        panel.title = await titleOf(controller);
      });
    });
    panel.onDidDispose(() => {
      titled.dispose();
      this.#open.delete(directory);
    });
    panel.webview.html = webviewHtml(panel.webview, extension, {
      name: "session",
      title: panel.title,
      data: { folder: controller.workDomain, session: id, view: views.of(id) },
    });
  }
}

/** The tab's title: that of the session, else its Flow with the end of its id. */
async function titleOf({ directory, id, view }: SessionController): Promise<string> {
  const title = await readTitle(nodeEnvironment.fs, directory);
  return title ?? `${view.flow} ${id.split("-").at(-1) ?? ""}`.trim();
}
