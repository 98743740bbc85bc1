import path from "node:path";
import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import {
  acceptArtifact,
  redoAcceptance,
  rejectArtifact,
  revertAcceptance,
} from "../../app/session/acceptance";
import type { AcceptOptions } from "../../app/session/acceptance";
import { failureOf } from "../../app/session/checks";
import { OrketError } from "../../engine/error/orket-error";
import type { ArtifactView } from "../../engine/view/session-view";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import type { ArtifactChoice } from "./artifact-choice";
import { artifactPlace, offerNow, openArtifact, openProjectChanges, projectFile } from "./artifact-documents";
import { draftPlace, dropDraft, openDraft, readDraft, shownNow } from "./drafts";
import { EditorDesk } from "./editor-desk";
import type { ReviewModel } from "./review-model";
import type { HunkTarget } from "./hunk-lenses";
import { Settling } from "./settling";
import { ArtifactItem, GroupItem } from "../trees/artifacts-tree";
import { defined } from "../../engine/model/defined";

type Outcome = "done" | "kept" | { readonly conflict: OrketError } | { readonly stale: OrketError };

const person = { by: "person", provenance: true } as const;

/** What a person decides about what the team proposes. */
export class ArtifactReview implements vscode.Disposable {
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #anyway = new Set<string>();
  readonly settling = new Settling();

  constructor(sessions: SessionRegistry, model: ReviewModel) {
    this.#sessions = sessions;
    this.#model = model;
  }

  dispose(): void {
    this.settling.dispose();
  }

  /** Opens the diff of the artifact that was meant, else of the first that waits for a decision. */
  async review(target: unknown): Promise<void> {
    const choice = (await this.find(target)) ?? this.#first(isOpenArtifact) ?? this.#first();
    if (choice === undefined) {
      void vscode.window.showInformationMessage("The session shown has no artifacts to review.");
      return;
    }
    await openArtifact(choice.controller, choice.artifact);
  }

  async accept(target: unknown, byPointer: boolean, options: AcceptOptions = {}): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    if (target instanceof GroupItem)
      return this.#acceptAll(target.choices.filter(({ artifact }) => isOpenArtifact(artifact)));
    const draft = target instanceof vscode.Uri ? draftPlace(target) : activeDraft();
    if (draft !== undefined) return this.#acceptDraft(draft);
    const choice = await this.need(target, "pending");
    if (choice === undefined || !(await this.#mayAccept([choice]))) return;
    const outcome = await this.settling.decide(async () => {
      const diff = openDiff(choice);
      const done = await this.#accept(choice, options);
      if (done === "done")
        await (options.hunks === undefined ? this.#goOn(choice, diff) : this.#showRest(choice));
      return done;
    });
    await this.#tell(choice, outcome);
  }

  async acceptAll(): Promise<void> {
    const { current } = this.#sessions;
    const open = current?.view.artifacts.filter(isOpenArtifact) ?? [];
    if (current === undefined || open.length === 0) {
      void vscode.window.showInformationMessage("No artifact waits for a decision.");
      return;
    }
    await this.#acceptAll(open.map((artifact) => this.#choice(current, artifact)));
  }

  async #acceptAll(choices: readonly ArtifactChoice[]): Promise<void> {
    const [first] = choices;
    if (first === undefined) {
      void vscode.window.showInformationMessage("No artifact waits for a decision.");
      return;
    }
    const files = choices.length === 1 ? "1 file" : `${choices.length} files`;
    const yes = `Accept ${files}`;
    const list = choices.map(({ artifact: { path: file, change } }) => `${file} (${change})`);
    const failure = this.#objection(choices);
    const answer = await vscode.window.showWarningMessage(
      `Bring ${files} of ${first.controller.view.flow} into the project?`,
      { modal: true, detail: [...(failure === undefined ? [] : [failure, ""]), ...list].join("\n") },
      yes,
    );
    if (answer !== yes) return;
    if (failure !== undefined) this.#anyway.add(first.controller.directory);
    let accepted = 0;
    const kept: string[] = [];
    await this.settling.decide(async () => {
      for (const choice of choices) {
        const diff = openDiff(choice);
        if ((await this.#accept(choice)) !== "done") {
          kept.push(choice.artifact.path);
          continue;
        }
        accepted += 1;
        if (diff !== undefined) await vscode.window.tabGroups.close(diff, true);
      }
    });
    vscode.window.setStatusBarMessage(`$(check) Orket: ${accepted} of ${files} accepted`, 5000);
    if (kept.length > 0)
      void vscode.window.showWarningMessage(
        `Not accepted, because the project has changed: ${kept.join(", ")}. Review them one by one.`,
      );
  }

  async reject(target: unknown, byPointer: boolean, reason?: string): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    if (target instanceof GroupItem) {
      const open = target.choices.filter(({ artifact }) => isOpenArtifact(artifact));
      await this.settling.decide(async () => {
        for (const choice of open) await this.#reject(choice, reason);
      });
      return;
    }
    const choice = await this.need(target, "pending");
    if (choice === undefined) return;
    await this.settling.decide(async () => {
      const diff = openDiff(choice);
      await this.#reject(choice, reason);
      await this.#goOn(choice, diff);
    });
  }

  async rejectWithReason(target: unknown, byPointer: boolean): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const meant = target instanceof GroupItem ? target : await this.need(target, "pending");
    if (meant === undefined) return;
    const reason = await vscode.window.showInputBox({
      title: "Reject Artifact",
      prompt: "Why? Steps of the session that begin later are told.",
      ignoreFocusOut: true,
    });
    if (reason === undefined) return;
    if (meant instanceof GroupItem) await this.reject(meant, false, reason);
    else await this.settling.decide(() => this.#reject(meant, reason));
  }

  #reject({ controller, artifact }: ArtifactChoice, reason?: string): Promise<void> {
    return controller.withLive((live) => rejectArtifact(live, artifact.path, reason, person));
  }

