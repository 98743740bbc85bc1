import type { SessionController } from "../../app/session/controller";
import { defined } from "../../engine/model/defined";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { ArtifactAction, ArtifactRow } from "../../protocol/session-panel";
import type { ReviewModel } from "../artifacts/review-model";
import { commandIds } from "../ids";
import type { CommandId } from "../ids";

/** The same commands as everywhere else. */
export const artifactCommands: Readonly<Record<ArtifactAction, CommandId>> = {
  diff: commandIds.reviewArtifacts,
  accept: commandIds.acceptArtifact,
  reject: commandIds.rejectArtifact,
  revert: commandIds.revertAcceptance,
  history: commandIds.artifactHistory,
};

/** The team's proposals as the panel lists them. */
export function artifactRows(controller: SessionController, model: ReviewModel): ArtifactRow[] {
  return controller.view.artifacts.map((artifact) => {
    const { path, change, decision, renamedFrom } = artifact;
    const row = model.rowOf(controller, path);
    const open = isOpenArtifact(artifact);
    const counts = row?.text === undefined ? {} : { added: row.added, removed: row.removed };
    return {
      path,
      change,
      state: row?.state ?? (decision === "pending" ? "proposed" : decision),
      open,
      decided: decision !== "pending",
      ...(model.hasVersion(controller, path) ? { own: true } : {}),
      ...counts,
      ...(row?.makesExecutable === true ? { executable: true as const } : {}),
      ...defined({ renamedFrom, shown: open ? row?.offer.shown : undefined }),
    };
  });
}
