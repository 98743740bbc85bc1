import * as vscode from "vscode";
import { eventTypes } from "../../engine/event/event";
import { panelRequestSchema, panelStateSchema, maxRows, noFilter } from "../../protocol/session-panel";
import type {
  ArtifactAction,
  ArtifactRow,
  EventDetails,
  PanelMessage,
  PanelRequest,
} from "../../protocol/session-panel";
import { isOpenArtifact } from "../../engine/view/session-view";
import { defined } from "../../engine/model/defined";
import type { ReviewModel } from "../artifacts/review-model";
import { commandIds, panelTypes } from "../ids";
import type { CommandId } from "../ids";
import { EventIndex } from "./event-index";
import { eventTexts } from "../../engine/view/event-line";
import { sessionWords } from "../../engine/view/session-label";
import { shown } from "../webview/text";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { Coalescer } from "../webview/coalesce";
import type { ErrorPresenter } from "../errors";
import { webviewHtml, webviewOptions } from "../webview/webview-html";
import { OrketError } from "../../engine/error/orket-error";

type Handlers = {
  readonly [T in PanelRequest["type"]]: (request: Extract<PanelRequest, { type: T }>) => unknown;
};

const types: readonly string[] = [...eventTypes].sort();

/** The same commands as everywhere else. */
const commandOf: Readonly<Record<ArtifactAction, CommandId>> = {
  diff: commandIds.reviewArtifacts,
  accept: commandIds.acceptArtifact,
  reject: commandIds.rejectArtifact,
  revert: commandIds.revertAcceptance,
  history: commandIds.artifactHistory,
};

function artifactRows(controller: SessionController, model: ReviewModel): ArtifactRow[] {
  return controller.view.artifacts.map((artifact) => {
    const { path, change, decision, renamedFrom } = artifact;
    const row = model.rowOf(controller, path);
    const open = isOpenArtifact(artifact);
    const counts = row?.text === undefined ? {} : { added: row.added, removed: row.removed };
    return {
      path,
      change,
      state: row?.state ?? (decision === "pending" ? "proposed" : decision),
      open,
      decided: decision !== "pending",
      ...(model.hasVersion(controller, path) ? { own: true } : {}),
      ...counts,
      ...defined({ renamedFrom, shown: open ? row?.offer.shown : undefined }),
    };
  });
}

