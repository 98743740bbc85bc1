import path from "node:path";
import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import type { SessionController } from "../../app/session/controller";
import { defined } from "../../engine/model/defined";
import type { SessionRegistry } from "../session/session-registry";
import type { ArtifactChoice } from "./artifact-choice";
import type { ArtifactFiles } from "./artifact-files";
import { GroupItem } from "../trees/artifacts-tree";
import { versionPlace, proposalPlace, proposalUri } from "./artifact-places";
import { decidablePlace } from "./drafts";
import type { ReviewModel } from "./review-model";

/** Which artifacts are wanted, by their decision. */
export type Wanted = "pending" | "decided" | "any";

/** Finds the artifact that a command refers to. */
export class ArtifactTargets {
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #files: ArtifactFiles;

  constructor(sessions: SessionRegistry, model: ReviewModel, files: ArtifactFiles) {
    this.#sessions = sessions;
    this.#model = model;
    this.#files = files;
  }

  choice(controller: SessionController, artifact: ArtifactView): ArtifactChoice {
    const shown = this.#model.rowOf(controller, artifact.path)?.offer.shown;
    return { controller, artifact, ...(isOpenArtifact(artifact) ? defined({ shown }) : {}) };
  }

  first(wanted: (artifact: ArtifactView) => boolean = () => true): ArtifactChoice | undefined {
    const { current } = this.#sessions;
    const artifact = current?.view.artifacts.find(wanted);
    return current === undefined || artifact === undefined ? undefined : this.choice(current, artifact);
  }

  /** The given artifact, or the one that the user picks. */
  async need(target: unknown, which: Wanted): Promise<ArtifactChoice | undefined> {
    const meant = await this.find(target);
    if (meant !== undefined) return meant;
    const { current } = this.#sessions;
    const fitting = current?.view.artifacts.filter((artifact) =>
      which === "any"
        ? true
        : which === "pending"
          ? isOpenArtifact(artifact)
          : artifact.decision !== "pending",
    );
    if (current === undefined || fitting === undefined || fitting.length === 0) {
      void vscode.window.showInformationMessage(
        which !== "decided" ? "No artifact waits for a decision." : "There is no decision to revert.",
      );
      return undefined;
    }
    const items = fitting.map((artifact) => ({
      label: artifact.path,
      description:
        artifact.renamedFrom === undefined ? artifact.change : `renamed from ${artifact.renamedFrom}`,
      artifact,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: "Which artifact?",
      ignoreFocusOut: true,
    });
    return picked === undefined ? undefined : this.choice(current, picked.artifact);
  }

  /** From the tree: its item; a diff title: its address; Source Control: its file; the palette: the active diff. */
  async find(target: unknown): Promise<ArtifactChoice | undefined> {
    if (hasChoice(target)) return target.choice;
    const state = isResource(target) ? target.resourceUri : undefined;
    const uri = target instanceof vscode.Uri ? target : (state ?? activeArtifact());
    if (uri === undefined) return undefined;
    const place = decidablePlace(uri) ?? versionPlace(uri);
    if (place !== undefined) {
      const controller = await this.#sessions.openAt(place.directory);
      const artifact = controller.view.artifacts.find((one) => one.path === place.path);
      if (artifact === undefined) return undefined;
      const shown = this.#files.shownAt(uri);
      const choice = this.choice(controller, artifact);
      return shown === undefined || !isOpenArtifact(artifact) ? choice : { ...choice, shown };
    }
    return this.ofFile(uri);
  }

  /** The artifacts of several rows, where the target is more than one; undefined: it is one, or none. */
  several(target: unknown): readonly ArtifactChoice[] | undefined {
    if (target instanceof GroupItem) return target.choices;
    if (!Array.isArray(target)) return undefined;
    return target.filter(isResource).flatMap(({ resourceUri }) => this.ofFile(resourceUri) ?? []);
  }

  /** The artifact of the current session that proposes a change to this project file. */
  ofFile({ fsPath }: vscode.Uri): ArtifactChoice | undefined {
    const { current } = this.#sessions;
    const artifact = current?.view.artifacts.find(
      (one) =>
        path.join(current.workDomain, one.path) === fsPath ||
        path.join(current.workDomain, one.renamedFrom ?? one.path) === fsPath,
    );
    return current === undefined || artifact === undefined ? undefined : this.choice(current, artifact);
  }
}

/** A row of Source Control. */
export function isResource(target: unknown): target is vscode.SourceControlResourceState {
  return typeof target === "object" && target !== null && "resourceUri" in target;
}

function hasChoice(target: unknown): target is { readonly choice: ArtifactChoice } {
  return typeof target === "object" && target !== null && "choice" in target;
}

function activeArtifact(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri =
    input instanceof vscode.TabInputTextDiff
      ? input.modified
      : input instanceof vscode.TabInputText
        ? input.uri
        : undefined;
  return uri !== undefined && (decidablePlace(uri) ?? versionPlace(uri)) !== undefined ? uri : undefined;
}

/** The open diffs of a proposal. */
export function openDiffs({ controller, artifact }: ArtifactChoice): vscode.Tab[] {
  const uri = proposalUri(controller, artifact.path).toString();
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(
      ({ input }) =>
        input instanceof vscode.TabInputTextDiff &&
        proposalPlace(input.modified) !== undefined &&
        input.modified.toString() === uri,
    );
}
