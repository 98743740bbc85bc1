import path from "node:path";
import * as vscode from "vscode";
import { commandIds } from "../ids";
import type { SessionController } from "../../app/session/controller";
import { proposalUri } from "./artifact-places";
import { projectFile } from "./editor-desk";
import type { ReviewModel } from "./review-model";

/**
 * The artifacts that wait for a decision as a separate source control beside the repository's, with its own actions and
 * count, and with the proposal's changes in the gutter of the project's files.
 */
export class ReviewScm implements vscode.Disposable, vscode.QuickDiffProvider {
  readonly #model: ReviewModel;
  readonly #subscription: vscode.Disposable;
  #scm: vscode.SourceControl | undefined;
  #group: vscode.SourceControlResourceGroup | undefined;
  #of: SessionController | undefined;

  constructor(model: ReviewModel) {
    this.#model = model;
    this.#subscription = model.onDidChange(() => this.#update());
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#scm?.dispose();
  }

  provideOriginalResource(uri: vscode.Uri): vscode.Uri | undefined {
    const controller = this.#of;
    if (controller === undefined || uri.scheme !== "file") return undefined;
    const file = path.relative(controller.workDomain, uri.fsPath).split(path.sep).join("/");
    const row = this.#model.rowOf(controller, file);
    if (row?.open !== true || row.text === undefined || row.after === null) return undefined;
    return proposalUri(controller, file);
  }

  #update(): void {
    const { controller } = this.#model;
    const open = this.#model.rows.filter((row) => row.open);
    if (controller === undefined || open.length === 0) {
      this.#scm?.dispose();
      this.#scm = this.#group = this.#of = undefined;
      return;
    }
    if (this.#of !== controller) {
      this.#scm?.dispose();
      const root = vscode.Uri.file(controller.workDomain);
      this.#scm = vscode.scm.createSourceControl("orket", `Orket: ${controller.view.flow}`, root);
      this.#scm.inputBox.visible = false;
      this.#scm.quickDiffProvider = this;
      this.#group = this.#scm.createResourceGroup("proposed", "Proposed");
      this.#group.hideWhenEmpty = true;
      this.#of = controller;
    }
    if (this.#scm === undefined || this.#group === undefined) return;
    this.#scm.count = open.length;
    this.#group.resourceStates = open.map(({ artifact, state, added, removed, text }) => ({
      resourceUri: projectFile(controller.workDomain, artifact.path),
      command: {
        command: commandIds.reviewArtifacts,
        title: "Open Changes",
        arguments: [{ choice: { controller, artifact } }],
      },
      contextValue: state,
      decorations: {
        strikeThrough: artifact.change === "deleted",
        tooltip: `${artifact.change}, ${state}${text === undefined ? "" : `, +${added} −${removed}`}`,
      },
    }));
  }
}
