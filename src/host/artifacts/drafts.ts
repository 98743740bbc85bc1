import path from "node:path";
import * as vscode from "vscode";
import { nodeEnvironment } from "../../adapters/journal/environment";
import type { ProjectOffer } from "../../app/artifact/project-offer";
import { rememberShown, readShown } from "../../app/session/shown";
import type { SessionController } from "../../app/session/controller";
import { exists } from "../project/exists";

/*
 * A person's own version of a proposal is an ordinary file in the session's folder, `drafts/PATH`: it can be edited with
 * all that the editor has, its conflicts are solved with VS Code's own actions, and it is there after a reload.
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

/** Opens the person's own version beside the project's file; a new one begins as what is proposed, or as the conflict. */
export async function openDraft(controller: SessionController, offer: ProjectOffer): Promise<void> {
  const uri = draftUri(controller, offer.path);
  if (!(await exists(uri))) {
    const content = offer.conflict?.marked ?? offer.proposed ?? new Uint8Array();
    await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(uri, ".."));
    await vscode.workspace.fs.writeFile(
      uri,
      offer.conflict === undefined ? (offer.result ?? content) : content,
    );
    await rememberShown(nodeEnvironment, controller.directory, { [keyOf(offer.path)]: offer.shown });
  }
  if (offer.conflict !== undefined) {
    await vscode.window.showTextDocument(uri, { preview: false });
    return;
  }
  const current = vscode.Uri.file(path.join(controller.workDomain, offer.path));
  const name = path.posix.basename(offer.path);
  if (offer.project === null) await vscode.window.showTextDocument(uri, { preview: false });
  else
    await vscode.commands.executeCommand("vscode.diff", current, uri, `${name} (your version)`, {
      preview: false,
    });
}

const keyOf = (file: string): string => `${folderName}/${file}`;

/** A draft as it stands, and what the person saw when it was begun. */
export interface Draft {
  readonly content: Uint8Array;
  readonly shown: string | undefined;
}

export async function readDraft(controller: SessionController, file: string): Promise<Draft | undefined> {
  const uri = draftUri(controller, file);
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.isDirty === true) await open.save();
  if (!(await exists(uri))) return undefined;
  const shown = (await readShown(nodeEnvironment, controller.directory))[keyOf(file)];
  return { content: await vscode.workspace.fs.readFile(uri), shown };
}

/** The person has looked at the draft against the project as it is now. */
export async function shownNow(
  controller: SessionController,
  { path: file, shown }: ProjectOffer,
): Promise<void> {
  await rememberShown(nodeEnvironment, controller.directory, { [keyOf(file)]: shown });
}

/** Removes a draft that was brought into the project, with its tab. */
export async function dropDraft(controller: SessionController, file: string): Promise<void> {
  const uri = draftUri(controller, file);
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => {
      const shown =
        input instanceof vscode.TabInputText
          ? input.uri
          : input instanceof vscode.TabInputTextDiff
            ? input.modified
            : undefined;
      return shown?.toString() === uri.toString();
    });
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
  if (await exists(uri)) await vscode.workspace.fs.delete(uri);
}
