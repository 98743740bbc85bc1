import path from "node:path";
import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { BlobRef } from "../../engine/event/content";
import type { ArtifactView } from "../../engine/view/session-view";
import type { SessionController } from "../../app/session/controller";
import { proposalUri, versionUri } from "./artifact-places";
import { hasDraft } from "./drafts";
import { projectFile } from "./editor-desk";
import { offerNow } from "./review-model";
import { exists } from "../project/exists";
import { entryOf } from "../../engine/model/entry-of";

const sideTitles = {
  added: "new file",
  changed: "proposed change",
  deleted: "proposed deletion",
  renamed: "renamed",
} as const;

/**
 * Opens what an artifact would change: the project's current file on the left, and on the right the team's proposal, which
 * the user may edit there. Once it is accepted, the left side shows the previous content.
 */
export async function openArtifact(
  controller: SessionController,
  artifact: ArtifactView,
  options: vscode.TextDocumentShowOptions = { preview: true },
): Promise<void> {
  const { directory, workDomain } = controller;
  const { path: file } = artifact;
  const at = (content: BlobRef | null): vscode.Uri => versionUri({ directory, path: file, content });
  const current = projectFile(workDomain, artifact.renamedFrom ?? file);
  const isOpen = isOpenArtifact(artifact);
  const accepted = !isOpen && artifact.decision !== "rejected";
  const left =
    !accepted && (await exists(current))
      ? current
      : at(replacedBy(controller, artifact.renamedFrom ?? file, accepted));
  const right = isOpen ? proposalUri(controller, file) : at(decidedContent(controller, artifact));
  const title = `${path.posix.basename(file)} (${await titleOf(controller, artifact)})`;
  await vscode.commands.executeCommand("vscode.diff", left, right, title, options);
}

async function titleOf(controller: SessionController, artifact: ArtifactView): Promise<string> {
  const { decision, change, path: file } = artifact;
  if (isOpenArtifact(artifact)) {
    if (await hasDraft(controller, file)) return "your version";
    const offer = await offerNow(controller, artifact).catch(() => undefined);
    if (offer?.kind === "conflict") return `${sideTitles[change]}, conflict`;
  }
  return decision === "pending" ? sideTitles[change] : `${sideTitles[change]}, ${decision}`;
}

function decidedContent({ state }: SessionController, artifact: ArtifactView): BlobRef | null {
  const last = entryOf(state.acceptances, artifact.path)?.at(-1);
  return last === undefined ? artifact.content : last.content;
}

function replacedBy({ state }: SessionController, artifact: string, accepted: boolean): BlobRef | null {
  return accepted ? (entryOf(state.acceptances, artifact)?.[0]?.replaced ?? null) : null;
}

/** Opens the changes that others made to the project's file since the team read it. */
export async function openProjectChanges(
  controller: SessionController,
  artifact: ArtifactView,
): Promise<void> {
  const { directory, workDomain } = controller;
  const { path: file, base, renamedFrom: name = file } = artifact;
  const at = (content: BlobRef | null): vscode.Uri => versionUri({ directory, path: name, content });
  const current = projectFile(workDomain, name);
  const right = (await exists(current)) ? current : at(null);
  const title = `${path.posix.basename(name)} (changed in the project)`;
  await vscode.commands.executeCommand("vscode.diff", at(base), right, title);
}
