import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import { offerText } from "../../app/artifact/offer";
import type { ProjectOffer } from "../../app/artifact/project-offer";
import { internalIds } from "../ids";
import type { SessionRegistry } from "../session/session-registry";
import type { ArtifactFiles } from "./artifact-files";
import { proposalPlace } from "./artifact-places";
import { hasDraft } from "./drafts";
import { offerNow } from "./review-model";

/** The argument of a lens's command. */
export interface HunkTarget {
  readonly uri: vscode.Uri;
  /** Counted from 1, in what was shown. */
  readonly hunk: number;
  readonly shown: string;
}

export function isHunkTarget(value: unknown): value is HunkTarget {
  return typeof value === "object" && value !== null && "hunk" in value && "shown" in value;
}

/** Lenses above each hunk on the proposal's side of the diff: accept or reject that hunk alone. */
export class HunkLenses implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  readonly #sessions: SessionRegistry;
  readonly #files: ArtifactFiles;

  constructor(sessions: SessionRegistry, files: ArtifactFiles) {
    this.#sessions = sessions;
    this.#files = files;
    this.onDidChangeCodeLenses = files.onDidShow;
  }

  /** None where the user has changed the text: the numbers would refer to other lines. */
  async provideCodeLenses({ uri, isDirty }: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const place = proposalPlace(uri);
    if (place === undefined || isDirty) return [];
    const controller = await this.#sessions.openAt(place.directory);
    const artifact = controller.view.artifacts.find((one) => one.path === place.path);
    if (artifact === undefined || !isOpenArtifact(artifact)) return [];
    if (await hasDraft(controller, place.path)) return [];
    const offer = await offerNow(controller, artifact);
    if (offer.shown !== this.#files.shownAt(uri)) return [];
    return lensesOf(offer, uri);
  }
}

function lensesOf(offer: ProjectOffer, uri: vscode.Uri): vscode.CodeLens[] {
  const text = offer.kind === "conflict" || offer.result === null ? undefined : offerText(offer);
  if (text === undefined || text.hunks.length < 2) return [];
  return text.hunks.flatMap(({ number, changes }) => {
    const line = Math.max(0, Math.min(changes[0]?.afterFrom ?? 0, text.after.length - 1));
    const target: HunkTarget = { uri, hunk: number, shown: offer.shown };
    const lens = (title: string, command: string): vscode.CodeLens =>
      new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: [target] });
    return [
      lens(`$(check) Accept hunk ${number} of ${text.hunks.length}`, internalIds.acceptHunk),
      lens("$(close) Reject hunk", internalIds.rejectHunk),
    ];
  });
}
