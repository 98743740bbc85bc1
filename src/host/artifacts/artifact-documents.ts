import path from "node:path";
import * as vscode from "vscode";
import { nodeUtf8 } from "../../adapters/system/utf8";
import type { BlobRef } from "../../engine/event/content";
import type { ArtifactView } from "../../engine/view/session-view";
import { schemes } from "../ids";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";

/** Which content a document of the scheme shows, and whose it is. */
export interface ArtifactPlace {
  readonly directory: string;
  readonly path: string;
  /** `none`: an empty side, where there is no file. */
  readonly side: "artifact" | "base" | "none";
  readonly content: BlobRef | null;
}

/** A read-only document; equal content has an equal address, so an open one never goes stale. */
export function artifactUri(place: ArtifactPlace): vscode.Uri {
  return vscode.Uri.from({
    scheme: schemes.artifact,
    path: `/${place.path}`,
    query: JSON.stringify(place),
  });
}

export function artifactPlace(uri: vscode.Uri): ArtifactPlace | undefined {
  if (uri.scheme !== schemes.artifact) return undefined;
  try {
    return JSON.parse(uri.query) as ArtifactPlace;
  } catch {
    return undefined;
  }
}

/** Shows what agents wrote, and what was there before, as documents that nobody can change. */
export class ArtifactDocuments implements vscode.TextDocumentContentProvider {
  readonly #sessions: SessionRegistry;
  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const place = artifactPlace(uri);
    if (place?.content == null) return "";
    const controller = await this.#sessions.openAt(place.directory);
    const bytes = await controller.readBytes(place.content);
    return nodeUtf8.decode(bytes) ?? `Not text: ${bytes.length} bytes, SHA-256 ${place.content.sha256}.\n`;
  }
}

export function projectFile(controller: SessionController, artifact: string): vscode.Uri {
  return vscode.Uri.file(path.join(controller.workDomain, artifact));
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

const sideTitles = { added: "new file", changed: "proposed change", deleted: "proposed deletion" } as const;

/**
 * Opens what an artifact would change: the project's file as it is now against what the team proposes. Once accepted,
 * what was there before stands at the left.
 */
export async function openArtifact(controller: SessionController, artifact: ArtifactView): Promise<void> {
  const { directory } = controller;
  const at = (side: ArtifactPlace["side"], content: BlobRef | null): vscode.Uri =>
    artifactUri({ directory, path: artifact.path, side, content });
  const right = at("artifact", artifact.content);
  const current = projectFile(controller, artifact.path);
  const accepted = artifact.decision === "accepted";
  const before = accepted ? replacedBy(controller, artifact.path) : null;
  const left =
    !accepted && (await exists(current)) ? current : before === null ? at("none", null) : at("base", before);
  const decided = artifact.decision === "pending" ? "" : `, ${artifact.decision}`;
  const title = `${path.posix.basename(artifact.path)} (${sideTitles[artifact.change]}${decided})`;
  await vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: true });
}

function replacedBy(controller: SessionController, artifact: string): BlobRef | null {
  const decision = controller.state.decisions[artifact];
  return decision?.kind === "accepted" ? decision.replaced : null;
}

/** What someone else changed in the project since the team read the file. */
export async function openProjectChanges(
  controller: SessionController,
  artifact: ArtifactView,
): Promise<void> {
  const { directory } = controller;
  const { path: name, base } = artifact;
  const left = artifactUri({ directory, path: name, side: base === null ? "none" : "base", content: base });
  const current = projectFile(controller, name);
  const right = (await exists(current))
    ? current
    : artifactUri({ directory, path: name, side: "none", content: null });
  await vscode.commands.executeCommand(
    "vscode.diff",
    left,
    right,
    `${path.posix.basename(name)} (changed in the project)`,
  );
}