  async revert(target: unknown, byPointer: boolean): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const choice = await this.need(target, "decided");
    if (choice === undefined) return;
    const { controller, artifact } = choice;
    const desk = new EditorDesk(controller.workDomain);
    const isDirty = desk.dirty(artifact.path) !== undefined;
    try {
      await this.settling.decide(() =>
        controller.withLive(async (live) => {
          const { acceptances, decisions } = live.orchestrator.state;
          const count =
            (acceptances[artifact.path] ?? []).length +
            (decisions[artifact.path]?.kind === "rejected" ? 1 : 0);
          for (let index = 0; index < Math.max(1, count); index += 1)
            await revertAcceptance(live, artifact.path, { ...person, desk });
        }),
      );
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict")) throw error;
      const show = "Show File";
      const message = isDirty
        ? `${artifact.path} has unsaved changes in an editor where it was accepted, so it cannot be reverted automatically.`
        : `${artifact.path} was changed after it was accepted, so it cannot be reverted automatically.`;
      if ((await vscode.window.showWarningMessage(message, show)) === show) {
        await vscode.window.showTextDocument(projectFile(controller, artifact.path));
      }
      return;
    }
    if (isDirty) tellUnsaved(artifact.path);
  }

  async redo(target: unknown): Promise<void> {
    const meant = await this.find(target);
    const { current } = this.#sessions;
    const controller = meant?.controller ?? current;
    const files = Object.keys(controller?.state.undone ?? {});
    const file =
      meant?.artifact.path ?? (files.length === 1 ? files[0] : await vscode.window.showQuickPick(files));
    if (controller === undefined || file === undefined) {
      if (files.length === 0) void vscode.window.showInformationMessage("No acceptance was reverted.");
      return;
    }
    const desk = new EditorDesk(controller.workDomain);
    await this.settling.decide(() =>
      controller.withLive((live) => redoAcceptance(live, file, { ...person, desk })),
    );
  }

  /** Brings one hunk of what is shown, then shows what is left. */
  async acceptHunk({ uri, hunk, shown }: HunkTarget): Promise<void> {
    await this.accept(uri, true, { hunks: [hunk], shown });
  }

  async rejectHunk({ uri, hunk, shown }: HunkTarget): Promise<void> {
    if (this.settling.isSettling) return;
    const choice = await this.find(uri);
    if (choice === undefined) return;
    const { controller, artifact } = choice;
    const options = { ...person, hunks: [hunk], shown, desk: new EditorDesk(controller.workDomain) };
    await this.settling.decide(async () => {
      await controller.withLive((live) => rejectArtifact(live, artifact.path, undefined, options));
      await this.#showRest(choice);
    });
  }

  /** After a decision about a hunk: the diff of what is left, or of what comes next. */
  async #showRest(choice: ArtifactChoice): Promise<void> {
    const { controller } = choice;
    const diff = openDiff(choice);
    const artifact = controller.view.artifacts.find((one) => one.path === choice.artifact.path);
    if (artifact === undefined || !isOpenArtifact(artifact)) return this.#goOn(choice, diff);
    await openArtifact(controller, artifact);
    // The new diff takes the place of a preview; one that was kept must go.
    const left = diff === undefined ? undefined : openDiffs(choice).find((tab) => !tab.isActive);
    if (left !== undefined) await vscode.window.tabGroups.close(left, true);
  }

  /** Opens the person's own version of a proposal, or of its conflict. */
  async edit(target: unknown): Promise<void> {
    const choice = await this.need(target, "pending");
    if (choice === undefined) return;
    const offer = await offerNow(choice.controller, choice.artifact);
    if (offer.conflict !== undefined && offer.conflict.marked === undefined) {
      void vscode.window.showWarningMessage(
        `${choice.artifact.path} is not text: keep the project's file by rejecting the proposal, or bring the proposal in by hand.`,
      );
      return;
    }
    await openDraft(choice.controller, offer);
  }

  async #acceptDraft({ directory, path: file }: { directory: string; path: string }): Promise<void> {
    const controller = await this.#sessions.openAt(directory);
    const artifact = controller.view.artifacts.find((one) => one.path === file);
    const draft = await readDraft(controller, file);
    if (artifact === undefined || draft === undefined) return;
    const choice = { controller, artifact };
    if (!(await this.#mayAccept([choice]))) return;
    const { content, shown } = draft;
    const outcome = await this.settling.decide(() =>
      this.#accept({ ...choice, ...defined({ shown }) }, { content }),
    );
    if (outcome === "done") {
      await dropDraft(controller, file);
      return;
    }
    if (typeof outcome === "string") return;
    if ("conflict" in outcome) {
      void vscode.window.showWarningMessage(outcome.conflict.message);
      return;
    }
    await shownNow(controller, await offerNow(controller, artifact));
    const compare = "Compare with Project";
    const message = `The project's ${file} has changed since you began your version. Nothing was written.`;
    if ((await vscode.window.showWarningMessage(message, compare)) === compare)
      await openDraft(controller, await offerNow(controller, artifact));
  }

  async #accept(
    { controller, artifact, shown }: ArtifactChoice,
    options: AcceptOptions = {},
  ): Promise<Outcome> {
    const desk = new EditorDesk(controller.workDomain);
    const wasDirty = desk.dirty(artifact.path) !== undefined;
    try {
      await controller.withLive((live) =>
        acceptArtifact(live, artifact.path, {
          ...person,
          desk,
          ...defined({ shown }),
          ...(this.#anyway.has(controller.directory) ? { anyway: true } : {}),
          ...options,
        }),
      );
    } catch (error) {
      if (OrketError.is(error, "acceptance_conflict")) return { conflict: error };
      if (OrketError.is(error, "acceptance_stale")) return { stale: error };
      throw error;
    }
    if (wasDirty) tellUnsaved(artifact.path);
    return "done";
  }

  /** What a person must know of a decision that was not carried out. */
  async #tell(choice: ArtifactChoice, outcome: Outcome): Promise<void> {
    if (typeof outcome === "string") return;
    if ("conflict" in outcome) return this.#solveConflict(choice);
    await this.#model.refresh();
    await openArtifact(choice.controller, choice.artifact);
    void vscode.window.showWarningMessage(
      `${choice.artifact.path} has changed since it was shown. Nothing was written; this is how it is now.`,
    );
  }

  /** The project's file is not what the team started from any more: nothing was written; the person decides. */
  async #solveConflict(choice: ArtifactChoice): Promise<void> {
    const { controller, artifact } = choice;
    const solve = "Solve Conflict";
    const changes = "Show Project's Changes";
    const mine = "Keep Mine";
    const message = `${artifact.path} has changed in the project since the team read it, at the same lines. Nothing was written.`;
    const answer = await vscode.window.showWarningMessage(message, solve, changes, mine);
    if (answer === solve) await this.edit({ choice });
    else if (answer === changes) await openProjectChanges(controller, artifact);
    else if (answer === mine) await this.#reject(choice, "The project's own change is kept.");
  }

  /** Why work is not to be accepted without a word. */
  #objection(choices: readonly ArtifactChoice[]): string | undefined {
    const [first] = choices;
    if (first === undefined || this.#anyway.has(first.controller.directory)) return undefined;
    const failure = failureOf(first.controller.view);
    if (failure !== undefined) return `The session failed: ${failure}`;
    const unchecked = choices.filter(
      ({ controller, artifact }) => this.#model.rowOf(controller, artifact.path)?.state === "unchecked",
    );
    if (unchecked.length === 0) return undefined;
    return `Written after the last check that passed: ${unchecked.map(({ artifact }) => artifact.path).join(", ")}`;
  }

  async #mayAccept(choices: readonly ArtifactChoice[]): Promise<boolean> {
    const objection = this.#objection(choices);
    const [first] = choices;
    if (objection === undefined || first === undefined) return true;
    const yes = "Accept Anyway";
    const answer = await vscode.window.showWarningMessage(
      "Accept it anyway?",
      { modal: true, detail: objection },
      yes,
    );
    if (answer !== yes) return false;
    this.#anyway.add(first.controller.directory);
    return true;
  }

  /** A second click that was meant for what stood there before. */
  #isLate(target: unknown, byPointer: boolean): boolean {
    return (
      (byPointer || target instanceof ArtifactItem || target instanceof GroupItem) && this.settling.isSettling
    );
  }

  /** After a decision in a diff: closes it and opens the next one that waits. */
  async #goOn({ controller }: ArtifactChoice, diff: vscode.Tab | undefined): Promise<void> {
    if (diff === undefined) return;
    const next = controller.view.artifacts.find(isOpenArtifact);
    await vscode.window.tabGroups.close(diff, true);
    if (next !== undefined) await openArtifact(controller, next);
  }

  #choice(controller: SessionController, artifact: ArtifactView): ArtifactChoice {
    const shown = this.#model.rowOf(controller, artifact.path)?.offer.shown;
    return { controller, artifact, ...(shown === undefined || !isOpenArtifact(artifact) ? {} : { shown }) };
  }

  #first(wanted: (artifact: ArtifactView) => boolean = () => true): ArtifactChoice | undefined {
    const { current } = this.#sessions;
    const artifact = current?.view.artifacts.find(wanted);
    return current === undefined || artifact === undefined ? undefined : this.#choice(current, artifact);
  }

  /** The artifact that was meant, or the one that a person picks. */
  async need(target: unknown, which: "pending" | "decided" | "any"): Promise<ArtifactChoice | undefined> {
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
      description: artifact.change,
      artifact,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: "Which artifact?",
      ignoreFocusOut: true,
    });
    return picked === undefined ? undefined : this.#choice(current, picked.artifact);
  }

  /** From the tree: the item; from a diff's title: its address; from Source Control: its file; from the palette: the diff at hand. */
  async find(target: unknown): Promise<ArtifactChoice | undefined> {
    if (hasChoice(target)) return target.choice;
    const state = (target as vscode.SourceControlResourceState | undefined)?.resourceUri;
    const uri = target instanceof vscode.Uri ? target : (state ?? activeArtifact());
    if (uri === undefined) return undefined;
    const place = artifactPlace(uri) ?? draftPlace(uri);
    if (place !== undefined) {
      const controller = await this.#sessions.openAt(place.directory);
      const artifact = controller.view.artifacts.find((one) => one.path === place.path);
      if (artifact === undefined) return undefined;
      const shown = "shown" in place && isOpenArtifact(artifact) ? { shown: place.shown } : {};
      return { controller, artifact, ...(shown as { shown?: string }) };
    }
    const { current } = this.#sessions;
    const artifact = current?.view.artifacts.find(
      (one) => path.join(current.workDomain, one.path) === uri.fsPath,
    );
    return current === undefined || artifact === undefined ? undefined : this.#choice(current, artifact);
  }
}

