import * as vscode from "vscode";
import type { SessionController } from "../../app/session/controller";
import { readFirstScreen } from "../../app/panel/first-screen";
import { readTitle } from "../../app/session/label";
import { workDomainOf } from "../../adapters/journal/layout";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { OrketError } from "../../engine/error/orket-error";
import { panelStateSchema } from "../../protocol/session-requests";
import { panelTypes } from "../ids";
import { webviewHtml, webviewOptions } from "../webview/webview-html";
import type { PanelParts } from "./panel-parts";
import { PendingPanel } from "./pending-panel";
import { SessionPanel } from "./session-panel";

/** Opens session panels, one per session, and restores them after a reload. */
export class SessionPanels implements vscode.WebviewPanelSerializer<unknown> {
  readonly #open = new Map<string, SessionPanel>();
  /** Panels whose sessions are being opened. */
  readonly #pending = new Map<string, PendingPanel>();
  readonly #parts: PanelParts;

  constructor(parts: PanelParts) {
    this.#parts = parts;
  }

  /**
   * Shows what a session's panel shows first, if that is stored, until the session is open and `show` is called with it.
   * @param opening fails: the panel is closed again.
   */
  async showFirst(directory: string, opening: Promise<unknown>): Promise<void> {
    if (this.#open.has(directory) || this.#pending.has(directory)) return;
    const screen = await readFirstScreen(nodeEnvironment, directory, this.#parts.sessions.engineVersion);
    if (screen === undefined) return;
    const { session: id, flow } = screen.info;
    const title = await titleOf({ directory, id, flow });
    // It may be open by now.
    if (this.#open.has(directory) || this.#pending.has(directory)) return;
    const panel = this.#create(title, { directory, id });
    const pending = new PendingPanel(panel, screen);
    this.#pending.set(directory, pending);
    const forget = (): boolean => this.#pending.get(directory) === pending && this.#pending.delete(directory);
    panel.onDidDispose(forget);
    opening.catch(() => {
      if (forget()) panel.dispose();
    });
  }

  /** @param seq the event to show; without it, what was shown before. */
  async show(controller: SessionController, seq?: number): Promise<void> {
    const { directory } = controller;
    const open = this.#open.get(directory);
    if (open !== undefined) open.panel.reveal();
    else {
      const title = await titleOf(namesOf(controller));
      // Another call may have opened it meanwhile.
      if (this.#open.has(directory)) return this.show(controller, seq);
      const pending = this.#pending.get(directory);
      this.#pending.delete(directory);
      const panel = pending?.panel ?? this.#create(title, controller);
      this.#fill(panel, controller, pending?.handOver());
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
      panel.title = await titleOf(namesOf(controller));
      this.#draw(panel, controller);
      this.#fill(panel, controller);
    } catch (error) {
      panel.dispose();
      await errors.show(error);
    }
  }

  #create(title: string, session: Pick<SessionController, "directory" | "id">): vscode.WebviewPanel {
    const options = { ...webviewOptions(this.#parts.extension), enableFindWidget: true };
    const panel = vscode.window.createWebviewPanel(
      panelTypes.session,
      title,
      vscode.ViewColumn.Active,
      options,
    );
    this.#draw(panel, session);
    return panel;
  }

  /** The page, which asks for what it shows once it is loaded. */
  #draw(panel: vscode.WebviewPanel, { directory, id }: Pick<SessionController, "directory" | "id">): void {
    const { extension, views } = this.#parts;
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(extension, "media", `session-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.html = webviewHtml(panel.webview, extension, {
      name: "session",
      title: panel.title,
      data: { folder: workDomainOf(directory), session: id, view: views.of(id) },
    });
  }

  /** @param waiting messages of the page that came before the session was open. */
  #fill(panel: vscode.WebviewPanel, controller: SessionController, waiting: readonly unknown[] = []): void {
    const { sessions, errors } = this.#parts;
    const { directory } = controller;
    const filled = new SessionPanel(panel, controller, this.#parts);
    this.#open.set(directory, filled);
    // A new title of the session changes the list.
    const titled = sessions.onDidChange((changed) => {
      if (changed !== undefined) return;
      errors.inBackground(async () => {
        panel.title = await titleOf(namesOf(controller));
      });
    });
    panel.onDidDispose(() => {
      titled.dispose();
      this.#open.delete(directory);
    });
    for (const message of waiting) filled.take(message);
  }
}

interface Names {
  readonly directory: string;
  readonly id: string;
  readonly flow: string;
}

function namesOf({ directory, id, view }: SessionController): Names {
  return { directory, id, flow: view.flow };
}

/** The tab's title: that of the session, else its Flow with the end of its id. */
async function titleOf({ directory, id, flow }: Names): Promise<string> {
  const title = await readTitle(nodeEnvironment.fs, directory);
  return title ?? `${flow} ${id.split("-").at(-1) ?? ""}`.trim();
}
