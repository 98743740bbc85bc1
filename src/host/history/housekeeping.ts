import * as vscode from "vscode";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { deleteSession, pruneBlobs } from "../../app/session/housekeeping";
import { maxTitleLength, renameSession } from "../../app/session/label";
import { searchSessions } from "../../app/session/session-search";
import { CancelSource } from "../../engine/port/cancellation";
import { foldersOnDisk } from "../session/on-disk";
import type { SessionRegistry } from "../session/session-registry";
import type { SessionPanels } from "../event-panel/session-panels";
import { anySession, nameOf, pickSession, workDomainOf } from "./pick-session";
import { sizeText } from "./size-text";

export async function rename(sessions: SessionRegistry, target: unknown): Promise<void> {
  const session = await pickSession(sessions, target, "Which session gets a title?", anySession);
  if (session === undefined) return;
  const title = await vscode.window.showInputBox({
    title: "Rename Session",
    prompt: `A title for ${session.id}; empty removes it.`,
    value: session.title ?? "",
    ignoreFocusOut: true,
    validateInput: (typed) =>
      typed.length > maxTitleLength ? `A title has at most ${maxTitleLength} characters.` : undefined,
  });
  if (title === undefined) return;
  await renameSession(nodeEnvironment, session.path, title);
  sessions.relist();
}

export async function remove(
  sessions: SessionRegistry,
  panels: SessionPanels,
  target: unknown,
): Promise<void> {
  const session = await pickSession(sessions, target, "Which session should be deleted?", anySession);
  if (session === undefined) return;
  const yes = "Delete";
  const answer = await vscode.window.showWarningMessage(
    `Delete the session ${nameOf(session)}?`,
    {
      modal: true,
      detail: `${session.id}\n\nIts journal, its definition and its artifacts are removed and cannot be brought back. What was accepted stays in the project.`,
    },
    yes,
  );
  if (answer !== yes) return;
  await deleteSession(nodeEnvironment, workDomainOf(session), session.path);
  panels.close(session.path);
  await sessions.forget(session.path);
}

export async function prune(): Promise<void> {
  for (const { uri, name } of foldersOnDisk()) {
    const progress = { location: vscode.ProgressLocation.Notification, title: `Looking through ${name}` };
    const found = await vscode.window.withProgress(progress, () =>
      pruneBlobs(nodeEnvironment, uri.fsPath, { dryRun: true }),
    );
    if (found.blobs === 0 && found.remains === 0) {
      void vscode.window.showInformationMessage(
        `Every stored content of ${name} is needed (${sizeText(found.keptBytes)}).`,
      );
      continue;
    }
    const yes = "Remove";
    const answer = await vscode.window.showWarningMessage(
      `Remove what no session of ${name} needs any more?`,
      {
        modal: true,
        detail: `${found.blobs} stored ${found.blobs === 1 ? "content" : "contents"}, ${sizeText(found.bytes)}. ${found.keptBytes === 0 ? "Nothing else is stored." : `${sizeText(found.keptBytes)} stay.`}`,
      },
      yes,
    );
    if (answer !== yes) continue;
    const pruned = await pruneBlobs(nodeEnvironment, uri.fsPath);
    void vscode.window.showInformationMessage(`Removed ${sizeText(pruned.bytes)} from ${name}.`);
  }
}

export async function search(sessions: SessionRegistry, panels: SessionPanels): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: "Search Sessions",
    prompt: "In ids, titles, tasks, prompts, replies, tool calls and their results.",
    ignoreFocusOut: true,
  });
  if (text === undefined || text.trim() === "") return;
  const items = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Searching sessions", cancellable: true },
    (progress, token) => hits(text, progress, token),
  );
  if (items.length === 0) {
    void vscode.window.showInformationMessage(`No session has '${text}' in it.`);
    return;
  }
  const picked = await vscode.window.showQuickPick(items, {
    title: `Sessions with '${text}'`,
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked === undefined) return;
  const controller = await sessions.openAt(picked.directory);
  sessions.show(controller);
  await panels.show(controller);
}

interface Hit extends vscode.QuickPickItem {
  readonly directory: string;
}

async function hits(
  text: string,
  progress: vscode.Progress<{ message: string }>,
  token: vscode.CancellationToken,
): Promise<Hit[]> {
  const cancellation = new CancelSource();
  token.onCancellationRequested(() => cancellation.cancel());
  const items: Hit[] = [];
  for (const { uri } of foldersOnDisk()) {
    const found = searchSessions(nodeEnvironment, uri.fsPath, text, {
      cancellation,
      onProgress: (done, of) => progress.report({ message: `${done} of ${of}` }),
    });
    for await (const { session, hits: places } of found) {
      for (const { place, step, excerpt } of places) {
        items.push({
          label: session.title ?? session.flow,
          description: [session.id, step, place.replace("_", " ")]
            .filter((part) => part !== null)
            .join(" · "),
          detail: excerpt,
          directory: session.path,
        });
      }
    }
  }
  return items;
}
