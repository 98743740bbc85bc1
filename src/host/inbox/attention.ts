import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import { endSentence, waitingIn } from "../../app/session/waiting";
import type { SessionController } from "../../app/session/controller";
import { headingOf, sessionWords } from "../../engine/view/session-label";
import { badgeOf } from "../conductor/conductor-view";
import type { ConductorView } from "../conductor/conductor-view";
import type { UnseenEnds } from "../../app/session/unseen-ends";
import { commandIds, contextKeys, internalIds, settingIds, viewIds } from "../ids";
import type { SessionRegistry } from "../session/session-registry";
import type { ErrorPresenter } from "../errors";
import { Coalescer } from "../webview/coalesce";
import type { Inbox } from "./inbox";

/**
 * Shows in the workbench what the sessions do: status bar, progress, badge, context keys, and one notification for each
 * question or end that is not visible.
 */
export class Attention implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("orket.status", vscode.StatusBarAlignment.Left, 50);
  readonly #updates: Coalescer;
  readonly #told = new Set<string>();
  /** Sessions that have run in this window, with their last label. */
  readonly #labels = new Map<SessionController, string>();
  readonly #unseen: UnseenEnds;
  readonly #subscriptions: vscode.Disposable[];
  readonly #sessions: SessionRegistry;
  readonly #conductor: ConductorView;
  readonly #inbox: Inbox;
  readonly #fallbackBadge: (badge: vscode.ViewBadge | undefined) => void;
  #endProgress: (() => void) | undefined;

  constructor(
    sessions: SessionRegistry,
    conductor: ConductorView,
    inbox: Inbox,
    unseen: UnseenEnds,
    errors: ErrorPresenter,
    fallbackBadge: (badge: vscode.ViewBadge | undefined) => void,
  ) {
    this.#unseen = unseen;
    this.#sessions = sessions;
    this.#conductor = conductor;
    this.#inbox = inbox;
    this.#fallbackBadge = fallbackBadge;
    this.#updates = new Coalescer(50, () => this.#update(), errors.report);
    this.#item.name = "Orket";
    this.#subscriptions = [
      sessions.onDidChange((changed) => {
        if (changed === undefined) void this.#forgetGone();
        this.#updates.request();
      }),
      conductor.onDidChangeVisibility(() => this.#updates.request()),
      inbox.onDidChange(() => this.#updates.request()),
      vscode.window.onDidChangeWindowState(() => this.#updates.request()),
    ];
    void this.#forgetGone();
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
    for (const controller of open) this.#noticeEnd(controller);
    this.#unseen.retain(({ directory }) => !this.#isSeen(directory));
    const running = open.filter(({ holder }) => holder === "here");
    const waiting = running.filter(({ label }) => label === "waiting");
    this.#showItem(running, waiting);
    this.#showBadge();
    this.#showProgress(running.length > waiting.length);
    void setContext(contextKeys.running, running.length > 0);
    void setContext(contextKeys.waiting, this.#inbox.entries.length > 0);
    void setContext(contextKeys.resumable, current?.resumable === true);
    const pending = current?.view.artifacts.some(isOpenArtifact) === true;
    void setContext(contextKeys.pendingArtifacts, pending);
    for (const controller of waiting) this.#notify(controller);
  }

  #isSeen(directory: string): boolean {
    const shown = this.#conductor.visible && this.#sessions.current?.directory === directory;
    return shown && vscode.window.state.focused;
  }

  /** Drops the ends of sessions that are no longer in the open folders. */
  async #forgetGone(): Promise<void> {
    if (this.#unseen.all.length === 0) return;
    const listed = await this.#sessions.list().catch(() => undefined);
    if (listed === undefined) return;
    this.#unseen.retain(({ directory }) => listed.some(({ path }) => path === directory));
    this.#updates.request();
  }

  /** Shows an end that nobody saw. @param given the session's folder; without it, the end that the status bar names */
  async showEnd(given: unknown): Promise<void> {
    const directory = typeof given === "string" ? given : this.#unseen.all[0]?.directory;
    if (directory === undefined) return;
    const controller = await this.#sessions.openAt(directory).catch(() => undefined);
    if (controller === undefined) return this.#forgetGone();
    await this.#conductor.showWaiting(controller, waitingIn(controller)[0]?.about ?? "");
  }

  /** A session that ran in this window and has ended: reported once, if it is not visible. */
  #noticeEnd(controller: SessionController): void {
    const { label, holder } = controller;
    const before = this.#labels.get(controller);
    if (holder === "here" && (label === "running" || label === "waiting")) {
      this.#labels.set(controller, label);
      this.#unseen.retain(({ directory }) => directory !== controller.directory);
      return;
    }
    if (before === undefined) return;
    const sentence = endSentence(controller.view.flow, controller);
    // It pauses before it releases its lock: both are one end.
    if (holder === "here" && label !== "failed" && label !== "paused") return;
    this.#labels.delete(controller);
    const { directory, view } = controller;
    if (sentence === undefined || this.#isSeen(directory)) return;
    this.#unseen.add({ directory, flow: view.flow, word: sessionWords[label], sentence });
    if (!notifications()) return;
    this.#offer(`Orket: ${sentence}`, controller, waitingIn(controller)[0]?.about ?? "");
  }

  /**
   * The item's commands have no arguments: VS Code keeps arguments in the extension host and drops them when the item is set
   * again, so that a click at that moment would be answered with "Actual command not found".
   */
  #showItem(running: readonly SessionController[], waiting: readonly SessionController[]): void {
    const item = this.#item;
    const [asking] = waiting;
    const [working] = running.filter((controller) => !waiting.includes(controller));
    const ended = this.#unseen.all[0];
    item.backgroundColor = undefined;
    item.command = { command: `${viewIds.conductor}.focus`, title: "Show the Conductor View" };
    if (asking !== undefined) {
      item.text = `$(bell) Orket: ${sessionWords.waiting}`;
      item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
      item.tooltip = tooltipOf(asking);
      item.command = { command: commandIds.nextWaiting, title: "Next Waiting" };
    } else if (working !== undefined) {
      const { view } = working;
      const at = view.steps.find(({ status }) => status === "running");
      const done = view.steps.filter(({ status }) => status !== "planned" && status !== "running").length;
      const place = `${Math.min(done + 1, view.steps.length)}/${view.steps.length}`;
      item.text =
        view.halting === undefined
          ? `$(sync~spin) Orket: ${at === undefined ? view.flow : at.key} (${place})`
          : `$(sync~spin) Orket: ${view.halting} …`;
      item.tooltip = tooltipOf(working);
    } else if (ended !== undefined) {
      item.text = `$(bell) Orket: ${ended.flow} ${ended.word}`;
      item.tooltip = ended.sentence;
      item.command = { command: internalIds.showEnd, title: "Show" };
    } else {
      item.hide();
      return;
    }
    item.show();
  }

  /** The number of waiting items, and of unseen ends with nothing left waiting. */
  #showBadge(): void {
    const count = this.#inbox.entries.length + this.#inbox.ends.length;
    this.#fallbackBadge(this.#conductor.setWaiting(count) ? undefined : badgeOf(count));
  }

  /** The progress bar below the view's title, shown while anything runs. */
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

  /** Notifies of each question once, and only if it is not visible. */
  #notify(controller: SessionController): void {
    const fresh = waitingIn(controller).filter(({ about }) => !this.#told.has(`${controller.id} ${about}`));
    const [first] = fresh;
    if (first === undefined) return;
    for (const { about } of fresh) this.#told.add(`${controller.id} ${about}`);
    const seen = this.#conductor.visible && this.#sessions.current === controller;
    if (seen || !notifications()) return;
    const { flow } = controller.view;
    this.#offer(`Orket: ${flow} is ${sessionWords.waiting}: ${first.text}`, controller, first.about);
  }

  #offer(text: string, controller: SessionController, about: string): void {
    const show = "Show";
    void vscode.window.showInformationMessage(text, show).then((answer) => {
      if (answer === show) return this.#conductor.showWaiting(controller, about);
      return undefined;
    });
  }
}

function notifications(): boolean {
  return vscode.workspace.getConfiguration().get<boolean>(settingIds.notifyApprovals, true);
}

function setContext(key: string, value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand("setContext", key, value);
}

function tooltipOf({ view, id, label }: SessionController): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.isTrusted = { enabledCommands: [commandIds.pauseSession, commandIds.stopSession] };
  text.appendText(`${headingOf(label)}: ${view.flow} (${id})\n`);
  text.appendMarkdown(
    `\n[$(debug-pause) Pause](command:${commandIds.pauseSession}) · [$(debug-stop) Stop](command:${commandIds.stopSession})`,
  );
  return text;
}
