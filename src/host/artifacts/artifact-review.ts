import * as vscode from "vscode";
import { isOpenArtifact } from "../../engine/view/session-view";
import {
  acceptArtifact,
  redoAcceptance,
  rejectArtifact,
  revertAcceptance,
} from "../../app/session/acceptance";
import { isEditorChange, lineChangeOf } from "../../app/artifact/editor-change";
import { mayMerge, offerText } from "../../app/artifact/offer";
import type { AcceptOptions, RejectOptions } from "../../app/session/acceptance";
import { failureOf } from "../../app/session/checks";
import type { LiveSession } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import type { SessionRegistry } from "../session/session-registry";
import type { ArtifactChoice } from "./artifact-choice";
import { openArtifact, openProjectChanges } from "./artifact-documents";
import type { ArtifactFiles } from "./artifact-files";
import { proposalUri } from "./artifact-places";
import { ArtifactTargets, isResource, openDiffs } from "./artifact-targets";
import {
  closeConflict,
  hasDraft,
  openConflict,
  readDraft,
  removeDraft,
  saveVersion,
  shownNow,
} from "./drafts";
import { EditorDesk, projectFile } from "./editor-desk";
import type { HunkTarget } from "./hunk-lenses";
import { offerNow } from "./review-model";
import type { ReviewModel } from "./review-model";
import { Settling } from "./settling";
import { ArtifactItem } from "../trees/artifacts-tree";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

type Outcome =
  | "done"
  | "unsaved"
  | { readonly conflict: OrketError; readonly own: boolean }
  | { readonly stale: OrketError; readonly own: boolean }
  | { readonly denied: OrketError };

const person = { by: "person", provenance: true } as const;

/** The user's decisions about the team's proposals. */
export class ArtifactReview implements vscode.Disposable {
  readonly #sessions: SessionRegistry;
  readonly #model: ReviewModel;
  readonly #files: ArtifactFiles;
  readonly #anyway = new Set<string>();
  readonly settling = new Settling();
  readonly targets: ArtifactTargets;

  constructor(sessions: SessionRegistry, model: ReviewModel, files: ArtifactFiles) {
    this.#sessions = sessions;
    this.#model = model;
    this.#files = files;
    this.targets = new ArtifactTargets(sessions, model, files);
  }

  dispose(): void {
    this.settling.dispose();
  }

  /** Opens the diff of the given artifact, otherwise of the first one that waits for a decision. */
  async review(target: unknown): Promise<void> {
    const choice =
      (await this.targets.find(target)) ?? this.targets.first(isOpenArtifact) ?? this.targets.first();
    if (choice === undefined) {
      void vscode.window.showInformationMessage("The session shown has no artifacts to review.");
      return;
    }
    await openArtifact(choice.controller, choice.artifact);
  }

