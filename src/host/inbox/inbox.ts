import * as vscode from "vscode";
import { waitingIn } from "../../app/session/waiting";
import type { UnseenEnd, UnseenEnds } from "../../app/session/unseen-ends";
import type { Waiting } from "../../app/session/waiting";
import type { SessionController } from "../../app/session/controller";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import type { ErrorPresenter } from "../errors";
import { Coalescer } from "../webview/coalesce";

/** Something that waits for the user, and its session. */
export interface InboxEntry {
  readonly waiting: Waiting;
  readonly controller: SessionController;
  readonly name: string;
  /** The time of the session's last event, ISO 8601: it has waited since then. */
  readonly since: string;
}

/** States in which something may wait. */
const maybeWaiting: ReadonlySet<ListedSession["status"]> = new Set([
  "running",
  "waiting",
  "failed",
  "paused",
  "interrupted",
]);

/** Maximum number of sessions examined, newest first. */
const maxSessions = 50;

/** Everything that waits for the user, across the sessions of the open folders; what has waited longest comes first. */
export class Inbox implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #updates: Coalescer;
  readonly #subscription: vscode.Disposable;
  readonly #sessions: SessionRegistry;
  #entries: readonly InboxEntry[] = [];
  #seen = "";

  readonly #unseen: UnseenEnds;

  constructor(sessions: SessionRegistry, unseen: UnseenEnds, errors: ErrorPresenter) {
    this.#sessions = sessions;
    this.#unseen = unseen;
    this.#updates = new Coalescer(100, () => this.#update(), errors.report);
    unseen.listen(() => this.#changed.fire());
    this.#subscription = sessions.onDidChange(() => this.#updates.request());
    this.#updates.request();
  }

  get entries(): readonly InboxEntry[] {
    return this.#entries;
  }

  /** The ends that nobody saw, of sessions in which nothing waits. */
  get ends(): readonly UnseenEnd[] {
    return this.#unseen.all.filter(
      ({ directory }) => !this.#entries.some(({ controller }) => controller.directory === directory),
    );
  }

  /** The entry after the session and question now on the screen; the first if neither is in the list. */
  after(session: string | undefined, about: string | undefined): InboxEntry | undefined {
    const at = this.#entries.findIndex(
      ({ controller, waiting }) =>
        controller.id === session && (about === undefined || waiting.about === about),
    );
    return this.#entries[(at + 1) % Math.max(1, this.#entries.length)];
  }

  dispose(): void {
    this.#updates.stop();
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async #update(): Promise<void> {
    const entries: InboxEntry[] = [];
    const listed = (await this.#sessions.list()).filter(
      ({ status, openable }) => openable && maybeWaiting.has(status),
    );
    for (const { path, title } of listed.slice(0, maxSessions)) {
      // A session that cannot be opened is reported in the list of sessions.
      const controller = await this.#sessions.openAt(path).catch(() => undefined);
      if (controller === undefined) continue;
      const { view, state } = controller;
      for (const waiting of waitingIn(controller)) {
        entries.push({ waiting, controller, name: title ?? view.flow, since: state.lastAt });
      }
    }
    entries.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
    const seen = JSON.stringify(
      entries.map(({ waiting, controller, name, since }) => [controller.id, waiting, name, since]),
    );
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#entries = entries;
    this.#changed.fire();
  }
}
