import * as vscode from "vscode";
import type { Definition } from "../../engine/model/definition";
import { activeRuns } from "../../engine/state/cursor";
import { folderOf } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { definitionNow, isSameDefinition } from "./definition-now";
import { startFork } from "./fork";

/**
 * The definition as the files state it now; undefined when it equals the session's definition, or cannot run. A fork has
 * changes that are in no file, so its files are not checked.
 */
async function changedDefinition(
  index: ProjectIndex,
  controller: SessionController,
): Promise<Definition | undefined> {
  const { workDomain } = controller;
  const { definition } = controller.state;
  const [start] = await controller.readEvents(0, 1);
  if (start?.type !== "session_start" || start.data.forked_from !== undefined) return undefined;
  const folder = folderOf(workDomain);
  if (folder === undefined) return undefined;
  // A very recent change may not have been noticed yet.
  index.reread();
  const { project } = await index.of(folder);
  return definitionNow(project, definition);
}

/** Whether nothing but the Venue has changed. */
function onlyVenue(now: Definition, definition: Definition): boolean {
  return isSameDefinition({ ...now, venue: definition.venue }, definition);
}

/** Before a session resumes: if its files have changed since, the user chooses which definition to use. */
export async function mayResume(
  index: ProjectIndex,
  sessions: SessionRegistry,
  controller: SessionController,
): Promise<boolean> {
  const now = await changedDefinition(index, controller);
  const [active] = activeRuns(controller.state.score);
  if (now === undefined || active === undefined) return true;
  const { key } = active.run;
  const { definition } = controller.state;
  const isVenueAlone = onlyVenue(now, definition);
  const newVenue = {
    label: "Go on with the New Venue",
    detail: `With ${now.venue.source} as it is now; recorded in the session, which goes on where it stands`,
  };
  const goOn = { label: "Go on as Recorded", detail: "With the files as they were when the session began" };
  const fork = {
    label: "Fork with the New Definition",
    detail: `A new session from ${key} on; what stands before it is shared and costs no model call`,
  };
  const answer = await vscode.window.showQuickPick([...(isVenueAlone ? [newVenue] : []), goOn, fork], {
    title: isVenueAlone
      ? `The Venue ${definition.venue.name} has changed since the session began`
      : `The files of ${controller.view.flow} have changed since the session began`,
    placeHolder: "What should run?",
    ignoreFocusOut: true,
  });
  if (answer === newVenue) {
    await controller.submit({ kind: "change_venue", by: "person", venue: now.venue });
    return true;
  }
  if (answer === fork) await startFork(sessions, controller, key, () => now);
  return answer === goOn;
}
