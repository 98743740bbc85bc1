import path from "node:path";
import * as vscode from "vscode";
import { nodeEnvironment } from "../../adapters/journal/environment";
import type { ProjectOffer } from "../../app/artifact/project-offer";
import { rememberShown, readShown } from "../../app/session/shown";
import type { SessionController } from "../../app/session/controller";
import { proposalPlace, proposalUri } from "./artifact-places";
import { exists } from "../project/exists";

/*
 * A person's own version of a proposal is a file in the session's folder, `drafts/PATH`, so that it is there after a
 * reload. It is written by the right side of the diff (`orket-proposal`), and opened as an ordinary file where it has
 * conflicts, which VS Code's own actions solve.
 */

const folderName = "drafts";

function draftUri(controller: SessionController, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(controller.directory, folderName, file));
}

/** Which artifact a draft's file is for; undefined: it is no draft. */
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

/** A person's version as it is saved, and what the person saw when it was begun. */
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
  const shown = (await readShown(nodeEnvironment, controller.directory))[keyOf(file)];
  return { content: await vscode.workspace.fs.readFile(uri), shown };
}

/** Keeps a version of the person's own. @param shown what it was made from, `Offer.shown`. */
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

/** Opens the file in which a person solves a conflict; a new one holds both sides between markers. */
export async function openConflict(
  controller: SessionController,
  { path: file, conflict, proposed, shown }: ProjectOffer,
): Promise<void> {
  if (!(await hasDraft(controller, file)))
    await saveDraft(controller, file, conflict?.marked ?? proposed ?? new Uint8Array(), shown);
  await vscode.window.showTextDocument(draftUri(controller, file), { preview: false });
}

/** The person has looked at the draft against the project as it is now. */
export async function shownNow(
  controller: SessionController,
  { path: file, shown }: Pick<ProjectOffer, "path" | "shown">,
): Promise<void> {
  await rememberShown(nodeEnvironment, controller.directory, { [keyOf(file)]: shown });
}

/** The documents in which a person may be editing a version of an artifact. */
function documentsOf(controller: SessionController, file: string): readonly vscode.TextDocument[] {
  const own = [draftUri(controller, file).toString(), proposalUri(controller, file).toString()];
  return vscode.workspace.textDocuments.filter(({ uri }) => own.includes(uri.toString()));
}

/** What stands in the editors is what is decided about. @returns false where the editor refuses to save it. */
export async function saveVersion(controller: SessionController, file: string): Promise<boolean> {
  for (const document of documentsOf(controller, file))
    if (document.isDirty && !(await document.save())) return false;
  return true;
}

/** Removes a person's version. */
export async function removeDraft(controller: SessionController, file: string): Promise<void> {
  const uri = draftUri(controller, file);
  if (await exists(uri)) await vscode.workspace.fs.delete(uri);
}

/** Closes the file in which a conflict was solved. */
export async function closeConflict(controller: SessionController, file: string): Promise<void> {
  const uri = draftUri(controller, file).toString();
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri);
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
}

/** The artifact that a document is a version of, which a person may decide about. */
export function decidablePlace(
  uri: vscode.Uri,
): { readonly directory: string; readonly path: string } | undefined {
  return proposalPlace(uri) ?? draftPlace(uri);
}
