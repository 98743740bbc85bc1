import * as vscode from "vscode";
import type { BlobRef } from "../../engine/event/content";
import type { SessionController } from "../../app/session/controller";
import { schemes } from "../ids";
import { projectFile } from "./editor-desk";

/** A version of an artifact that no longer changes. */
export interface VersionPlace {
  readonly directory: string;
  readonly path: string;
  /** null: an empty side, where no file exists. */
  readonly content: BlobRef | null;
}

/** What an artifact would now write to the project: the team's proposal, or the user's edited version. */
export interface ProposalPlace {
  readonly directory: string;
  readonly path: string;
}

/** A read-only document; equal content has an equal address. */
export function versionUri(place: VersionPlace): vscode.Uri {
  return vscode.Uri.from({
    scheme: schemes.artifact,
    path: `/${place.path}`,
    query: JSON.stringify(place),
  });
}

/** The document that an acceptance writes. Its path equals that of the project's file, so that a diff shows no rename. */
export function proposalUri(controller: SessionController, file: string): vscode.Uri {
  const place: ProposalPlace = { directory: controller.directory, path: file };
  return projectFile(controller.workDomain, file).with({
    scheme: schemes.proposal,
    query: JSON.stringify(place),
  });
}

function placeIn(uri: vscode.Uri, scheme: string): unknown {
  if (uri.scheme !== scheme) return undefined;
  try {
    return JSON.parse(uri.query) as unknown;
  } catch {
    return undefined;
  }
}

export function versionPlace(uri: vscode.Uri): VersionPlace | undefined {
  return placeIn(uri, schemes.artifact) as VersionPlace | undefined;
}

export function proposalPlace(uri: vscode.Uri): ProposalPlace | undefined {
  return placeIn(uri, schemes.proposal) as ProposalPlace | undefined;
}
