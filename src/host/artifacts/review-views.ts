import path from "node:path";
import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import { authorsOf, versionsOf } from "../../app/session/provenance";
import { blameFile } from "../../app/session/blame";
import { nodeEnvironment } from "../../adapters/journal/environment";
import type { SessionEvent } from "../../engine/event/event";
import { callSettings } from "../../engine/model/definition";
import type { SessionController } from "../../app/session/controller";
import { proposalUri, versionUri } from "./artifact-places";
import { projectFile } from "./editor-desk";
import type { ArtifactChoice } from "./artifact-choice";
import type { ReviewModel } from "./review-model";
import { grouped } from "../../engine/model/grouped";
import { timeText } from "../trees/sessions-tree";
import { entryOf } from "../../engine/model/entry-of";

/** Opens everything that waits for a decision in one multi-diff editor. */
export async function openAllChanges(model: ReviewModel): Promise<void> {
  await model.refresh();
  const { controller } = model;
  const rows = model.rows.filter(({ artifact }) => isOpenArtifact(artifact));
  if (controller === undefined || rows.length === 0) {
    void vscode.window.showInformationMessage("No artifact waits for a decision.");
    return;
  }
  const resources = rows.map((row) => {
    const current = projectFile(controller.workDomain, row.artifact.path);
    const before = row.offer.project === null ? undefined : current;
    const after = row.after === null ? undefined : proposalUri(controller, row.artifact.path);
    return [current, before, after];
  });
  await vscode.commands.executeCommand("vscode.changes", `${controller.view.flow}: proposed`, resources);
}

async function allEvents(controller: SessionController): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  while (events.length < controller.total) {
    const piece = await controller.readEvents(events.length, 1000);
    if (piece.length === 0) break;
    events.push(...piece);
  }
  return events;
}

/** Lists the versions of an artifact by step; opens the chosen one against the previous one. */
export async function showHistory(
  { controller, artifact }: ArtifactChoice,
  openEvent: (seq: number) => void,
): Promise<void> {
  const { directory, state } = controller;
  const { versions } = authorsOf(controller.id, await allEvents(controller), (role) =>
    entryOf(state.definition.band.roles, role) === undefined
      ? undefined
      : callSettings(state.definition, role).model,
  );
  const own = versionsOf(versions, artifact.path);
  const toEvent: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("go-to-file"),
    tooltip: "Show the event",
  };
  const picker = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly at: number }>();
  picker.title = `History of ${artifact.path}`;
  picker.placeholder = "Each version against the one before";
  picker.items = own
    .map(({ content, origin }, at) => ({
      label: `$(${content === null ? "trash" : "git-commit"}) ${origin.step}`,
      description: [origin.role, origin.model ?? ""].filter((text) => text !== "").join(", "),
      detail: `${content === null ? "deleted" : `${grouped(content.bytes)} bytes`}, event ${origin.event}, ${origin.at}`,
      buttons: [toEvent],
      at,
    }))
    .reverse();
  picker.onDidTriggerItemButton(({ item }) => {
    picker.hide();
    openEvent(own[item.at]?.origin.event ?? 0);
  });
  picker.onDidAccept(() => {
    const [item] = picker.selectedItems;
    picker.hide();
    if (item === undefined) return;
    const [before, after] = [own[item.at - 1]?.content ?? artifact.base, own[item.at]?.content ?? null];
    const side = (content: typeof before): vscode.Uri =>
      versionUri({ directory, path: artifact.path, content });
    const title = `${path.posix.basename(artifact.path)} (${own[item.at]?.origin.step ?? ""})`;
    void vscode.commands.executeCommand("vscode.diff", side(before), side(after), title, { preview: true });
  });
  picker.onDidHide(() => picker.dispose());
  picker.show();
}

/** On a line that was accepted from a session: shows its origin. */
export class ProvenanceHover implements vscode.HoverProvider {
  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (folder === undefined || document.uri.scheme !== "file") return undefined;
    const file = path.relative(folder.uri.fsPath, document.uri.fsPath).split(path.sep).join("/");
    if (file.startsWith(".orket/")) return undefined;
    const lines = await blameFile(nodeEnvironment.fs, folder.uri.fsPath, file, document.getText()).catch(
      () => [],
    );
    const origin = lines[position.line]?.origin;
    if (origin === null || origin === undefined) return undefined;
    const text = new vscode.MarkdownString();
    const code = (value: string): string => `\`${value.replaceAll("`", "'")}\``;
    const who =
      origin.model === undefined ? code(origin.role) : `${code(origin.role)} with ${code(origin.model)}`;
    text.appendMarkdown(
      `Written by ${who} in step ${code(origin.step)} of ${code(origin.session)}, event ${origin.event}.  \n`,
    );
    if (origin.prompt !== undefined) text.appendMarkdown(`Prompt ${code(origin.prompt.slice(0, 12))}.  \n`);
    text.appendMarkdown(
      origin.check === undefined
        ? "No check had passed on it.  \n"
        : `Checked by ${code(origin.check.command)}.  \n`,
    );
    const { accepted } = origin;
    if (accepted !== undefined)
      text.appendMarkdown(`Accepted by ${code(accepted.user ?? accepted.by)}, ${timeText(accepted.at)}.`);
    return new vscode.Hover(text);
  }
}