function hasChoice(target: unknown): target is { readonly choice: ArtifactChoice } {
  return typeof target === "object" && target !== null && "choice" in target;
}

/** An editor holds the project's file with the person's own changes: they are kept, and so is the person's right to save. */
function tellUnsaved(file: string): void {
  void vscode.window.showInformationMessage(
    `${file} has unsaved changes in an editor; they are kept, and saving writes both. Undo takes the last change back.`,
  );
}

function activeUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputTextDiff) return input.modified;
  return input instanceof vscode.TabInputText ? input.uri : undefined;
}

function activeArtifact(): vscode.Uri | undefined {
  const uri = activeUri();
  return uri !== undefined && (artifactPlace(uri) ?? draftPlace(uri)) !== undefined ? uri : undefined;
}

function activeDraft(): ReturnType<typeof draftPlace> {
  const uri = activeUri();
  return uri === undefined ? undefined : draftPlace(uri);
}

function openDiff(choice: ArtifactChoice): vscode.Tab | undefined {
  return openDiffs(choice)[0];
}

function openDiffs({ controller, artifact }: ArtifactChoice): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => {
      if (!(input instanceof vscode.TabInputTextDiff)) return false;
      const place = artifactPlace(input.modified);
      return place?.directory === controller.directory && place.path === artifact.path;
    });
}
