import * as vscode from "vscode";
import { sessionNamed } from "../../app/session/session-list";
import type { AgentHost } from "../../app/agent/agent-tools";
import type { OfferedProject } from "../../app/agent/run-request";
import { saveFiles } from "../flow/run-flow";
import type { FlowRunner } from "../flow/run-flow";
import type { ProjectIndex } from "../project/project-index";
import { isOnDisk } from "../session/on-disk";
import type { SessionRegistry } from "../session/session-registry";
import type { VenueChoice } from "../venues/venue-choice";

/** A project of an open folder. */
export interface FolderOffer extends OfferedProject {
  readonly folder: vscode.WorkspaceFolder;
}

/** What agents and the chat participant work on. */
export interface AgentParts {
  readonly index: ProjectIndex;
  readonly venue: VenueChoice;
  readonly runner: FlowRunner;
  readonly sessions: SessionRegistry;
}

/** This window, as the tools for agents see it. */
export function agentHostOf({ index, venue, runner, sessions }: AgentParts): AgentHost<FolderOffer> {
  return {
    isTrusted: () => vscode.workspace.isTrusted,
    venue: () => venue.name,
    projects: async () => {
      index.reread();
      const projects = (await index.all()).filter(({ folder }) => isOnDisk(folder));
      return projects.map((one) => ({
        name: one.folder.name,
        folder: one.folder,
        project: one.project,
        flows: one.flows(venue.name),
      }));
    },
    start: async ({ folder }, definition, cancellation) => {
      await saveFiles(index);
      return runner.startAsAsked(definition, folder, cancellation);
    },
    session: async (which = "last") => {
      const open = sessions.open.find(({ id }) => id === which);
      return open ?? sessions.openAt(sessionNamed(await sessions.list(), which).path);
    },
  };
}
