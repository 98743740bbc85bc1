import path from "node:path";
import * as vscode from "vscode";
import { nodeEnvironment } from "../../adapters/journal/environment";
import type { ProjectOffer } from "../../app/artifact/project-offer";
import { rememberShown, readShown } from "../../app/session/shown";
import type { SessionController } from "../../app/session/controller";
import { proposalPlace, proposalUri } from "./artifact-places";
import { exists } from "../project/exists";
import { entryOf } from "../../engine/model/entry-of";

/*
 * The user's own version of a proposal is a file in the session's folder, `drafts/PATH`, so that it survives a
 * reload. The right side of the diff (`orket-proposal`) writes it; where it has conflicts, it is opened as an ordinary
 * file, and VS Code's own actions resolve them.
 */

const folderName = "drafts";

function draftUri(controller: SessionController, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(controller.directory, folderName, file));
}

/** The artifact that a draft file belongs to; undefined: it is not a draft. */
export function draftPlace(
  uri: vscode.Uri,
): { readonly directory: string; readonly path: string } | undefined {
  if (uri.scheme !== "file") return undefined;
  const parts = uri.fsPath.split(path.sep);
  const at = parts.lastIndexOf(folderName);
  if (at < 3 || parts[at - 3] !== ".orket" || parts[at - 2] !== "sessions") return undefined;
  return { directory: parts.slice(0, at).join(path.sep), path: parts.slice(at + 1).join("/") };
}

const keyOf = (file: string): string => `${folderName}/${file}`;

/** A user's version as saved, and what the user saw when it was begun. */
export interface Draft {
  readonly content: Uint8Array;
  readonly shown: string | undefined;
}

export function hasDraft(controller: SessionController, file: string): Promise<boolean> {
  return exists(draftUri(controller, file));
}

export async function readDraft(controller: SessionController, file: string): Promise<Draft | undefined> {
  const uri = draftUri(controller, file);
  if (!(await exists(uri))) return undefined;
  const shown = entryOf(await readShown(nodeEnvironment, controller.directory), keyOf(file));
  return { content: await vscode.workspace.fs.readFile(uri), shown };
}

/** Saves the user's own version. @param shown what it was made from, `Offer.shown`. */
export async function saveDraft(
  controller: SessionController,
  file: string,
  content: Uint8Array,
  shown: string | undefined,
): Promise<void> {
  const uri = draftUri(controller, file);
  await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(uri, ".."));
  await vscode.workspace.fs.writeFile(uri, content);
  if (shown !== undefined) await shownNow(controller, { path: file, shown });
}

/** Opens the file in which the user resolves a conflict; a new one holds both sides between markers. */
export async function openConflict(
  controller: SessionController,
  { path: file, conflict, proposed, shown }: ProjectOffer,
): Promise<void> {
  if (!(await hasDraft(controller, file)))
    await saveDraft(controller, file, conflict?.marked ?? proposed ?? new Uint8Array(), shown);
  await vscode.window.showTextDocument(draftUri(controller, file), { preview: false });
}

/** Records that the user has compared the draft with the current project. */
export async function shownNow(
  controller: SessionController,
  { path: file, shown }: Pick<ProjectOffer, "path" | "shown">,
): Promise<void> {
  await rememberShown(nodeEnvironment, controller.directory, { [keyOf(file)]: shown });
}

/** The documents in which the user may be editing a version of an artifact. */
function documentsOf(controller: SessionController, file: string): readonly vscode.TextDocument[] {
  const own = [draftUri(controller, file).toString(), proposalUri(controller, file).toString()];
  return vscode.workspace.textDocuments.filter(({ uri }) => own.includes(uri.toString()));
}

/** Saves what the editors hold, since the decision is about that. @returns false where the editor refuses to save it. */
export async function saveVersion(controller: SessionController, file: string): Promise<boolean> {
  for (const document of documentsOf(controller, file))
    if (document.isDirty && !(await document.save())) return false;
  return true;
}

/** Removes the user's version. */
export async function removeDraft(controller: SessionController, file: string): Promise<void> {
  const uri = draftUri(controller, file);
  if (await exists(uri)) await vscode.workspace.fs.delete(uri);
}

/** Closes the file in which a conflict was resolved. */
export async function closeConflict(controller: SessionController, file: string): Promise<void> {
  const uri = draftUri(controller, file).toString();
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri);
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
}

/** The artifact that a document is a version of, if the user may decide about it. */
export function decidablePlace(
  uri: vscode.Uri,
): { readonly directory: string; readonly path: string } | undefined {
  return proposalPlace(uri) ?? draftPlace(uri);
}
