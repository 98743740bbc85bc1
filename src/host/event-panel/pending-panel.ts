import type * as vscode from "vscode";
import { answerOf } from "../../app/panel/first-screen";
import type { FirstScreen } from "../../app/panel/first-screen";
import { panelRequestSchema } from "../../protocol/session-requests";

/** A session's panel that shows its stored first screen while the session itself is opened. */
export class PendingPanel {
  /** What only the session can answer, and what tells it how the page began. */
  readonly #waiting: unknown[] = [];
  readonly #listening: vscode.Disposable;

  constructor(
    readonly panel: vscode.WebviewPanel,
    screen: FirstScreen,
  ) {
    this.#listening = panel.webview.onDidReceiveMessage((message: unknown) => {
      const request = panelRequestSchema.safeParse(message).data;
      const answer = request === undefined ? undefined : answerOf(screen, request);
      if (answer !== undefined) void panel.webview.postMessage(answer);
      // The session's own answers begin with the page's first message.
      if (answer === undefined || request?.type === "ready") this.#waiting.push(message);
    });
  }

  /** The session is open: its own panel takes over, with what waits for it. */
  handOver(): readonly unknown[] {
    this.#listening.dispose();
    return this.#waiting;
  }
}
