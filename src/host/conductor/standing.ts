import * as vscode from "vscode";
import { commandIds, contextKeys, settingIds, viewIds } from "../ids";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { badgeOf } from "./conductor-view";
import type { ConductorView } from "./conductor-view";
import { Coalescer } from "../webview/coalesce";

/**
 * Says in the workbench how the sessions of this window stand: status bar, progress, badge, context keys, and one
 * notification for a question that nobody can see.
 */
export class Standing implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("orket.status", vscode.StatusBarAlignment.Left, 50);
  readonly #updates = new Coalescer(50, () => this.#update());
  readonly #told = new Set<string>();
  readonly #subscriptions: vscode.Disposable[];
  #endProgress: (() => void) | undefined;
  readonly #sessions: SessionRegistry;
  readonly #conductor: ConductorView;
  readonly #fallbackBadge: (badge: vscode.ViewBadge | undefined) => void;

  constructor(
    sessions: SessionRegistry,
    conductor: ConductorView,
    fallbackBadge: (badge: vscode.ViewBadge | undefined) => void,
  ) {
    this.#sessions = sessions;
    this.#conductor = conductor;
    this.#fallbackBadge = fallbackBadge;
    this.#item.name = "Orket";
    this.#subscriptions = [
      sessions.onDidChange(() => this.#updates.request()),
      conductor.onDidChangeVisibility(() => this.#updates.request()),
    ];
    this.#updates.request();
  }

  dispose(): void {
    this.#updates.stop();
    this.#endProgress?.();
    this.#item.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #update(): void {
    const { current, open } = this.#sessions;
    const running = open.filter(({ holder }) => holder === "here");
    const waiting = running.filter(({ view }) => view.approvals.length > 0);
    this.#showItem(running, waiting);
    this.#showBadge(open);
    this.#showProgress(running.length > waiting.length);
    void setContext(contextKeys.running, running.length > 0);
    void setContext(contextKeys.resumable, current?.resumable === true);
    const pending = current?.view.artifacts.some(({ decision }) => decision === "pending") === true;
    void setContext(contextKeys.pendingArtifacts, pending);
    for (const controller of waiting) this.#notify(controller);
  }

  #showItem(running: readonly SessionController[], waiting: readonly SessionController[]): void {
    const item = this.#item;
    const [asking] = waiting;
    const [working] = running;
    if (asking !== undefined) {
      item.text = "$(bell) Orket: waits for you";
      item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
      item.tooltip = tooltipOf(asking);
    } else if (working !== undefined) {
      const { view } = working;
      const at = view.steps.find(({ status }) => status === "running");
      const done = view.steps.filter(({ status }) => status !== "planned" && status !== "running").length;
      const place = `${Math.min(done + 1, view.steps.length)}/${view.steps.length}`;
      const step = at === undefined ? view.flow : at.key;
      item.text =
        view.halting === undefined
          ? `$(sync~spin) Orket: ${step} (${place})`
          : `$(sync~spin) Orket: ${view.halting} …`;
      item.backgroundColor = undefined;
      item.tooltip = tooltipOf(working);
    } else {
      item.hide();
      return;
    }
    item.command = { command: `${viewIds.conductor}.focus`, title: "Show the Conductor View" };
    item.show();
  }

  #showBadge(open: readonly SessionController[]): void {
    const count = open.reduce(
      (sum, { holder, view, state }) =>
        sum +
        (holder === "here" ? view.approvals.length : state.status === "paused" ? view.failed.length : 0),
      0,
    );
    this.#fallbackBadge(this.#conductor.setWaiting(count) ? undefined : badgeOf(count));
  }

  /** The bar below the view's title, as long as something is at work. */
  #showProgress(working: boolean): void {
    if (!working) {
      this.#endProgress?.();
      this.#endProgress = undefined;
    } else if (this.#endProgress === undefined) {
      void vscode.window.withProgress(
        { location: { viewId: viewIds.conductor } },
        () => new Promise<void>((resolve) => (this.#endProgress = resolve)),
      );
    }
  }

  /** Each question once, and only if it cannot be seen. */
  #notify(controller: SessionController): void {
    const fresh = controller.view.approvals.filter(({ id }) => !this.#told.has(`${controller.id} ${id}`));
    const [first] = fresh;
    if (first === undefined) return;
    for (const { id } of fresh) this.#told.add(`${controller.id} ${id}`);
    const seen = this.#conductor.visible && this.#sessions.current === controller;
    if (seen || !vscode.workspace.getConfiguration().get<boolean>(settingIds.notifyApprovals, true)) return;
    const show = "Show";
    const question =
      first.kind === "before_step" ? `begin ${first.step}?` : `take the result of ${first.step}?`;
    void vscode.window
      .showInformationMessage(`Orket: ${controller.view.flow} waits for you: ${question}`, show)
      .then(async (answer) => {
        if (answer !== show) return;
        this.#sessions.show(controller);
        await this.#conductor.reveal({ focus: true });
      });
  }
}

function setContext(key: string, value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand("setContext", key, value);
}

function tooltipOf({ view, id }: SessionController): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.isTrusted = { enabledCommands: [commandIds.pauseSession, commandIds.stopSession] };
  text.appendText(`${view.flow} (${id})\n`);
  text.appendMarkdown(
    `\n[$(debug-pause) Pause](command:${commandIds.pauseSession}) · [$(debug-stop) Stop](command:${commandIds.stopSession})`,
  );
  return text;
}
