import * as vscode from "vscode";
import { armingMs } from "../../protocol/press-guard";

/**
 * Asks in a dialog. The Enter of the previous input can reach the dialog before anyone has read it: an answer within the
 * first moment does not count, and the dialog is shown again.
 * @returns the chosen button; undefined when the dialog was closed.
 */
export async function askModal<B extends string>(
  message: string,
  detail: string,
  ...buttons: readonly B[]
): Promise<B | undefined> {
  for (;;) {
    const shownAt = performance.now();
    const answer = await vscode.window.showWarningMessage(message, { modal: true, detail }, ...buttons);
    if (answer === undefined || performance.now() - shownAt >= armingMs) return answer;
  }
}
