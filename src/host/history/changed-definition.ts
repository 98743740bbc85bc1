import * as vscode from "vscode";
import type { Definition, PlanNode } from "../../engine/model/definition";
import { activeRuns } from "../../engine/state/cursor";
import { resolveFlow } from "../../language";
import type { ProjectIndex } from "../project/project-index";
import type { SessionController } from "../session/session-controller";
import type { SessionRegistry } from "../session/session-registry";
import { startFork } from "./fork";

/**
 * The definition as the files say it now; undefined when it is what the session runs, or cannot run. A fork follows
 * changes that stand in no file: its files are not asked.
 */
async function changedDefinition(
  index: ProjectIndex,
  controller: SessionController,
): Promise<Definition | undefined> {
  const { workDomain } = controller;
  const { definition } = controller.state;
  const [start] = await controller.readEvents(0, 1);
  if (start?.type !== "session_start" || start.data.forked_from !== undefined) return undefined;
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === workDomain);
  if (folder === undefined) return undefined;
  // A change of a moment ago may not have been noticed yet.
  index.reread();
  const { project } = await index.of(folder);
  const { source, task, inputs } = definition.flow;
  const asked = { task, inputs };
  const { definition: own } = resolveFlow(project, source, asked);
  const now =
    own === undefined || own.venue.source === definition.venue.source
      ? own
      : resolveFlow(project, source, { ...asked, venue: definition.venue.name }).definition;
  if (now === undefined || comparable(now, definition) === comparable(definition, definition))
    return undefined;
  return now;
}

/** What a person chose for the run alone is no change of the files: when to ask, and a model that was left open. */
function comparable(definition: Definition, run: Definition): string {
  const { flow, venue, score } = definition;
  const model = venue.model ?? run.venue.model;
  const plain = {
    ...definition,
    flow: { ...flow, approval: "none" },
    venue: { ...venue, model },
    score: { ...score, steps: score.steps.map(withoutApproval) },
  };
  return JSON.stringify(plain, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function withoutApproval(node: PlanNode): PlanNode {
  switch (node.kind) {
    case "step":
      return { ...node, approval: "none" };
    case "loop":
      return { ...node, body: node.body.map(withoutApproval) };
    case "parallel":
      return { ...node, branches: node.branches.map(withoutApproval) };
  }
}

/** Before a session goes on: when its files have changed since, a person says which of the two is meant. */
export async function mayResume(
  index: ProjectIndex,
  sessions: SessionRegistry,
  controller: SessionController,
): Promise<boolean> {
  const now = await changedDefinition(index, controller);
  const [active] = activeRuns(controller.state.score);
  if (now === undefined || active === undefined) return true;
  const { key } = active.run;
  const goOn = { label: "Go on as Recorded", detail: "With the files as they were when the session began" };
  const fork = {
    label: "Fork with the New Definition",
    detail: `A new session from ${key} on; what stands before it is shared and costs no model call`,
  };
  const answer = await vscode.window.showQuickPick([goOn, fork], {
    title: `The files of ${controller.view.flow} have changed since the session began`,
    placeHolder: "Which of the two should run?",
    ignoreFocusOut: true,
  });
  if (answer === fork) await startFork(sessions, controller, key, () => now);
  return answer === goOn;
}
