import path from "node:path";
import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import { sha256Bytes } from "../../adapters/system/sha256";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { artifactOffer } from "../../app/artifact/project-offer";
import type { ProjectOffer } from "../../app/artifact/project-offer";
import type { BlobRef } from "../../engine/event/content";
import type { ArtifactView } from "../../engine/view/session-view";
import { schemes } from "../ids";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { offerSourceOf } from "./review-model";
import { exists } from "../project/exists";

/** Which content a document of the scheme shows, and whose it is. */
export interface ArtifactPlace {
  readonly directory: string;
  readonly path: string;
  /** `none`: an empty side, where there is no file. */
  readonly side: "artifact" | "base" | "none";
  readonly content: BlobRef | null;
  /** `Offer.shown` of a version that stands in no session: the project's changes and the proposal together, or a part. */
  readonly shown?: string;
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

/** Versions that were made for a diff, by `Offer.shown`; those of before a reload are made again. */
const made = new Map<string, Uint8Array | null>();
const mostMade = 200;

function remember({ shown, result, kind, proposed }: ProjectOffer): void {
  made.delete(shown);
  made.set(shown, kind === "conflict" ? proposed : result);
  for (const key of made.keys()) if (made.size > mostMade) made.delete(key);
}

/** Shows what agents wrote, and what was there before, as documents that nobody can change. */
export class ArtifactDocuments implements vscode.TextDocumentContentProvider {
  readonly #sessions: SessionRegistry;
  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const place = artifactPlace(uri);
    if (place === undefined) return "";
    const bytes = await this.#bytesOf(place);
    if (bytes === null) return "";
    const text = nodeUtf8.decode(bytes);
    if (text !== null) return text.replace("\uFEFF", "");
    return bytes.includes(0)
      ? `Not text: ${bytes.length} bytes, SHA-256 ${sha256Bytes(bytes)}.\n`
      : Buffer.from(bytes).toString("latin1");
  }

  async #bytesOf({ directory, path: file, content, shown }: ArtifactPlace): Promise<Uint8Array | null> {
    if (shown === undefined && content === null) return null;
    const controller = await this.#sessions.openAt(directory);
    if (shown !== undefined) {
      const artifact = controller.view.artifacts.find((one) => one.path === file);
      if (!made.has(shown) && artifact !== undefined) remember(await offerNow(controller, artifact));
      const bytes = made.get(shown);
      if (bytes !== undefined) return bytes;
    }
    return content === null ? null : controller.readBytes(content);
  }
}

export function projectFile(controller: SessionController, artifact: string): vscode.Uri {
  return vscode.Uri.file(path.join(controller.workDomain, artifact));
}

const sideTitles = { added: "new file", changed: "proposed change", deleted: "proposed deletion" } as const;

/** What an artifact comes to in the project as it is now, with what editors have not saved. */
export function offerNow(controller: SessionController, artifact: ArtifactView): Promise<ProjectOffer> {
  return artifactOffer(offerSourceOf(controller), artifact);
}

/**
 * Opens what an artifact would change: the project's file as it is now against what the team proposes. Once accepted,
 * what was there before stands at the left.
 */
export async function openArtifact(controller: SessionController, artifact: ArtifactView): Promise<void> {
  const { directory } = controller;
  const at = (side: ArtifactPlace["side"], content: BlobRef | null): vscode.Uri =>
    artifactUri({ directory, path: artifact.path, side, content });
  const current = projectFile(controller, artifact.path);
  const accepted = !isOpenArtifact(artifact) && artifact.decision !== "rejected";
  const offer = isOpenArtifact(artifact)
    ? await offerNow(controller, artifact).catch(() => undefined)
    : undefined;
  const right = rightSide(controller, artifact, offer);
  const before = accepted ? replacedBy(controller, artifact.path) : null;
  const left =
    !accepted && (await exists(current)) ? current : before === null ? at("none", null) : at("base", before);
  const stands = offer?.kind === "conflict" ? "conflict" : artifact.decision;
  const decided = stands === "pending" ? "" : `, ${stands}`;
  const title = `${path.posix.basename(artifact.path)} (${sideTitles[artifact.change]}${decided})`;
  await vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: true });
}

/** What the project's file becomes: the artifact itself where that is so, else what was made for it. */
export function rightSide(
  { directory, state }: SessionController,
  artifact: ArtifactView,
  offer: ProjectOffer | undefined,
): vscode.Uri {
  const place = { directory, path: artifact.path, side: "artifact" as const };
  if (offer === undefined) {
    const last = state.acceptances[artifact.path]?.at(-1);
    return artifactUri({ ...place, content: last === undefined ? artifact.content : last.content });
  }
  remember(offer);
  return artifactUri({ ...place, content: artifact.content, shown: offer.shown });
}

function replacedBy(controller: SessionController, artifact: string): BlobRef | null {
  return controller.state.acceptances[artifact]?.[0]?.replaced ?? null;
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
