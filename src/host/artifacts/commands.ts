import type { SessionPanels } from "../event-panel/session-panels";
import { commandIds } from "../ids";
import type { ArtifactsTree } from "../trees/artifacts-tree";
import type { ArtifactReview } from "./artifact-review";
import { isResource } from "./artifact-targets";
import type { ReviewModel } from "./review-model";
import { openAllChanges, showHistory } from "./review-views";

/** What the artifact commands need. */
interface Parts {
  readonly review: ArtifactReview;
  readonly model: ReviewModel;
  readonly artifacts: ArtifactsTree;
  readonly panels: SessionPanels;
}

type Handler = (target: unknown, context?: unknown, more?: unknown) => unknown;

/** A menu beside an editor's title passes where it was clicked; a program does not. */
const byPointer = (context: unknown): boolean => context !== undefined;

/** Several selected rows of Source Control come as one argument each. */
const meant = (given: readonly unknown[]): unknown =>
  given.length > 1 && given.every(isResource) ? given : given[0];

export function artifactCommands({
  review,
  model,
  artifacts,
  panels,
}: Parts): Record<ArtifactCommand, Handler> {
  return {
    [commandIds.acceptArtifact]: (...given) => review.accept(meant(given), byPointer(given[1])),
    [commandIds.acceptAllArtifacts]: () => review.acceptAll(),
    [commandIds.rejectArtifact]: (...given) => review.reject(meant(given), byPointer(given[1])),
    [commandIds.rejectWithReason]: (...given) => review.rejectWithReason(meant(given), byPointer(given[1])),
    [commandIds.revertAcceptance]: (target, context) => review.revert(target, byPointer(context)),
    [commandIds.redoAcceptance]: (target) => review.redo(target),
    [commandIds.reviewAllArtifacts]: () => openAllChanges(model),
    [commandIds.editArtifact]: (target) => review.edit(target),
    [commandIds.discardVersion]: (target) => review.discard(target),
    [commandIds.acceptChange]: (uri, changes, index) => review.decideChange("accept", uri, changes, index),
    [commandIds.rejectChange]: (uri, changes, index) => review.decideChange("reject", uri, changes, index),
    [commandIds.groupArtifacts]: () => artifacts.pickGrouping(),
    [commandIds.artifactHistory]: async (target) => {
      const choice = await review.targets.need(target, "any");
      if (choice === undefined) return;
      await showHistory(choice, (seq) => {
        void panels.show(choice.controller, seq);
      });
    },
  };
}

type ArtifactCommand = (typeof commandIds)[
  | "acceptArtifact"
  | "acceptAllArtifacts"
  | "rejectArtifact"
  | "rejectWithReason"
  | "revertAcceptance"
  | "redoAcceptance"
  | "reviewAllArtifacts"
  | "editArtifact"
  | "discardVersion"
  | "acceptChange"
  | "rejectChange"
  | "groupArtifacts"
  | "artifactHistory"];
