import * as vscode from "vscode";
import { acceptArtifact, rejectArtifact, revertAcceptance } from "../../app/session/acceptance";
import { OrketError } from "../../engine/error/orket-error";
import type { ArtifactView } from "../../engine/view/session-view";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { artifactPlace, openArtifact, openProjectChanges, projectFile } from "./artifact-documents";
import { ArtifactItem } from "../trees/artifacts-tree";

/** One artifact of one session. */
export interface ArtifactChoice {
  readonly controller: SessionController;
  readonly artifact: ArtifactView;
}

type Outcome = "done" | "kept";

/** What a person decides about what the team proposes. */
export class ArtifactReview {
  readonly #sessions: SessionRegistry;
  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
  }

  /** Opens the diff of the artifact that was meant, else of the first that waits for a decision. */
  async review(target: unknown): Promise<void> {
    const choice = (await this.#find(target)) ?? this.#firstPending() ?? this.#first();
    if (choice === undefined) {
      void vscode.window.showInformationMessage("The session shown has no artifacts to review.");
      return;
    }
    await openArtifact(choice.controller, choice.artifact);
  }

  async accept(target: unknown): Promise<void> {
    const choice = await this.#need(target, "pending");
    if (choice === undefined) return;
    const diff = openDiff(choice);
    if ((await this.#accept(choice)) === "done") await this.#goOn(choice, diff);
  }

  async acceptAll(): Promise<void> {
    const { current } = this.#sessions;
    const pending = current?.view.artifacts.filter(({ decision }) => decision === "pending") ?? [];
    if (current === undefined || pending.length === 0) {
      void vscode.window.showInformationMessage("No artifact waits for a decision.");
      return;
    }
    const files = pending.length === 1 ? "1 file" : `${pending.length} files`;
    const yes = `Accept ${files}`;
    const answer = await vscode.window.showWarningMessage(
      `Bring ${files} of ${current.view.flow} into the project?`,
      { modal: true, detail: pending.map(({ path, change }) => `${path} (${change})`).join("\n") },
      yes,
    );
    if (answer !== yes) return;
    let accepted = 0;
    for (const artifact of pending) {
      const choice = { controller: current, artifact };
      const diff = openDiff(choice);
      if ((await this.#accept(choice)) !== "done") break;
      accepted += 1;
      if (diff !== undefined) await vscode.window.tabGroups.close(diff, true);
    }
    vscode.window.setStatusBarMessage(`$(check) Orket: ${accepted} of ${files} accepted`, 5000);
  }

  async reject(target: unknown): Promise<void> {
    const choice = await this.#need(target, "pending");
    if (choice === undefined) return;
    const diff = openDiff(choice);
    await choice.controller.withLive((live) => rejectArtifact(live, choice.artifact.path));
    await this.#goOn(choice, diff);
  }

  async revert(target: unknown): Promise<void> {
    const choice = await this.#need(target, "decided");
    if (choice === undefined) return;
    if (await this.#refusesUnsaved(choice)) return;
    try {
      await choice.controller.withLive((live) => revertAcceptance(live, choice.artifact.path));
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict")) throw error;
      const show = "Show File";
      const message = `${choice.artifact.path} was changed after it was accepted, so it cannot be put back by itself.`;
      if ((await vscode.window.showWarningMessage(message, show)) === show) {
        await vscode.window.showTextDocument(projectFile(choice.controller, choice.artifact.path));
      }
    }
  }

  async #accept(choice: ArtifactChoice): Promise<Outcome> {
    if (await this.#refusesUnsaved(choice)) return "kept";
    const { controller, artifact } = choice;
    try {
      await controller.withLive((live) => acceptArtifact(live, artifact.path));
      return "done";
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict")) throw error;
      return this.#solveConflict(choice);
    }
  }

  /** The project's file is not what the team started from any more: nothing was written; the person decides. */
  async #solveConflict(choice: ArtifactChoice): Promise<Outcome> {
    const { controller, artifact } = choice;
    const compare = "Compare with Current";
    const changes = "Show Project's Changes";
    const mine = "Keep Mine";
    const message = `${artifact.path} has changed in the project since the team read it. Nothing was written.`;
    const answer = await vscode.window.showWarningMessage(message, compare, changes, mine);
    if (answer === compare) await openArtifact(controller, artifact);
    else if (answer === changes) await openProjectChanges(controller, artifact);
    else if (answer === mine) {
      await controller.withLive((live) =>
        rejectArtifact(live, artifact.path, "The project's own change is kept."),
      );
      return "done";
    }
    return "kept";
  }

  /** The editor holds text that the disk does not: deciding on the disk's text could lose it. */
  async #refusesUnsaved({ controller, artifact }: ArtifactChoice): Promise<boolean> {
    const uri = projectFile(controller, artifact.path);
    const open = vscode.workspace.textDocuments.find(
      (document) => document.isDirty && document.uri.toString() === uri.toString(),
    );
    if (open === undefined) return false;
    const show = "Show File";
    const message = `${artifact.path} has unsaved changes in an editor. Save or revert it first; nothing was written.`;
    if ((await vscode.window.showWarningMessage(message, show)) === show)
      await vscode.window.showTextDocument(open);
    return true;
  }

  /** After a decision in a diff: closes it and opens the next one that waits. */
  async #goOn({ controller }: ArtifactChoice, diff: vscode.Tab | undefined): Promise<void> {
    if (diff === undefined) return;
    const next = controller.view.artifacts.find(({ decision }) => decision === "pending");
    await vscode.window.tabGroups.close(diff, true);
    if (next !== undefined) await openArtifact(controller, next);
  }

  #firstPending(): ArtifactChoice | undefined {
    return this.#first(({ decision }) => decision === "pending");
  }

  #first(wanted: (artifact: ArtifactView) => boolean = () => true): ArtifactChoice | undefined {
    const { current } = this.#sessions;
    const artifact = current?.view.artifacts.find(wanted);
    return current === undefined || artifact === undefined ? undefined : { controller: current, artifact };
  }

  /** The artifact that was meant, or the one that a person picks. */
  async #need(target: unknown, which: "pending" | "decided"): Promise<ArtifactChoice | undefined> {
    const meant = await this.#find(target);
    if (meant !== undefined) return meant;
    const { current } = this.#sessions;
    const fitting = current?.view.artifacts.filter(
      ({ decision }) => (decision === "pending") === (which === "pending"),
    );
    if (current === undefined || fitting === undefined || fitting.length === 0) {
      void vscode.window.showInformationMessage(
        which === "pending"
          ? "No artifact waits for a decision."
          : "Nothing was decided that could be reverted.",
      );
      return undefined;
    }
    const items = fitting.map((artifact) => ({
      label: artifact.path,
      description: artifact.change,
      artifact,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: "Which artifact?",
      ignoreFocusOut: true,
    });
    return picked === undefined ? undefined : { controller: current, artifact: picked.artifact };
  }

  /** From the tree: the item; from a diff's title: its address; from the palette: the diff at hand. */
  async #find(target: unknown): Promise<ArtifactChoice | undefined> {
    if (target instanceof ArtifactItem) return target.choice;
    const uri = target instanceof vscode.Uri ? target : activeArtifact();
    const place = uri === undefined ? undefined : artifactPlace(uri);
    if (place === undefined) return undefined;
    const controller = await this.#sessions.openAt(place.directory);
    const artifact = controller.view.artifacts.find(({ path }) => path === place.path);
    return artifact === undefined ? undefined : { controller, artifact };
  }
}

function activeArtifact(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}

function openDiff({ controller, artifact }: ArtifactChoice): vscode.Tab | undefined {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(({ input }) => {
      if (!(input instanceof vscode.TabInputTextDiff)) return false;
      const place = artifactPlace(input.modified);
      return place?.directory === controller.directory && place.path === artifact.path;
    });
}
