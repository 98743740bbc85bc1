import * as vscode from "vscode";
import { settingIds } from "../ids";
import type { SessionRegistry } from "../session/session-registry";
import type { ConductorView } from "./conductor-view";
import type { ErrorPresenter } from "../errors";

/**
 * What happens when a window opens: the newest session is shown, and resuming an interrupted or paused one is
 * offered once.
 */
export async function showWhatIsThere(
  sessions: SessionRegistry,
  conductor: ConductorView,
  errors: ErrorPresenter,
): Promise<void> {
  const listed = (await sessions.list()).filter(({ openable }) => openable);
  const open = listed.find(({ status }) =>
    ["interrupted", "paused", "failed", "waiting", "running", "not_started"].includes(status),
  );
  const chosen = open ?? listed[0];
  if (chosen === undefined || sessions.current !== undefined) return;
  let controller;
  try {
    controller = await sessions.openAt(chosen.path);
  } catch (error) {
    await errors.show(error);
    return;
  }
  if (sessions.current !== undefined) return;
  sessions.show(controller);
  if (!controller.resumable || !vscode.workspace.isTrusted || chosen.foreign === true) return;
  if (!vscode.workspace.getConfiguration().get<boolean>(settingIds.offerResume, true)) return;
  const goOn = "Go on";
  const show = "Show";
  const status = controller.view.failed.length > 0 ? "stopped at a failed step" : "was interrupted";
  const answer = await vscode.window.showInformationMessage(
    `Orket: ${controller.view.flow} ${status}; nothing is lost, and finished steps are not run again.`,
    ...(controller.view.failed.length > 0 ? [] : [goOn]),
    show,
    "Not now",
  );
  if (answer !== goOn && answer !== show) return;
  sessions.show(controller);
  if (answer === goOn) await errors.guard(() => sessions.resume(controller));
  await conductor.reveal({ focus: answer === show });
}