  async accept(target: unknown, byPointer: boolean, options: AcceptOptions = {}): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const several = this.targets.several(target);
    if (several !== undefined)
      return this.#acceptAll(several.filter(({ artifact }) => isOpenArtifact(artifact)));
    const choice = await this.targets.need(target, "pending");
    if (choice === undefined || !(await this.#mayAccept([choice]))) return;
    const outcome = await this.settling.decide(async () => {
      const [diff] = openDiffs(choice);
      const done = await this.#accept(choice, options);
      if (done === "done") await (isPart(options) ? this.#showRest(choice) : this.#goOn(choice, diff));
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
    await this.#acceptAll(open.map((artifact) => this.targets.choice(current, artifact)));
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
    await this.settling.decide(() =>
      first.controller.withLive(async (live) => {
        for (const choice of choices) {
          const [diff] = openDiffs(choice);
          if ((await this.#accept(choice, {}, live)) !== "done") {
            kept.push(choice.artifact.path);
            continue;
          }
          accepted += 1;
          if (diff !== undefined) await vscode.window.tabGroups.close(diff, true);
        }
      }),
    );
    vscode.window.setStatusBarMessage(`$(check) Orket: ${accepted} of ${files} accepted`, 5000);
    if (kept.length > 0)
      void vscode.window.showWarningMessage(
        `Not accepted: ${kept.join(", ")}. Accept them one by one to see what stands in the way.`,
      );
  }

  async reject(target: unknown, byPointer: boolean): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const several = this.targets.several(target);
    if (several !== undefined) return this.#rejectAll(several);
    const choice = await this.targets.need(target, "pending");
    if (choice === undefined) return;
    await this.settling.decide(async () => {
      const [diff] = openDiffs(choice);
      await this.#reject(choice);
      await this.#goOn(choice, diff);
    });
  }

  #rejectAll(choices: readonly ArtifactChoice[], reason?: string): Promise<void> {
    return this.settling.decide(async () => {
      for (const choice of choices) if (isOpenArtifact(choice.artifact)) await this.#reject(choice, reason);
    });
  }

  async rejectWithReason(target: unknown, byPointer: boolean): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const several = this.targets.several(target);
    const meant = several === undefined ? await this.targets.need(target, "pending") : undefined;
    if (several === undefined && meant === undefined) return;
    const reason = await vscode.window.showInputBox({
      title: "Reject Artifact",
      prompt: "Why? Steps of the session that begin later are told.",
      ignoreFocusOut: true,
    });
    if (reason === undefined) return;
    if (meant === undefined) await this.#rejectAll(several ?? [], reason);
    else await this.settling.decide(() => this.#reject(meant, reason));
  }

  /** A version that the user began is kept, because the rejection may be undone. */
  async #reject({ controller, artifact }: ArtifactChoice, reason?: string): Promise<void> {
    await saveVersion(controller, artifact.path);
    await controller.withLive((live) => rejectArtifact(live, artifact.path, reason, person));
    await closeConflict(controller, artifact.path);
  }

  async revert(target: unknown, byPointer: boolean): Promise<void> {
    if (this.#isLate(target, byPointer)) return;
    const choice = await this.targets.need(target, "decided");
    if (choice === undefined) return;
    const { controller, artifact } = choice;
    const desk = new EditorDesk(controller.workDomain);
    const isDirty = desk.dirty(artifact.path) !== undefined;
    try {
      await this.settling.decide(() =>
        controller.withLive(async (live) => {
          const { acceptances, decisions } = live.orchestrator.state;
          const count =
            (entryOf(acceptances, artifact.path) ?? []).length +
            (entryOf(decisions, artifact.path)?.kind === "rejected" ? 1 : 0);
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
        await vscode.window.showTextDocument(projectFile(controller.workDomain, artifact.path));
      }
      return;
    }
    if (isDirty) tellUnsaved(artifact.path);
  }

  async redo(target: unknown): Promise<void> {
    const meant = await this.targets.find(target);
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
      controller.withLive(async (live) => {
        do await redoAcceptance(live, file, { ...person, desk });
        while (entryOf(live.orchestrator.state.undone, file) !== undefined);
      }),
    );
  }

  /** Accepts one hunk of what is shown, then shows the rest. */
  async acceptHunk({ uri, hunk, shown }: HunkTarget): Promise<void> {
    await this.accept(uri, true, { hunks: [hunk], shown });
  }

  async rejectHunk({ uri, hunk, shown }: HunkTarget): Promise<void> {
    if (this.settling.isSettling) return;
    const choice = await this.targets.find(uri);
    if (choice !== undefined) await this.#rejectPart(choice, { hunks: [hunk], shown });
  }

  /** Decides one change in the gutter of a project's file. */
  async decideChange(
    verdict: "accept" | "reject",
    uri: unknown,
    changes: unknown,
    index: unknown,
  ): Promise<void> {
    if (this.settling.isSettling || !(uri instanceof vscode.Uri)) return;
    const choice = this.targets.ofFile(uri);
    const change: unknown = Array.isArray(changes) ? changes[Number(index)] : undefined;
    if (choice === undefined || !isEditorChange(change) || !isOpenArtifact(choice.artifact)) return;
    const { controller, artifact } = choice;
    const proposal = proposalUri(controller, artifact.path);
    await saveVersion(controller, artifact.path);
    if (await hasDraft(controller, artifact.path)) {
      void vscode.window.showInformationMessage(
        `You have a version of ${artifact.path} of your own. Accept it as a whole, or discard it first.`,
      );
      return;
    }
    const text = offerText(await offerNow(controller, artifact));
    if (text === undefined) return;
    const [before, after] = await Promise.all([uri, proposal].map(lineCount));
    const lines = lineChangeOf(text, change, { before: before ?? 0, after: after ?? 0 });
    const options = { lines, ...defined({ shown: this.#files.shownAt(proposal) }) };
    if (verdict === "reject") return this.#rejectPart(choice, options);
    if (!(await this.#mayAccept([choice]))) return;
    const outcome = await this.settling.decide(() => this.#accept(choice, options));
    await this.#tell(choice, outcome);
  }

  async #rejectPart(
    choice: ArtifactChoice,
    part: Pick<RejectOptions, "hunks" | "lines" | "shown">,
  ): Promise<void> {
    const { controller, artifact } = choice;
    const options = { ...person, ...part, desk: new EditorDesk(controller.workDomain) };
    const outcome = await this.settling.decide(async (): Promise<Outcome> => {
      try {
        await controller.withLive((live) => rejectArtifact(live, artifact.path, undefined, options));
      } catch (error) {
        if (OrketError.is(error, "acceptance_stale")) return { stale: error, own: false };
        throw error;
      }
      if (part.hunks !== undefined) await this.#showRest(choice);
      return "done";
    });
    await this.#tell(choice, outcome);
  }

  /** After a decision about a hunk: shows the diff of the rest, or the next one. */
  async #showRest(choice: ArtifactChoice): Promise<void> {
    const { controller } = choice;
    const [diff] = openDiffs(choice);
    const artifact = controller.view.artifacts.find((one) => one.path === choice.artifact.path);
    if (artifact === undefined || !isOpenArtifact(artifact)) await this.#goOn(choice, diff);
    else await this.#files.reload(proposalUri(controller, artifact.path));
  }

  /** Opens the diff for editing, or the file in which a conflict is resolved. */
  async edit(target: unknown): Promise<void> {
    const choice = await this.targets.need(target, "pending");
    if (choice === undefined) return;
    const { controller, artifact } = choice;
    const offer = await offerNow(controller, artifact);
    if (offer.conflict === undefined) return openArtifact(controller, artifact, { preview: false });
    if (offer.conflict.marked !== undefined || (await hasDraft(controller, artifact.path)))
      return openConflict(controller, offer);
    void vscode.window.showWarningMessage(
      `${artifact.path} is not text, so it cannot be merged: accept or reject the proposal as a whole.`,
    );
  }

  /** Discards the user's version of a proposal and restores the team's. */
  async discard(target: unknown): Promise<void> {
    const choice = await this.targets.need(target, "pending");
    if (choice === undefined) return;
    const { controller, artifact } = choice;
    const file = artifact.path;
    await saveVersion(controller, file);
    if (!(await hasDraft(controller, file))) {
      void vscode.window.showInformationMessage(`You have no version of ${file} of your own.`);
      return;
    }
    const yes = "Discard";
    const message = `Discard your version of ${file}? The team's proposal takes its place.`;
    if ((await vscode.window.showWarningMessage(message, { modal: true }, yes)) !== yes) return;
    await closeConflict(controller, file);
    await removeDraft(controller, file);
    await this.#model.refresh();
  }

  async #accept(
    { controller, artifact, shown }: ArtifactChoice,
    options: AcceptOptions = {},
    opened?: LiveSession,
  ): Promise<Outcome> {
    const { directory, workDomain } = controller;
    const { path: file } = artifact;
    const desk = new EditorDesk(workDomain);
    const wasDirty = desk.dirty(file) !== undefined;
    if (!(await saveVersion(controller, file))) return "unsaved";
    // What the diff shows is what is written: the user's own version, where one exists.
    const draft = isPart(options) ? undefined : await readDraft(controller, file);
    const accept = (live: LiveSession): ReturnType<typeof acceptArtifact> =>
      acceptArtifact(live, file, {
        ...person,
        desk,
        ...defined({ shown: draft === undefined ? shown : draft.shown, content: draft?.content }),
        ...(this.#anyway.has(directory) ? { anyway: true } : {}),
        ...options,
      });
    try {
      await (opened === undefined ? controller.withLive(accept) : accept(opened));
    } catch (error) {
      const own = draft !== undefined;
      if (OrketError.is(error, "acceptance_conflict")) return { conflict: error, own };
      if (OrketError.is(error, "acceptance_stale")) return { stale: error, own };
      if (OrketError.is(error, "acceptance_denied")) return { denied: error };
      throw error;
    }
    if (draft !== undefined) {
      await closeConflict(controller, file);
      await removeDraft(controller, file);
    }
    if (wasDirty) tellUnsaved(file);
    return "done";
  }

  /** Reports a decision that was not carried out, as far as the user must know. */
  async #tell(choice: ArtifactChoice, outcome: Outcome): Promise<void> {
    const { controller, artifact } = choice;
    if (outcome === "done") return;
    if (outcome === "unsaved") {
      void vscode.window.showWarningMessage(
        `Your version of ${artifact.path} could not be saved, so nothing was accepted.`,
      );
      return;
    }
    if ("denied" in outcome) throw outcome.denied;
    if ("conflict" in outcome) {
      const { conflict, own } = outcome;
      if (!own && conflict.details["rule"] !== "unsaved") return this.#solveConflict(choice, conflict);
      void vscode.window.showWarningMessage(`${conflict.message} ${conflict.hint ?? ""}`.trim());
      return;
    }
    await this.#model.refresh();
    await openArtifact(controller, artifact);
    if (outcome.own) await shownNow(controller, await offerNow(controller, artifact));
    void vscode.window.showWarningMessage(
      outcome.own
        ? `The project's ${artifact.path} has changed since you began your version. Nothing was written; this is your version against the project as it is now.`
        : `${artifact.path} has changed since it was shown. Nothing was written; this is how it is now.`,
    );
  }

  /** The project's file differs from the one that the team started from: nothing was written; the user decides. */
  async #solveConflict(choice: ArtifactChoice, { message }: OrketError): Promise<void> {
    const { controller, artifact } = choice;
    const { conflict, proposed, shown } = await offerNow(controller, artifact);
    const solve = conflict !== undefined && mayMerge(conflict) ? "Solve Conflict" : "Use Proposal";
    const changes = "Show Project's Changes";
    const mine = "Keep Mine";
    const answer = await vscode.window.showWarningMessage(message, solve, changes, mine);
    if (answer === changes) await openProjectChanges(controller, artifact);
    else if (answer === mine) await this.#reject(choice, "The project's own change is kept.");
    else if (answer === "Use Proposal") await this.accept({ choice }, false, { content: proposed, shown });
    else if (answer === solve) await this.edit({ choice });
  }

  /** Why a warning must precede the acceptance; undefined when none is needed. */
  #objection(choices: readonly ArtifactChoice[]): string | undefined {
    const [first] = choices;
    if (first === undefined || this.#anyway.has(first.controller.directory)) return undefined;
    const failure = failureOf(first.controller.view);
    if (failure !== undefined) return `The session failed: ${failure}`;
    const unchecked = choices.filter(
      ({ controller, artifact }) => this.#model.rowOf(controller, artifact.path)?.isUnchecked === true,
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

  /** Whether this is a second click, meant for what was there before. */
  #isLate(target: unknown, byPointer: boolean): boolean {
    return (
      (byPointer ||
        target instanceof ArtifactItem ||
        isResource(target) ||
        this.targets.several(target) !== undefined) &&
      this.settling.isSettling
    );
  }

  /** After a decision in a diff: closes it and opens the next one that waits for a decision. */
  async #goOn({ controller }: ArtifactChoice, diff: vscode.Tab | undefined): Promise<void> {
    if (diff === undefined) return;
    const next = controller.view.artifacts.find(isOpenArtifact);
    await vscode.window.tabGroups.close(diff, true);
    if (next !== undefined) await openArtifact(controller, next);
  }
}

async function lineCount(uri: vscode.Uri): Promise<number> {
  return (await vscode.workspace.openTextDocument(uri)).lineCount;
}

/** Whether the decision is about only a part of what is shown. */
function isPart({ hunks, lines }: AcceptOptions): boolean {
  return hunks !== undefined || lines !== undefined;
}

/** An editor holds unsaved changes to the project's file: they are kept, and the user decides whether to save them. */
function tellUnsaved(file: string): void {
  void vscode.window.showInformationMessage(
    `${file} has unsaved changes in an editor; they are kept, and saving writes both. Undo takes the last change back.`,
  );
}
