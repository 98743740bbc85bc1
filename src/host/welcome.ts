import * as vscode from "vscode";
import type { SessionRegistry } from "./session/session-registry";

const key = "orket.walkthroughOpened";
const walkthrough = "orket.orket#start";

/** VS Code's own setting for walkthroughs that open by themselves. */
const setting = "workbench.welcomePage.walkthroughs.openOnInstall";

/**
 * Opens the walkthrough once for somebody who has no session yet. VS Code does so only when an extension is installed into
 * a running window, which leaves out `npm start`, synchronized and preinstalled extensions. In a folder without a Flow the
 * extension is not started before something of it is used, and this waits until then: a start in every window would cost more.
 * @param memory of the user, not of the project.
 */
export async function openWalkthroughOnce(memory: vscode.Memento, sessions: SessionRegistry): Promise<void> {
  if (memory.get(key) === true || !vscode.workspace.isTrusted) return;
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) return;
  if (!vscode.workspace.getConfiguration().get<boolean>(setting, true)) return;
  if ((await sessions.list()).length > 0) return;
  await memory.update(key, true);
  // In the background: what the user is looking at stays in front.
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthrough, { inactive: true });
}