/** The editor panel of one session: its events, live and afterwards. Events stay on the disk until they are viewed. */
class SessionPanel {
  readonly #index: EventIndex;
  readonly #updates = new Coalescer(100, () => this.#postInfo());
  readonly #subscription: vscode.Disposable;
  readonly #model: ReviewModel;
  #ready = false;
  /** The event to show once the page has loaded. */
  #wanted: number | undefined;
  #proven: readonly string[] = [];
  /** The session's state when its verification was requested. */
  #provenAt = "";
  readonly #errors: ErrorPresenter;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly controller: SessionController,
    sessions: SessionRegistry,
    model: ReviewModel,
    errors: ErrorPresenter,
  ) {
    this.#errors = errors;
    this.#model = model;
    this.#index = new EventIndex(controller);
    this.#subscription = vscode.Disposable.from(
      model.onDidChange(() => this.#updates.request()),
      sessions.onDidChange((changed) => {
        if (changed === undefined) this.#provenAt = "";
        if (changed === undefined || changed === controller) this.#updates.request();
      }),
    );
    panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    panel.onDidDispose(() => {
      this.#updates.stop();
      this.#subscription.dispose();
    });
  }

  #receive(message: unknown): void {
    const parsed = panelRequestSchema.safeParse(message);
    if (!parsed.success) {
      void this.#errors.show(
        new OrketError("internal", `The session panel sent an invalid message: ${parsed.error.message}`, {
          hint: "Close the panel and open it again; if it happens again, report it with the log.",
        }),
      );
      return;
    }
    const handle = this.#handlers[parsed.data.type] as (request: PanelRequest) => unknown;
    void this.#errors.guard(() => handle(parsed.data));
  }

  readonly #handlers: Handlers = {
    ready: async ({ filter }) => {
      this.#ready = true;
      this.#index.setFilter(filter);
      await this.#postInfo();
      if (this.#wanted !== undefined) await this.reveal(this.#wanted);
    },
    filter: ({ filter }) => {
      this.#index.setFilter(filter);
      return this.#postInfo();
    },
    rows: async ({ edition, from, to }) => {
      if (edition !== this.#index.edition || to <= from) return;
      const rows = await this.#index.rows(from, Math.min(to, from + maxRows));
      await this.#send({ type: "rows", edition, from, rows });
    },
    details: async ({ seq }) => {
      const details = await this.#details(seq);
      if (details !== undefined) await this.#send({ type: "details", details });
    },
    artifact: ({ action, path, shown: digest }) => {
      const { controller } = this;
      const artifact = controller.view.artifacts.find((one) => one.path === path);
      if (artifact === undefined) return;
      const choice = { controller, artifact, ...defined({ shown: digest }) };
      return vscode.commands.executeCommand(commandOf[action], { choice }, { from: panelTypes.session });
    },
    copy: ({ text }) => vscode.env.clipboard.writeText(text),
    ping: () => this.#postInfo(),
  };

  /** Shows an event; clears the filter. */
  async reveal(seq: number): Promise<void> {
    this.#wanted = this.#ready ? undefined : seq;
    if (!this.#ready) return;
    this.#index.setFilter(noFilter);
    await this.#postInfo();
    await this.#send({ type: "reveal", seq });
  }

  async #postInfo(): Promise<void> {
    const { controller } = this;
    const index = this.#index;
    await index.scan();
    this.#prove();
    const { view, problem, holder } = controller;
    const { total, scanned, matching, edition } = index;
    await this.#send({
      type: "info",
      info: {
        session: controller.id,
        flow: view.flow,
        status: sessionWords[controller.label],
        live: holder !== "nobody",
        total,
        matching,
        edition,
        types,
        steps: view.steps.flatMap(({ key, status }) => (status === "planned" ? [] : [key])),
        artifacts: artifactRows(controller, this.#model),
        proven: this.#proven,
        ...(scanned < total ? { scanned } : {}),
        ...(problem === undefined ? {} : { problem: this.#errors.textOf(problem) }),
      },
    });
    if (scanned < total) this.#updates.request();
  }

  /** A running session cannot be verified yet; the journal of one at rest is verified in the background, once. */
  #prove(): void {
    const { controller } = this;
    const resting = controller.holder === "nobody";
    const at = `${resting} ${controller.total}`;
    if (at === this.#provenAt) return;
    this.#provenAt = at;
    this.#proven = [];
    if (!resting) return;
    void controller.proven().then(
      (proven) => {
        if (at !== this.#provenAt) return;
        this.#proven = proven;
        this.#updates.request();
      },
      // A disk error verifies nothing; the next read reports it.
      () => undefined,
    );
  }

  async #details(seq: number): Promise<EventDetails | undefined> {
    const [event] = await this.controller.readEvents(seq, 1);
    if (event === undefined) return undefined;
    const texts = await Promise.all(
      eventTexts(event).map(async ({ label, content }) => {
        try {
          return { label, text: shown(await this.controller.readText(content)) };
        } catch (error) {
          return { label, text: { text: `[${this.#errors.textOf(error)}]` } };
        }
      }),
    );
    const { at, type, step } = event;
    return { seq, at, type, step, json: JSON.stringify(event.data, null, 2), texts };
  }

  async #send(message: PanelMessage): Promise<void> {
    if (this.#ready) await this.panel.webview.postMessage(message);
  }
}

/** Opens session panels, one per session, and restores them after a reload. */
export class SessionPanels implements vscode.WebviewPanelSerializer<unknown> {
  readonly #open = new Map<string, SessionPanel>();
  readonly #extension: vscode.Uri;
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #errors: ErrorPresenter;

  constructor(extension: vscode.Uri, sessions: SessionRegistry, model: ReviewModel, errors: ErrorPresenter) {
    this.#extension = extension;
    this.#sessions = sessions;
    this.#model = model;
    this.#errors = errors;
  }

  /** @param seq the event to show; without it, what was shown before. */
  show(controller: SessionController, seq?: number): void {
    this.#show(controller);
    if (seq !== undefined) void this.#open.get(controller.directory)?.reveal(seq);
  }

  #show(controller: SessionController): void {
    const open = this.#open.get(controller.directory);
    if (open !== undefined) {
      open.panel.reveal();
      return;
    }
    const title = `Events: ${controller.view.flow}`;
    const panel = vscode.window.createWebviewPanel(panelTypes.session, title, vscode.ViewColumn.Active, {
      ...webviewOptions(this.#extension),
      enableFindWidget: true,
    });
    this.#fill(panel, controller);
  }

  /** Closes the panel of a session that was deleted from the disk. */
  close(directory: string): void {
    this.#open.get(directory)?.panel.dispose();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const state = panelStateSchema.safeParse(kept);
    try {
      if (!state.success)
        throw new OrketError("session_not_found", "The panel does not say which session it showed.", {
          hint: "Open the session from the list of sessions.",
        });
      panel.webview.options = webviewOptions(this.#extension);
      this.#fill(panel, await this.#sessions.openById(state.data.session));
    } catch (error) {
      panel.dispose();
      await this.#errors.show(error);
    }
  }

  #fill(panel: vscode.WebviewPanel, controller: SessionController): void {
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(this.#extension, "media", `session-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    const { directory } = controller;
    this.#open.set(directory, new SessionPanel(panel, controller, this.#sessions, this.#model, this.#errors));
    panel.onDidDispose(() => this.#open.delete(directory));
    panel.webview.html = webviewHtml(panel.webview, this.#extension, {
      name: "session",
      title: panel.title,
      data: { folder: controller.workDomain, session: controller.id },
    });
  }
}
