import * as vscode from "vscode";
import { panelRequestSchema } from "../../protocol/session-requests";
import type { PanelRequest } from "../../protocol/session-requests";
import { defined } from "../../engine/model/defined";
import { OrketError } from "../../engine/error/orket-error";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { keepFirstScreen } from "../../app/panel/first-screen";
import { partText, readablePartText } from "../../app/panel/part-text";
import type { SessionController } from "../../app/session/controller";
import { panelTypes } from "../ids";
import { artifactCommands, artifactRows } from "./artifact-rows";
import { Comparison } from "./comparison";
import type { PanelParts } from "./panel-parts";
import { SessionFeed } from "./session-feed";
import { openWritten } from "./written-file";

type Handlers = {
  readonly [T in PanelRequest["type"]]: (request: Extract<PanelRequest, { type: T }>) => unknown;
};

/** The editor panel of one session. */
export class SessionPanel {
  readonly #feed: SessionFeed;
  readonly #comparison: Comparison;
  readonly #parts: PanelParts;
  readonly #handlers: Handlers;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly controller: SessionController,
    parts: PanelParts,
  ) {
    this.#parts = parts;
    this.#comparison = new Comparison(controller, parts);
    this.#feed = new SessionFeed(controller, {
      send: (message) => panel.webview.postMessage(message),
      artifacts: () => artifactRows(controller, parts.model),
      textOf: (error) => parts.errors.textOf(error),
      atRest: () => parts.errors.inBackground(() => this.#keepFirstScreen()),
      failed: parts.errors.report,
    });
    this.#handlers = { ...this.#feed.handlers, ...this.#acts() };
    const subscription = vscode.Disposable.from(
      parts.model.onDidChange(() => this.#feed.changed()),
      parts.sessions.onDidChange((changed) => {
        if (changed === undefined) this.#feed.changedOnDisk();
        else if (changed === controller) this.#feed.changed();
      }),
    );
    panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    panel.onDidDispose(() => {
      this.#feed.stop();
      subscription.dispose();
    });
  }

  /** Shows an event; clears the filter. */
  reveal(seq: number): Promise<void> {
    return this.#feed.reveal(seq);
  }

  /** Stores what a new panel of the session shows first. */
  async #keepFirstScreen(): Promise<void> {
    const { controller } = this;
    const screen = await this.#feed.firstScreen();
    const { directory, position } = controller;
    if (screen !== undefined)
      await keepFirstScreen(nodeEnvironment, directory, position, screen, controller.options.engineVersion);
  }

  /** Takes a message of the page: one that came before the session was open. */
  take(message: unknown): void {
    this.#receive(message);
  }

  #receive(message: unknown): void {
    const { errors } = this.#parts;
    const parsed = panelRequestSchema.safeParse(message);
    if (!parsed.success) {
      void errors.show(
        new OrketError("internal", `The session panel sent an invalid message: ${parsed.error.message}`, {
          hint: "Close the panel and open it again; if it happens again, report it with the log.",
        }),
      );
      return;
    }
    const handle = this.#handlers[parsed.data.type] as (request: PanelRequest) => unknown;
    void errors.guard(() => handle(parsed.data));
  }

  /** What a person does from the panel, outside of it. */
  #acts(): Omit<Handlers, keyof SessionFeed["handlers"]> {
    const { controller } = this;
    return {
      open_part: async ({ seq, id }) => {
        const found = await readablePartText(controller, seq, id);
        if (found !== undefined) await this.#parts.reports.show(found.name, found.text);
      },
      copy_part: async ({ seq, id }) => {
        const found = await partText(controller, seq, id);
        if (found !== undefined) await vscode.env.clipboard.writeText(found.text);
      },
      diff: ({ seq, path }) => openWritten(controller, seq, path),
      compare: async () => {
        const screen = await this.#comparison.ask();
        if (screen !== undefined) await this.panel.webview.postMessage({ type: "compare", screen });
      },
      compare_open: ({ step }) => this.#comparison.open(step),
      view: ({ view }) => this.#parts.views.keep(controller.id, view),
      artifact: ({ action, path, shown }) => {
        const artifact = controller.view.artifacts.find((one) => one.path === path);
        if (artifact === undefined) return;
        const choice = { controller, artifact, ...defined({ shown }) };
        return vscode.commands.executeCommand(
          artifactCommands[action],
          { choice },
          { from: panelTypes.session },
        );
      },
      copy: ({ text }) => vscode.env.clipboard.writeText(text),
    };
  }
}
